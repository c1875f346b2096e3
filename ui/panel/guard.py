"""Nobody sees a page without a session: whoever has none is led to the sign-in, before Streamlit is asked.

And nobody sends anything from another origin: a cookie of 127.0.0.1 comes along from every port of it.
"""

from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.panel.session_cookie import SESSION_COOKIE

__all__ = ["Guard"]

_OPEN = ("/health", "/login", "/logout", "/favicon.png", "/manifest.json", "/_stcore/health")
_OPEN_BELOW = ("/static/", "/plots/")
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
    app : ASGI application
        What is guarded.
    public_url : str, optional
        Where people find it behind a proxy.
    """

    def __init__(self, app: ASGIApp, public_url: str | None = None) -> None:
        self._application = app
        self._public = None if public_url is None else urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._application(scope, receive, send)
        elif self._is_foreign(scope):
            await _end(scope, receive, send, PlainTextResponse("this comes from another origin", 403))
        elif _is_open(scope) or _has_session(scope):
            await self._application(scope, receive, _with_headers(send))
        else:
            await _end(scope, receive, send, _to_sign_in(scope))

    def _is_foreign(self, scope: Scope) -> bool:
        """Tell whether something is sent, or a stream is opened, from a page that is none of ours."""
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            return False
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        return origin is not None and urlsplit(origin).netloc not in {headers.get("host"), self._public}


async def _end(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": "not here"})
    else:
        await response(scope, receive, _with_headers(send))


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def _has_session(scope: Scope) -> bool:
    return SESSION_COOKIE in cookie_parser(Headers(scope=scope).get("cookie", ""))


def _to_sign_in(scope: Scope) -> Response:
    if scope["type"] == "websocket":
        return PlainTextResponse("sign in first", 401)
    request = Request(scope)
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
