"""The messages of the push: what clients may say, and how the server's words look on the wire."""

import json
from dataclasses import dataclass, field
from typing import Any

from websockets.frames import Frame, Opcode

from cluster.json_output import dumps

__all__ = [
    "EVENT_TYPES",
    "Authenticate",
    "MessageError",
    "Ping",
    "Request",
    "Subscribe",
    "Unsubscribe",
    "frame",
    "read_request",
]

EVENT_TYPES = ("strategy_update", "evolution_log", "system_metrics", "trade", "signal", "arbitrage", "alert")
_LONGEST_QUOTE = 60


class MessageError(ValueError):
    """A client said something that is no message; `code` is for programs, the text for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Authenticate:
    """A client shows its token."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A client wants events of these types."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A client wants no more events of these types."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    """A client wants an answer; it comes after everything that was due before."""


Request = Authenticate | Subscribe | Unsubscribe | Ping


def read_request(message: str | bytes) -> Request:
    """Read what a client says.

    Parameters
    ----------
    message : str or bytes
        A message; only text is understood.

    Returns
    -------
    Request
        What it means.

    Raises
    ------
    MessageError
        If it means nothing.
    """
    if not isinstance(message, str):
        raise MessageError("bad_message", "a message must be text, was binary")
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        raise MessageError("bad_json", f"a message must be JSON, was {_quoted(message)}") from None
    if not isinstance(value, dict):
        raise MessageError("bad_message", f'a message must be an object with a "type", was {_quoted(message)}')
    kind = value.get("type")
    if kind == "ping":
        return Ping()
    if kind == "auth":
        token = value.get("token")
        if not isinstance(token, str):
            raise MessageError("bad_message", "auth needs a token, a string")
        return Authenticate(token)
    if kind in ("subscribe", "unsubscribe"):
        types = _event_types(value.get("types"), kind)
        return Subscribe(types) if kind == "subscribe" else Unsubscribe(types)
    raise MessageError(
        "unknown_message", f"a message's type must be auth, subscribe, unsubscribe or ping, was {_quoted(str(kind))}"
    )


def _event_types(value: Any, kind: str) -> tuple[str, ...]:
    """Read the types of a subscription.

    Parameters
    ----------
    value : Any
        What stands there.
    kind : str
        The message's type, for messages.

    Returns
    -------
    tuple of str
        Known types, each once.

    Raises
    ------
    MessageError
        If it is not a list of known types.
    """
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise MessageError("bad_message", f"{kind} needs types, a list of one or more of {', '.join(EVENT_TYPES)}")
    for each in value:
        if each not in EVENT_TYPES:
            raise MessageError("unknown_type", f"types must be of {', '.join(EVENT_TYPES)}, was {_quoted(each)}")
    return tuple(dict.fromkeys(value))


def _quoted(text: str) -> str:
    return json.dumps(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}...")


def frame(message: dict[str, Any]) -> bytes:
    """Return a message as it goes over the wire: the same bytes to every client, so it is made once.

    A server does not mask its frames, and we do not compress them: whoever shares bytes among a thousand clients must
    not have a state of compression for each.

    Parameters
    ----------
    message : dict
        What to say.

    Returns
    -------
    bytes
        A whole WebSocket text frame.
    """
    return Frame(Opcode.TEXT, dumps(message).encode()).serialize(mask=False)
