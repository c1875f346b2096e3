"""What Serve's proxy answers by itself, as problem+json: nobody behind it was there to do so.

The application answers every refusal with problem+json. The proxy in front of it has words of its own, in plain text:
404 before anything is deployed, 503 while no replica runs or too many requests wait, 408 after its patience, and
nothing at all when a replica dies over a request. Serve calls `middlewares` in the proxy's process, which is why this
module imports little.
"""

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.middleware import Middleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ProxyAnswers", "middlewares"]

_MEDIA_TYPE = b"application/problem+json"
_RETRY_AFTER_S = 2
_SAID = {
    404: (503, "starting", "the API is not deployed yet: ask again in a moment"),
    408: (504, "timeout", "the answer took too long: ask again, or ask for less"),
    503: (503, "unavailable", "no part of the API is free for this request: ask again in a moment"),
}
_LOST = (502, "lost", "the part of the API that worked on this request is gone: look whether it was done, ask again")


class ProxyAnswers:
    """Says what the proxy says in plain text as problem+json; every other answer passes through as it is.

    Parameters
    ----------
    app : ASGIApp
        The proxy.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request, as ASGI says.

        Parameters
        ----------
        scope, receive, send
            Of ASGI.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False
        instead: list[Message] = []

        async def speak(message: "Message") -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                instead.extend(_instead_of(message))
            if not instead:
                await send(message)
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                for ours in instead:
                    await send(ours)

        await self._app(scope, receive, speak)
        if not begun:
            for message in _problem(*_LOST):
                await send(message)


def middlewares() -> list[Middleware]:
    """Return what Serve's proxy puts around itself.

    Returns
    -------
    list of Middleware
        One.
    """
    return [Middleware(ProxyAnswers)]


def _instead_of(start: "Message") -> "list[Message]":
    """Return the messages of a problem for an answer of the proxy's own; none for one of the application."""
    headers = {bytes(name).lower(): bytes(value) for name, value in start["headers"]}
    if start["status"] not in _SAID or not headers.get(b"content-type", b"").startswith(b"text/plain"):
        return []
    return _problem(*_SAID[start["status"]])


def _problem(status: int, code: str, detail: str) -> "list[Message]":
    words = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = json.dumps({**words, "code": code}).encode()
    headers = [(b"content-type", _MEDIA_TYPE), (b"content-length", str(len(body)).encode())]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(_RETRY_AFTER_S).encode()))
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    ]
