"""The push on a port of loopback, in a thread: stopped and started again, and told what happens."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from served_desk import PATIENCE_S, free_port

from cluster.access import Gate, Role, Tokens
from cluster.push import PushLimits, PushServer
from market import SystemClock


class Push:
    """A push server of a home; its numbers begin anew with each start. Without a gate it knows no sessions."""

    def __init__(self, home: Path, gate: Gate | None = None, **limits: Any) -> None:
        self._tokens = Tokens(home)
        self._gate = gate
        self._limits = PushLimits(**limits)
        self.token = self._tokens.path(Role.READ).read_text()
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Push":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        started = threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._over = asyncio.Event()
            gate = self._gate or Gate(self._tokens, SystemClock())
            self._server = PushServer(gate, port=self.port, limits=self._limits)
            await self._server.start()
            started.set()
            await self._over.wait()
            await self._server.stop()

        self._thread = threading.Thread(target=asyncio.run, args=(serve(),))
        self._thread.start()
        assert started.wait(PATIENCE_S)

    def stop(self) -> None:
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()
            self._thread = None

    def publish(self, kind: str, **data: Any) -> None:
        async def told() -> None:
            self._server.hub.publish(kind, data)

        asyncio.run_coroutine_threadsafe(told(), self._loop).result(PATIENCE_S)

    def cut(self) -> None:
        """Cut every connection, and leave the numbers as they are."""

        async def cut() -> None:
            for connection in self._server._doorman.open:
                connection.transport.abort()

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result(PATIENCE_S)
