"""What is on its way to one client: nothing while it reads, a bounded queue while it does not.

While the client keeps up, events are written as they come. Once the transport says that it has enough, they wait here;
the oldest are dropped when too many wait, and the client is told how many of which type before it gets the rest. No
task belongs to an outbox: the transport calls `resume` when the client has read.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cluster.push.messages import frame
from market.clock import Clock

__all__ = ["Event", "Outbox"]

_WRITE_BYTES = 32_768


@dataclass(frozen=True, slots=True)
class Event:
    """An event as all clients get it.

    Attributes
    ----------
    kind : str
        Its type.
    frame : bytes
        Its frame; all outboxes share one copy.
    """

    kind: str
    frame: bytes


class Outbox:
    """The queue of one client.

    Parameters
    ----------
    write : callable
        Writes bytes to the transport, which may call `pause` before it returns.
    clock : Clock
        The time.
    most_events, most_bytes : int
        How much may wait.
    """

    def __init__(self, write: Callable[[bytes], None], clock: Clock, most_events: int, most_bytes: int) -> None:
        self._write = write
        self._clock = clock
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._paused = False
        self._closed = False
        self._pumping = False
        self._replies: deque[bytes] = deque()
        self._states: deque[bytes] = deque()
        self._gaps: dict[str, int | None] = {}
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self.behind_since: float | None = None
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """How many events wait."""
        return len(self._events)

    def push(self, events: Sequence[Event], joined: bytes) -> None:
        """Send events, or let them wait.

        Parameters
        ----------
        events : sequence of Event
            What to send.
        joined : bytes
            Their frames in one piece.
        """
        if self._closed:
            return
        if self.behind_since is None:
            self._write(joined)
            return
        self._events.extend(events)
        self._bytes += len(joined)
        while len(self._events) > self._most_events or self._bytes > self._most_bytes:
            lost = self._events.popleft()
            self._bytes -= len(lost.frame)
            self.dropped += 1
            self._miss(lost.kind, 1)

    def states(self, chunks: Sequence[bytes]) -> None:
        """Send last states, before any event that comes from now on.

        Parameters
        ----------
        chunks : sequence of bytes
            Frames, in pieces that are written one at a time as the client reads.
        """
        self._states.extend(chunks)
        self._pump()

    def reply(self, message: dict[str, object]) -> None:
        """Send an answer.

        Parameters
        ----------
        message : dict
            What to say.
        """
        self._replies.append(frame(message))
        self._pump()

    def missed(self, kinds: Sequence[str], count: int | None = None) -> None:
        """Tell the client that it misses events.

        Parameters
        ----------
        kinds : sequence of str
            Of which types.
        count : int, optional
            How many of each; None if nobody knows.
        """
        for kind in kinds:
            self._miss(kind, count)
        self._pump()

    def pause(self) -> None:
        """Take note that the transport has enough."""
        self._paused = True
        if self.behind_since is None:
            self.behind_since = self._clock.monotonic()
            self._settled.clear()

    def resume(self) -> None:
        """Take note that the transport wants more."""
        self._paused = False
        self._pump()

    def close(self) -> None:
        """Forget everything: the client is gone."""
        self._closed = True
        for queue in (self._replies, self._states, self._events):
            queue.clear()
        self._gaps.clear()
        self._bytes = 0
        self.behind_since = None
        self._settled.set()

    async def settled(self) -> None:
        """Wait until the client has been sent everything, or is gone."""
        await self._settled.wait()

    def _miss(self, kind: str, count: int | None) -> None:
        """Add to a gap that the client is still to be told of."""
        before = self._gaps.get(kind, 0)
        self._gaps[kind] = None if before is None or count is None else before + count

    def _pump(self) -> None:
        """Write what waits for as long as the transport takes it."""
        if self._pumping:  # a write may resume the transport before it returns
            return
        self._pumping = True
        try:
            while not (self._paused or self._closed):
                piece = self._next_piece()
                if piece is None:
                    self.behind_since = None
                    self._settled.set()
                    return
                self._write(piece)
        finally:
            self._pumping = False

    def _next_piece(self) -> bytes | None:
        """Take what is to be written next: answers, last states, gaps, then the events that are left.

        Returns
        -------
        bytes or None
            One or more frames; None if nothing waits.
        """
        if self._replies:
            pieces = list(self._replies)
            self._replies.clear()
            return b"".join(pieces)
        if self._states:
            return self._states.popleft()
        if self._gaps:
            told = [{"type": "gap", "event_type": kind, "dropped": count} for kind, count in self._gaps.items()]
            self._gaps.clear()
            return b"".join(map(frame, told))
        size, pieces = 0, []
        while self._events and size < _WRITE_BYTES:
            pieces.append(self._events.popleft().frame)
            size += len(pieces[-1])
        self._bytes -= size
        return b"".join(pieces) or None
