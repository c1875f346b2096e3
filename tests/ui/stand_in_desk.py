"""A desk that answers every route over HTTP, and that can be emptied, broken, signed out and stopped."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from made_up_answers import MadeUp

TOKEN = "t" * 43
PASSWORD = "correct horse battery"
_TITLES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Unavailable",
}


@dataclass
class Asked:
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    key: str | None = None
    """Idempotency-Key of a write."""


@dataclass
class StandInDesk:
    """The desk; `url` stays the same when it is stopped and started again."""

    answers: MadeUp
    full: bool = True
    refusal: int | None = None
    refusal_code: str = "wrong_password"
    """Of a sign-in that is refused."""
    role: str = "operate"
    lose_next: bool = False
    """Whether the next write is done, and its answer lost."""
    asked: list[Asked] = field(default_factory=list)
    instead: dict[str, Callable[[Asked], Any]] = field(default_factory=dict)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def writes(self) -> list[Asked]:
        return [each for each in self.asked if each.method != "GET"]

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"desk": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(10.0)
            self._server = None

    def reset(self) -> None:
        self.full, self.refusal, self.role, self.lose_next = True, None, "operate", False
        self.refusal_code = "wrong_password"
        self.asked.clear()
        self.instead.clear()
        if self._server is None:
            self.start()

    def reply(self, asked: Asked, token: str) -> tuple[int, Any]:
        """Return status and body."""
        self.asked.append(asked)
        if asked.path == "/api/sessions":
            return self._session(asked)
        if token != TOKEN:
            return _problem(401, "unauthorized")
        if asked.path == "/api/sessions/current" and asked.method == "GET":
            return 200, {"role": self.role, "source": "session", "expires_at": 1_795_000_000_000}
        if self.refusal is not None:
            return _problem(self.refusal, "made_up")
        if asked.path in self.instead:
            return 200, self.instead[asked.path](asked)
        found = self.answers.answer(asked.method, asked.path, full=self.full)
        return _problem(404, "not_found") if found is None else found

    def _session(self, asked: Asked) -> tuple[int, Any]:
        if asked.body["password"] == PASSWORD:
            return 201, {"token": TOKEN, "role": asked.body["role"], "expires_at": 1_795_000_000_000}
        return _problem(self.refusal or 401, self.refusal_code)


class _Handler(BaseHTTPRequestHandler):
    desk: ClassVar[StandInDesk]
    protocol_version = "HTTP/1.0"

    def log_message(self, *words: object) -> None:
        pass

    def _any(self) -> None:
        address = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        key = self.headers.get("idempotency-key")
        asked = Asked(self.command, address.path, dict(parse_qsl(address.query)), body, key)
        status, answer = self.desk.reply(asked, token)
        if self.desk.lose_next and key is not None:
            self.desk.lose_next = False
            return
        shown = json.dumps(answer).encode() if answer is not None else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/problem+json" if status >= 400 else "application/json")
        self.send_header("Content-Length", str(len(shown)))
        self.end_headers()
        self.wfile.write(shown)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - the names of http.server


def _problem(status: int, code: str) -> tuple[int, dict[str, Any]]:
    return status, {
        "type": "about:blank",
        "title": _TITLES[status],
        "status": status,
        "detail": f"made up: {code}",
        "code": code,
    }
