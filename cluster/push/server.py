"""The push server: listens, admits, answers, and closes those who do not read."""

import asyncio
import contextlib
import logging
import secrets
import socket
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from cluster.access import Gate, ListenAddress, Role
from cluster.errors import SettingError
from cluster.push.connection import PushConnection
from cluster.push.doorman import Doorman
from cluster.push.hub import Hub, Subscriber
from cluster.push.limits import PushLimits
from cluster.push.messages import (
    EVENT_TYPES,
    Authenticate,
    MessageError,
    Ping,
    Subscribe,
    Unsubscribe,
    read_request,
)
from market.clock import Clock, SystemClock

__all__ = ["PushServer"]

_logger = logging.getLogger(__name__)
_wire = logging.getLogger(f"{__name__}.wire")  # what websockets would log of every frame has tokens in it
_wire.setLevel(logging.ERROR)

_SEND_BUFFER = 65_536  # what the kernel holds for a client that does not read
_RECEIVE_BUFFER = 16_384  # and what a client can make us read at once
_BACKLOG = 1_024
_MOST_COMPLAINTS = 20
_SWEEP_S = 1.0
_STOP_S = 2.0
_TOO_SLOW = 4408


class PushServer:
    """A WebSocket server; everything happens in the loop in which it was started.

    Parameters
    ----------
    gate : Gate
        Who is admitted.
    address : ListenAddress, optional
        Where to listen.
    port : int, optional
        Which port; 0 takes a free one.
    limits : PushLimits, optional
        Other limits than the usual ones.
    clock : Clock, optional
        The time.

    Attributes
    ----------
    hub : Hub
        Where events go in.
    """

    def __init__(
        self,
        gate: Gate,
        address: ListenAddress | None = None,
        port: int = 8765,
        *,
        limits: PushLimits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._address = ListenAddress() if address is None else address
        self._asked_port = port
        self._limits = PushLimits() if limits is None else limits
        self._clock = SystemClock() if clock is None else clock
        self._instance = secrets.token_hex(8)
        self._version = _installed_version()
        self._server: Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._doorman = Doorman(gate, self._limits)
        self._closed_slow = 0
        self.hub = Hub(self._clock)

    @property
    def port(self) -> int:
        """The port, once started."""
        assert self._server is not None
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def url(self) -> str:
        """The address for clients, once started."""
        return f"{'ws' if self._address.certificate is None else 'wss'}://{self._address.url_host}:{self.port}/"

    async def start(self) -> None:
        """Listen, unless the port is taken or the certificate cannot be used (`SettingError`)."""
        tls = self._address.tls()
        limits = self._limits
        connection = partial(
            PushConnection, clock=self._clock, limits=limits, made=self._doorman.meet, lost=self._doorman.forget
        )
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(self._listener())
            self._server = await serve(
                self._converse,
                sock=listener,
                ssl=tls,
                backlog=_BACKLOG,
                compression=None,
                create_connection=cast(type[ServerConnection], connection),
                process_request=self._doorman.receive,
                server_header=None,
                open_timeout=limits.auth_s,
                close_timeout=limits.close_s,
                ping_interval=limits.heartbeat_s,
                ping_timeout=limits.heartbeat_s,
                max_size=limits.message_bytes,
                max_queue=4,
                write_limit=_SEND_BUFFER,
                logger=_wire,
            )
            undo.pop_all()
        self._sweeper = asyncio.create_task(self._sweep())
        _logger.info("the push listens at %s", self.url)

    async def stop(self) -> None:
        """Close every connection and the port, in at most three seconds."""
        if self._server is None:
            return
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in self._doorman.open:
            if self._doorman.role(connection) is None or connection.outbox.behind_since is not None:
                connection.cut()  # it would not read a farewell
        self._server.close(code=1001, reason="the push ends")
        try:
            async with asyncio.timeout(_STOP_S):
                await self._server.wait_closed()
        except TimeoutError:
            for connection in self._doorman.open:
                connection.cut()
        _logger.info("the push has ended")

    def status(self) -> dict[str, Any]:
        """Return what there is to know about the server.

        Returns
        -------
        dict
            Connections, queue lengths and counters since the start.
        """
        outboxes = [connection.outbox for connection in self._doorman.open]
        return {
            **self._doorman.status(),
            "behind": sum(outbox.behind_since is not None for outbox in outboxes),
            "queued": sum(outbox.waiting for outbox in outboxes),
            "events": self.hub.events,
            "deliveries": self.hub.deliveries,
            "closed_slow": self._closed_slow,
        }

    def _listener(self) -> socket.socket:
        """Return the socket to listen on.

        Returns
        -------
        socket
            Bound, with small buffers, which connections inherit.

        Raises
        ------
        SettingError
            If the port is taken, or the address is not of this machine.
        """
        host, port = self._address.host, self._asked_port
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            raise SettingError(
                f"EVOQ_WS_PORT must be a free port of EVOQ_BIND, {self._address.url_host}:{port} is not"
                f" ({error.strerror}): set another one, or end what listens there"
            ) from error
        return listener

    async def _converse(self, opened: ServerConnection) -> None:
        """Talk with a client until it is gone.

        Parameters
        ----------
        opened : ServerConnection
            Its connection.
        """
        connection = cast(PushConnection, opened)
        with contextlib.suppress(ConnectionClosed):
            role = await self._doorman.authenticate(connection)
            if role is not None:
                connection.outbox.reply(self._hello(role))
                await self._answer(connection)

    def _hello(self, role: Role) -> dict[str, Any]:
        """Return the first message to an admitted client.

        Parameters
        ----------
        role : Role
            What the client may do.

        Returns
        -------
        dict
            What it may ask for, and where the numbers of events stand; they begin anew with each `instance`.
        """
        return {
            "type": "hello",
            "ts": self._clock.now_ms(),
            "version": self._version,
            "instance": self._instance,
            "role": role.value,
            "types": list(EVENT_TYPES),
            "seq": self.hub.numbers,
            "heartbeat_s": self._limits.heartbeat_s,
        }

    async def _answer(self, connection: PushConnection) -> None:
        """Answer what an admitted client says.

        Parameters
        ----------
        connection : PushConnection
            The client.
        """
        subscriber = Subscriber(connection.outbox)
        complaints = 0
        try:
            async for message in connection:
                await connection.outbox.settled()  # one who does not read is not listened to either
                try:
                    request = read_request(message)
                except MessageError as error:
                    complaints += 1
                    connection.outbox.reply({"type": "error", "code": error.code, "detail": str(error)})
                    if complaints >= _MOST_COMPLAINTS:
                        await connection.close(1008, "too many messages could not be read")
                    continue
                match request:
                    case Subscribe(types):
                        self.hub.subscribe(subscriber, types)
                    case Unsubscribe(types):
                        self.hub.unsubscribe(subscriber, types)
                    case Ping():
                        self.hub.flush()
                        connection.outbox.reply({"type": "pong", "ts": self._clock.now_ms()})
                    case Authenticate():
                        detail = "this connection is authenticated already"
                        connection.outbox.reply({"type": "error", "code": "already_authenticated", "detail": detail})
        finally:
            self.hub.unsubscribe(subscriber, EVENT_TYPES)

    async def _sweep(self) -> None:
        """Close those who have been behind for too long, and those whose session has ended, again and again."""
        looked_at = self._clock.monotonic()
        while True:
            await self._clock.wait(_SWEEP_S)
            if self._clock.monotonic() - looked_at >= self._limits.session_s:
                looked_at = self._clock.monotonic()
                await self._doorman.see_out()
            late = self._clock.monotonic() - self._limits.slow_s
            for connection in self._doorman.open:
                since = connection.outbox.behind_since
                if since is not None and since <= late:
                    self._closed_slow += 1
                    connection.fail(_TOO_SLOW, "too slow")  # it can hardly be told


def _installed_version() -> str | None:
    try:
        return version("evoq")
    except PackageNotFoundError:  # a worker of Ray may run a checkout that is not installed
        return None
