"""What happens in a desk, as it happens: its push as an iterator that connects again by itself.

Events of one type are numbered without holes. What was missed while there was no connection is told by a `Gap`, and the
last states that the desk sends to whoever subscribes are passed on only where they are news.
"""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ui.destination import Destination
from ui.errors import AnswerError, ClientError, InvalidValueError, UnavailableError
from ui.page import Milliseconds
from ui.transport import refusal_of

__all__ = ["Event", "EventStream", "Gap"]

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 10.0
_OPEN_S = 10.0
_CLOSE_S = 1.0
_LARGEST_BYTES = 2**20

_wire = logging.getLogger("evoq.ui.push")
_wire.setLevel(logging.INFO)  # below that the library writes down every header, and one of them is the token


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes
    ----------
    type : str
        strategy_update, evolution_log, system_metrics, alert, and others to come.
    ts : int
        When, ms UTC.
    seq : int
        Its number among those of its type.
    data : mapping
        What happened.
    """

    type: str
    ts: Milliseconds
    seq: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """Events of a type that were missed: at most so many, or None if nobody knows. The HTTP API has the present."""

    type: str
    dropped: int | None


class EventStream:
    """Events of some types, for ever; a context manager, and one thread's iterator that any thread may close.

    Parameters
    ----------
    destination : Destination
        Which desk.
    types : iterable of str, optional
        Which events; all by default.
    patience_s : float
        How long to try to connect, at first and again, before giving up; `math.inf` never does.
    """

    def __init__(self, destination: Destination, types: Iterable[str] | None = None, patience_s: float = 60.0) -> None:
        self._destination = destination
        self._wanted = None if types is None else tuple(dict.fromkeys([types] if isinstance(types, str) else types))
        if self._wanted == ():
            raise InvalidValueError("types must name one or more types of events, named none")
        self._patience_s = patience_s
        self._tls = destination.tls()
        self._closed = threading.Event()
        self._connection: ClientConnection | None = None
        self._waiting: deque[Event | Gap] = deque()
        self._instance: object = None
        self._seen: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._lost_at: float | None = None
        self._retry_at = 0.0
        self._wait_s = _FIRST_WAIT_S

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event | Gap:
        while not self._closed.is_set():
            found = self.next(_LONGEST_WAIT_S)
            if found is not None:
                return found
        raise StopIteration

    def __repr__(self) -> str:
        return f"EventStream({self._destination.push_url!r}, types={self._wanted})"

    def close(self) -> None:
        """End it: iterating stops."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            connection.close()

    def next(self, timeout_s: float) -> Event | Gap | None:
        """Return what happens next.

        Parameters
        ----------
        timeout_s : float
            How long to wait for it.

        Returns
        -------
        Event, Gap or None
            None where nothing happened in that time, or the stream is closed.
        """
        deadline = time.monotonic() + timeout_s
        while not self._waiting:
            if self._closed.is_set():
                return None
            connection = self._connection
            if connection is None:
                if not self._connect(deadline):
                    return None
                continue
            try:
                self._take(connection.recv(timeout=max(deadline - time.monotonic(), 0.0)))
            except TimeoutError:
                return None
            except ConnectionClosed:
                self._connection = None
        return self._waiting.popleft()

    def _connect(self, deadline: float) -> bool:
        """Connect, at the earliest when it is time to try again; tell whether the time was enough."""
        now = time.monotonic()
        self._lost_at = now if self._lost_at is None else self._lost_at
        if self._retry_at > now:
            self._closed.wait(min(self._retry_at, deadline) - now)
            if self._closed.is_set() or self._retry_at > time.monotonic():
                return False
        try:
            self._open()
        except (OSError, EOFError, InvalidHandshake, ConnectionClosed) as error:  # TimeoutError is an OSError
            refusal = _refusal(error, self._destination.push_url)
            now = time.monotonic()
            if not isinstance(refusal, UnavailableError) or now - self._lost_at >= self._patience_s:
                raise refusal from None  # its cause may hold the request, and the request holds the token
            self._retry_at = now + max(self._wait_s, refusal.retry_after_s or 0.0)
            self._wait_s = min(2.0 * self._wait_s, _LONGEST_WAIT_S)
            return time.monotonic() < deadline
        self._lost_at, self._retry_at, self._wait_s = None, 0.0, _FIRST_WAIT_S
        return True

    def _open(self) -> None:
        """Connect, note where the numbers stand, and subscribe."""
        connection = connect(
            self._destination.push_url,
            ssl=self._tls if self._destination.push_url.startswith("wss:") else None,
            additional_headers={"Authorization": f"Bearer {self._destination.token}"},
            compression=None,
            proxy=None,
            open_timeout=_OPEN_S,
            close_timeout=_CLOSE_S,
            max_size=_LARGEST_BYTES,
            logger=_wire,
            legacy=True,  # closed by hand: it outlives the call that opens it
        )
        try:
            hello = _message(connection.recv(timeout=_OPEN_S))
            types = self._types(hello)
            self._greet(hello, types)
            connection.send(json.dumps({"type": "subscribe", "types": list(types)}))
        except BaseException:  # an interrupt too: nobody else knows of it yet
            connection.close()
            raise
        self._connection = connection
        if self._closed.is_set():  # somebody has closed the stream meanwhile
            connection.close()

    def _types(self, hello: Mapping[str, Any]) -> tuple[str, ...]:
        known = hello.get("types")
        if hello.get("type") != "hello" or not isinstance(known, list) or not isinstance(hello.get("seq"), dict):
            raise AnswerError(f"{self._destination.push_url} does not greet as the push of a desk does")
        for name in self._wanted or ():
            if name not in known:
                raise InvalidValueError(f"types must be of {', '.join(known)}, was {name!r}")
        return tuple(known) if self._wanted is None else self._wanted

    def _greet(self, hello: Mapping[str, Any], types: tuple[str, ...]) -> None:
        """Note where the numbers stand, and what was missed."""
        numbers: dict[str, int] = {name: int(hello["seq"].get(name, 0)) for name in types}
        if self._instance is None:
            self._known = {}
        elif self._instance != hello.get("instance"):
            self._waiting.extend(Gap(name, None) for name in types)
            self._known = {}
        else:
            self._known = {name: self._seen[name] for name in types}
            missed = {name: numbers[name] - self._known[name] for name in types}
            self._waiting.extend(Gap(name, count) for name, count in missed.items() if count > 0)
        self._instance = hello.get("instance")
        self._seen = numbers

    def _take(self, text: str | bytes) -> None:
        message = _message(text)
        kind = message.get("type")
        if kind == "gap":
            self._waiting.append(Gap(str(message.get("event_type")), message.get("dropped")))
        elif kind == "error":
            raise AnswerError(f"the push refused the subscription: {message.get('detail')}", code=message.get("code"))
        elif kind in self._seen:
            try:
                event = Event(kind, message["ts"], int(message["seq"]), message["data"])
            except (KeyError, TypeError, ValueError):
                raise AnswerError(f"an event must have ts, seq and data, one of type {kind} has not") from None
            self._seen[kind] = max(self._seen[kind], event.seq)
            if event.seq > self._known.get(kind, 0):
                self._waiting.append(event)


def _message(text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AnswerError("a message of the push must be a JSON object, was none")
    return found


def _refusal(error: Exception, url: str) -> ClientError:
    if isinstance(error, InvalidStatus):
        response = error.response
        return refusal_of(response.status_code, response.headers, bytes(response.body or b""), url)
    reason = " ".join(str(error).split()) or type(error).__name__
    return UnavailableError(f"no push answers at {url} ({reason}): start the desk with `evoq up`")
