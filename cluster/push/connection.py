"""One WebSocket connection of the push: its outbox, and a budget of what it may send us."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import Server, ServerConnection
from websockets.frames import CloseCode
from websockets.protocol import State
from websockets.server import ServerProtocol

from cluster.push.limits import PushLimits
from cluster.push.outbox import Outbox
from market.clock import Clock

__all__ = ["PushConnection"]

_FORGET = struct.pack("ii", 1, 0)  # linger for 0 s


class PushConnection(ServerConnection):
    """A connection that is written to without waiting.

    Parameters
    ----------
    protocol : ServerProtocol
        What websockets knows of it.
    server : Server
        The server it belongs to.
    clock : Clock
        The time.
    limits : PushLimits
        What it may send, and what may wait for it.
    made, lost : callable
        Called with the connection when it is there, and when it is gone.
    **options : Any
        What websockets passes on.
    """

    def __init__(
        self,
        protocol: ServerProtocol,
        server: Server,
        *,
        clock: Clock,
        limits: PushLimits,
        made: Callable[["PushConnection"], None],
        lost: Callable[["PushConnection"], None],
        **options: Any,
    ) -> None:
        super().__init__(protocol, server, **options)
        self._clock = clock
        self._limits = limits
        self._made, self._lost = made, lost
        self._ending = False
        self._budget = float(limits.burst_bytes)
        self._budget_at = clock.monotonic()
        self.outbox = Outbox(self._write, clock, limits.queue_events, limits.queue_bytes)

    @property
    def peer(self) -> str:
        """The IP address at the other end."""
        address = self.transport.get_extra_info("peername")
        return str(address[0]) if address else "unknown"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the client.

        Parameters
        ----------
        transport : BaseTransport
            The way to it.
        """
        super().connection_made(transport)
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Read what the client sent, and close it if that is too much: others wait meanwhile.

        Parameters
        ----------
        data : bytes
            What came.
        """
        if self._ending:
            return
        handshake = self.request is None
        super().data_received(data)
        if handshake:
            return
        now = self._clock.monotonic()
        refilled = self._budget + (now - self._budget_at) * self._limits.steady_bytes_per_s
        self._budget = min(refilled, float(self._limits.burst_bytes)) - len(data)
        self._budget_at = now
        if self._budget < 0 and self.protocol.state is State.OPEN:
            self.fail(CloseCode.POLICY_VIOLATION, "too much was sent")
        elif self.protocol.state is State.CLOSING:
            self._end_soon()

    def fail(self, code: int, reason: str) -> None:
        """Close without waiting for the client, and without listening to it any more.

        Parameters
        ----------
        code : int
            The WebSocket close code.
        reason : str
            A few words.
        """
        self._ending = True
        self.outbox.close()
        if self.protocol.state is State.OPEN:
            self.protocol.fail(code, reason)
            self.send_data()
        self._end_soon()

    def _end_soon(self) -> None:
        """Cut the connection shortly, whatever is still in the buffers: websockets would wait for them."""
        self.loop.call_later(self._limits.close_s, self.cut)

    def cut(self) -> None:
        """Cut the connection at once.

        What the client has not read is forgotten by the kernel too; else it would be kept, and the client left in the
        dark, until the kernel loses patience minutes later.
        """
        connected = self.transport.get_extra_info("socket")
        if connected is not None and not self.connection_lost_waiter.done():
            with suppress(OSError):
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _FORGET)
        self.transport.abort()

    def pause_writing(self) -> None:
        """Let events wait: the client does not read."""
        super().pause_writing()
        self.outbox.pause()

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self.outbox.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client.

        Parameters
        ----------
        exc : Exception or None
            Why it is gone.
        """
        super().connection_lost(exc)
        self.outbox.close()
        self._lost(self)

    def _write(self, frames: bytes) -> None:
        """Write whole frames.

        Parameters
        ----------
        frames : bytes
            Text frames, made by `cluster.push.messages.frame`.
        """
        if self.protocol.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(frames)
