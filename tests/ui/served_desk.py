"""The HTTP API on a port of loopback, in a thread; and servers that behave badly."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

import ui

PATIENCE_S = 20.0
WS = "websockets-sansio"  # the implementation that is not deprecated


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """Serves a desk of `api_desk.py`; stopped and started again on the same port."""

    def __init__(self, desk: Any, **changes: object) -> None:
        self._desk = desk
        self._changes = changes
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: uvicorn.Server | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        application = self._desk.application(**self._changes)
        settings = uvicorn.Config(application, "127.0.0.1", self.port, log_level="critical", ws=WS, lifespan="auto")
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        until = time.monotonic() + PATIENCE_S
        while not self._server.started:
            assert self._thread.is_alive()
            assert time.monotonic() < until
            time.sleep(0.01)  # uvicorn has nothing to wait for that says it has started

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()
            self._server = None

    def client(self, role: str = "operate", **options: Any) -> ui.Client:
        return ui.connect(self.url, self._desk.tokens[role], **options)


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Listen, note what is asked, and let `answer` deal with each connection."""
    requests: list[bytes] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(PATIENCE_S)
                    requests.append(connection.recv(65_536))
                    try:
                        answer(connection)
                    except OSError:  # the client has gone
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
        finally:
            over.set()
            thread.join(PATIENCE_S)


def http_answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
