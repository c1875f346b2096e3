"""What every group of calls is made of: an answer read as a frozen value, a page of a list, a write with its key."""

import functools
import uuid
from collections.abc import Hashable
from typing import Any, TypeVar, cast

import httpx
from pydantic import TypeAdapter, ValidationError

from ui.destination import Destination
from ui.errors import AnswerError
from ui.page import Page
from ui.queries import span
from ui.transport import Reply, Transport

__all__ = ["Calls", "Q", "decoded", "without_none"]

Answer = TypeVar("Answer")
Item = TypeVar("Item")

Q = "/api/quantitative"


class Calls:
    """Calls to one desk.

    Parameters
    ----------
    destination : Destination
        Which desk.
    patience_s : float
        How long a call may take, retries included.
    http : httpx.BaseTransport, optional
        What carries requests, for tests; by default the network.
    """

    def __init__(
        self, destination: Destination, *, patience_s: float = 30.0, http: httpx.BaseTransport | None = None
    ) -> None:
        self._destination = destination
        self._patience_s = patience_s
        self._transport = Transport(destination, patience_s=patience_s, http=http)

    @property
    def url(self) -> str:
        """Of the HTTP API."""
        return self._destination.url

    def _read(self, kind: type[Answer], path: str, parameters: dict[str, Any] | None = None) -> Answer:
        return decoded(kind, self._transport.read(path, parameters), path)

    def _page(self, kind: type[Item], path: str, asked: dict[str, Any]) -> Page[Item]:
        when = span(asked.pop("since", None), asked.pop("until", None))
        return self._read(cast("type[Page[Item]]", Page[kind]), path, asked | when)  # type: ignore[valid-type]

    def _write(
        self,
        kind: type[Answer],
        method: str,
        path: str,
        body: object,
        key: str | None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        key = uuid.uuid4().hex if key is None else key
        return decoded(kind, self._transport.write(method, path, body, key, headers), path)


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def decoded(kind: type[Answer], reply: Reply, path: str) -> Answer:
    """Return an answer as a value; fields that this client does not know are left out.

    Parameters
    ----------
    kind : type
        A dataclass.
    reply : Reply
        What the desk has answered.
    path : str
        To what, for the message.

    Returns
    -------
    object
        An instance of `kind`.

    Raises
    ------
    AnswerError
        If the answer is of another form.
    """
    try:
        return cast(Answer, _adapter(cast(Hashable, kind)).validate_json(reply.body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise AnswerError(
            f"the answer of {path} is not what this client expects ({place}: {first['msg']}): is the desk of another"
            " version?",
            status=reply.status,
        ) from None


def without_none(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without what is absent.

    Parameters
    ----------
    body : dict
        By name.

    Returns
    -------
    dict
        What is not None.
    """
    return {name: value for name, value in body.items() if value is not None}
