"""Clients that read: as little Python as possible between the socket and the clock, hundreds to a process."""

import asyncio
import re
import time
from array import array
from collections import deque
from multiprocessing.connection import Connection

import uvloop
from push_load.traffic import TYPES
from websockets.frames import Frame, Opcode

__all__ = ["handshake", "read"]

_EVENT = re.compile(rb'\{"type": "(\w+)", "ts": \d+, "seq": (\d+), "data": .*"sent_ns": (\d+)')
_GAP = b'{"type": "gap"'
_AT_ONCE = 32
_QUIET_S = 0.05
_SLICE = 100


def handshake(port: int, token: str) -> bytes:
    """Return what a client says first: the request, and what it wants to hear of."""
    request = (
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    )
    types = ", ".join(f'"{kind}"' for kind in TYPES)
    wanted = f'{{"type": "subscribe", "types": [{types}]}}'.encode()
    return request.encode() + Frame(Opcode.TEXT, wanted).serialize(mask=True)


Arrived = deque[tuple["Reader", int, bytes]]
"""What came, to whom and when (ns), and is not looked into yet."""


class Reader(asyncio.Protocol):
    """One client. What it reads is only stamped when it arrives: looking into it would hold up its neighbours."""

    def __init__(self, hello: bytes, arrived: Arrived, ages_ms: array) -> None:
        self._hello = hello
        self._arrived = arrived
        self._ages_ms = ages_ms
        self._data = bytearray()
        self._numbers: dict[bytes, int] = {}
        self.ready = asyncio.get_running_loop().create_future()
        self.gaps = 0
        self.holes = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for events."""
        self._transport = transport
        transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the server has cut the connection."""
        self.lost = True

    def data_received(self, data: bytes) -> None:
        """Put what came aside."""
        self._arrived.append((self, time.monotonic_ns(), data))

    def look(self, now: int, data: bytes) -> None:
        """Look into what came."""
        self._data += data
        if not self.ready.done():
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self.ready.set_result(None)
            self._data = rest
        at, size = 0, len(self._data)
        while size - at >= 2:
            opcode, length, start = self._data[at] & 15, self._data[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, start = int.from_bytes(self._data[at + 2 : at + 4], "big"), at + 4
            if size < start + length:
                break
            at = start + length
            self._take(opcode, bytes(self._data[start:at]), now)
        del self._data[:at]

    def _take(self, opcode: int, payload: bytes, now: int) -> None:
        if opcode == Opcode.PING:
            self._transport.write(Frame(Opcode.PONG, payload).serialize(mask=True))
            return
        found = _EVENT.match(payload)
        if found is None:
            self.gaps += payload.startswith(_GAP)
            return
        kind, number, sent = found.group(1), int(found.group(2)), int(found.group(3))
        self.holes += number != self._numbers.get(kind, number - 1) + 1
        self._numbers[kind] = number
        self._ages_ms.append((now - sent) / 1e6)


async def _look(arrived: Arrived) -> None:
    """Look into what came when nothing has come for a while, or when it has waited for a second."""
    while True:
        await asyncio.sleep(_QUIET_S / 2)
        while arrived:
            now = time.monotonic_ns()
            if now - arrived[-1][1] < _QUIET_S * 1e9 and now - arrived[0][1] < 1e9:
                break
            for _ in range(min(len(arrived), _SLICE)):
                reader, at, data = arrived.popleft()
                reader.look(at, data)
            await asyncio.sleep(0)


async def _read(count: int, port: int, token: str, pipe: Connection) -> None:
    ages_ms, arrived = array("f"), Arrived()
    hello = handshake(port, token)
    loop = asyncio.get_running_loop()
    readers: list[Reader] = []
    turn = asyncio.Semaphore(_AT_ONCE)
    looking = asyncio.create_task(_look(arrived))

    async def join() -> None:
        async with turn:
            _, reader = await loop.create_connection(lambda: Reader(hello, arrived, ages_ms), "127.0.0.1", port)
            await reader.ready
            readers.append(reader)

    await asyncio.gather(*(join() for _ in range(count)))
    pipe.send("ready")
    await loop.run_in_executor(None, pipe.recv)
    looking.cancel()
    for reader, at, data in arrived:
        reader.look(at, data)
    lost = sum(reader.lost for reader in readers)
    pipe.send((ages_ms.tobytes(), sum(each.gaps for each in readers), sum(each.holes for each in readers), lost))


def read(count: int, port: int, token: str, pipe: Connection) -> None:
    """Run clients until the pipe says so; then say what they saw.

    Parameters
    ----------
    count : int
        How many.
    port : int
        Where the push is.
    token : str
        What it wants to see.
    pipe : Connection
        "ready" goes out when all are connected; after whatever comes in, (ages in ms as float32, gaps, holes in the
        numbers, connections lost).
    """
    uvloop.run(_read(count, port, token, pipe))
