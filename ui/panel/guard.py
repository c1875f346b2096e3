"""Nobody sees a page without a session: whoever has none is led to the sign-in, before Streamlit is asked."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.panel.session_cookie import SESSION_COOKIE

__all__ = ["Guard"]

_OPEN = ("/health", "/login", "/logout", "/favicon.png", "/manifest.json", "/_stcore/health")
_OPEN_BELOW = ("/static/",)
_COME_AGAIN = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0"><title>Evoq</title>'
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'; object-src 'none'; base-uri 'self'; form-action 'self'",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Middleware in front of everything. Whether a session is valid is the desk's to say, with every request to it.

    Parameters
    ----------
    application : ASGI application
        What is guarded.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] not in {"http", "websocket"} or _is_open(scope) or _has_session(scope):
            await self._application(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "sign in first"})
        else:
            await _refusal(Request(scope))(scope, receive, _with_headers(send))


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def _has_session(scope: Scope) -> bool:
    try:
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return False
    return SESSION_COOKIE in cookies


def _refusal(request: Request) -> Response:
    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if not wants_page:
        return PlainTextResponse("sign in first", 401)
    if request.headers.get("sec-fetch-site") == "cross-site":  # a link from elsewhere comes without our strict cookies
        return HTMLResponse(_COME_AGAIN)
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(asked, safe='/')}", 303)


def _with_headers(send: Send) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return add
