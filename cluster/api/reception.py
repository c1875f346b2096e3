"""The reception before every route: who calls, how often, how much is sent, and headers that every answer carries."""

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster.access import Gate
from cluster.api.caller import Caller
from cluster.api.problems import Problem, answer
from cluster.api.token_bucket import Rate, TokenBuckets

__all__ = ["SECURITY_HEADERS", "Reception"]

SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Reception:
    """ASGI middleware; a request that is refused here never reaches a route.

    Parameters
    ----------
    app : ASGI application
        What lies behind.
    gate : Gate
        Knows the tokens.
    buckets : TokenBuckets
        How often who has asked.
    with_token, without_token : Rate
        What callers with and without a valid token may ask.
    largest_body : int
        Most bytes of a body.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        gate: Gate,
        buckets: TokenBuckets,
        with_token: Rate,
        without_token: Rate,
        largest_body: int,
    ) -> None:
        self._app = app
        self._gate = gate
        self._buckets = buckets
        self._with_token = with_token
        self._without_token = without_token
        self._largest_body = largest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = _with_headers(send)
        try:
            body = await self._admit(scope, receive)
        except Problem as problem:
            await answer(problem)(scope, receive, guarded)
            return
        await self._app(scope, body, guarded)

    async def _admit(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        address = str((scope.get("client") or ("unknown", 0))[0])
        kind, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip() if kind.lower() == "bearer" else ""
        caller = Caller(address, await self._gate.admitted(token or None, address), token or None)
        scope.setdefault("state", {})["caller"] = caller
        rate = self._without_token if caller.role is None else self._with_token
        wait_s = self._buckets.take(address if caller.role is None else f"{caller.role}:{_digest(token)}", rate)
        if wait_s:
            raise Problem(429, "too_many_requests", f"ask again in {wait_s} s", {"Retry-After": str(wait_s)})
        return await self._bounded(headers, receive)

    async def _bounded(self, headers: Headers, receive: Receive) -> Receive:
        """Read the whole body, which is small or refused, and hand it on in one piece."""
        told = headers.get("content-length", "")
        if told.isascii() and told.isdigit() and int(told) > self._largest_body:
            raise self._too_large()
        if "transfer-encoding" not in headers and told in {"", "0"}:
            return receive
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return _replay(message, receive)
            part = message.get("body", b"")
            size, more = size + len(part), bool(message.get("more_body", False))
            if size > self._largest_body:
                raise self._too_large()
            parts.append(part)
        return _replay({"type": "http.request", "body": b"".join(parts), "more_body": False}, receive)

    def _too_large(self) -> Problem:
        return Problem(413, "body_too_large", f"a body must have at most {self._largest_body} bytes: send less")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def _replay(first: Message, receive: Receive) -> Receive:
    """Return a channel that gives a message again before those to come."""
    waiting = [first]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _with_headers(send: Send) -> Send:
    """Return a channel that adds the security headers to the answer."""

    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
