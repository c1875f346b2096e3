"""What tests of the push share: a server in the test's own loop and a client."""

import asyncio
import errno
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from cluster.access import Gate, Tokens
from cluster.push import CacheFeed, PushLimits, PushServer
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

    async def send_until_closed(self, message: str) -> int | None:
        """Send a message and read an answer, again and again, and return the code of closing."""
        with suppress(ConnectionClosed):
            while True:
                await self.connection.send(message)
                await self.next()
        return await self.closed()

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


@asynccontextmanager
async def fed(server: PushServer, url: str) -> AsyncIterator[CacheFeed]:
    """Let a cache feed a server."""
    feed = CacheFeed(url, server.hub, SystemClock())
    task = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(what: Any) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not what():
            await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


class DeafClient:
    """A connection that subscribes and never reads, until it is told to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        self.socket.setblocking(False)

    async def open(self, *types: str) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self._port))
        request = (
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: {bearer()['Authorization']}\r\n\r\n"
        )
        await loop.sock_sendall(self.socket, request.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += await loop.sock_recv(self.socket, 1)
        assert answer.startswith(b"HTTP/1.1 101")
        await self.send(json.dumps({"type": "subscribe", "types": list(types)}).encode())

    async def send(self, data: bytes, opcode: Opcode = Opcode.TEXT) -> None:
        frame = Frame(opcode, data).serialize(mask=True)
        await asyncio.get_running_loop().sock_sendall(self.socket, frame)

    async def read_all(self) -> list[dict[str, Any]]:
        """Read until nothing comes for a while or the connection ends, and return the messages."""
        received = bytearray()
        loop = asyncio.get_running_loop()
        try:
            while data := await asyncio.wait_for(loop.sock_recv(self.socket, 65_536), 0.5):
                received += data
        except (TimeoutError, ConnectionError):
            pass
        messages, at = [], 0
        while at + 4 <= len(received):
            opcode, size, at = received[at] & 15, received[at + 1], at + 2
            if size == 126:
                size, at = int.from_bytes(received[at : at + 2], "big"), at + 2
            if at + size > len(received):
                break
            if opcode == Opcode.TEXT:
                messages.append(json.loads(received[at : at + size]))
            at += size
        return messages

    def reset(self) -> bool:
        """Tell whether the server has cut the connection."""
        return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET

    async def flood(self, opcode: Opcode) -> None:
        """Send without end; the connection has to be cut."""
        while True:
            await self.send(b'{"type": "ping"}', opcode)
            await asyncio.sleep(0)

    def close(self) -> None:
        self.socket.close()


@asynccontextmanager
async def deaf_client(server: PushServer, *types: str) -> AsyncIterator[DeafClient]:
    client = DeafClient(server.port)
    try:
        await client.open(*types)
        yield client
    finally:
        client.close()
