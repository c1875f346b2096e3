"""The doorman of the push: counts who is there, looks at tokens, and turns away politely."""

import asyncio
from collections import Counter
from typing import Any, cast

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from cluster.access import Admission, Gate, Role
from cluster.push.connection import PushConnection
from cluster.push.limits import PushLimits
from cluster.push.messages import Authenticate, MessageError, read_request
from cluster.push.refusal import refusal

__all__ = ["Doorman"]

_REFUSALS_AT_ONCE = 256
_UNAUTHORIZED = 4401
_STATUSES = {"locked_out": 429, "unavailable": 503}
_CLOSINGS = {"locked_out": 4429, "unavailable": 1013}


class Doorman:
    """Knows every connection, and the role of those that are admitted.

    Parameters
    ----------
    gate : Gate
        Who is admitted.
    limits : PushLimits
        How many, and how long a token may take.
    """

    def __init__(self, gate: Gate, limits: PushLimits) -> None:
        self._gate = gate
        self._limits = limits
        self._open: dict[PushConnection, Role | None] = {}
        self._sessions: dict[PushConnection, str] = {}
        self._admitted = 0
        self._refused: Counter[str] = Counter()
        self._dropped = 0

    @property
    def open(self) -> tuple[PushConnection, ...]:
        """All connections."""
        return tuple(self._open)

    def role(self, connection: PushConnection) -> Role | None:
        """Return what a client may do.

        Parameters
        ----------
        connection : PushConnection
            The client.

        Returns
        -------
        Role or None
            None as long as it has not shown a token.
        """
        return self._open.get(connection)

    def status(self) -> dict[str, Any]:
        """Return what there is to know.

        Returns
        -------
        dict
            Who is there, who was refused, and what was dropped for those who did not read.
        """
        return {
            "clients": self._admitted,
            "unauthenticated": len(self._open) - self._admitted,
            "refused": dict(self._refused),
            "dropped": self._dropped + sum(connection.outbox.dropped for connection in self._open),
        }

    def meet(self, connection: PushConnection) -> None:
        """Take note of a new connection; far too many are cut without a word.

        Parameters
        ----------
        connection : PushConnection
            Which.
        """
        self._open[connection] = None
        if len(self._open) > self._limits.connections + _REFUSALS_AT_ONCE:
            self._refused["too_many_connections"] += 1
            connection.cut()

    def forget(self, connection: PushConnection) -> None:
        """Take note that a connection is gone.

        Parameters
        ----------
        connection : PushConnection
            Which.
        """
        if self._open.pop(connection, None) is not None:
            self._admitted -= 1
        self._sessions.pop(connection, None)
        self._dropped += connection.outbox.dropped

    async def receive(self, opened: ServerConnection, request: Request) -> Response | None:
        """Decide about a request: whom it may let in, before there is a WebSocket.

        Parameters
        ----------
        opened : ServerConnection
            The connection.
        request : Request
            What it asks for.

        Returns
        -------
        Response or None
            A refusal; None to go on.
        """
        connection = cast(PushConnection, opened)
        path, _, query = request.path.partition("?")
        if query:
            return self._refuse(400, "token_in_address", "the address takes no parameters, least of all a token")
        if path != "/":
            return self._refuse(404, "not_found", "the push answers at / only")
        shown = request.headers.get_all("Authorization")
        waiting = len(self._open) - self._admitted
        if len(self._open) > self._limits.connections or (not shown and waiting > self._limits.waiting):
            return self._refuse(503, "too_many_connections", "too many connections are open: try again later")
        if not shown:
            return None
        scheme, _, token = shown[0].strip().partition(" ")
        if len(shown) > 1 or scheme.lower() != "bearer" or not token.strip():
            return self._refuse(401, "unauthorized", 'Authorization must be "Bearer TOKEN", once')
        admission = await self._admit(connection, token.strip())
        if admission.role is None:
            status = _STATUSES.get(admission.code, 401)
            return self._refuse(status, admission.code, _explained(admission), admission.retry_after_s)
        return None

    async def authenticate(self, connection: PushConnection) -> Role | None:
        """Let a client that has shown no token do so in its first message.

        Parameters
        ----------
        connection : PushConnection
            The client.

        Returns
        -------
        Role or None
            What it may do; None if it was closed instead.
        """
        role = self.role(connection)
        if role is not None:
            return role
        code = "unauthorized"
        try:
            async with asyncio.timeout(self._limits.auth_s):
                first = read_request(await connection.recv())
        except TimeoutError:
            detail = f"a token must be shown within {self._limits.auth_s:g} s"
        except MessageError as error:
            detail = f"the first message must be auth: {error}"
        else:
            detail = "the first message must be auth"
            if isinstance(first, Authenticate):
                admission = await self._admit(connection, first.token)
                if admission.role is not None:
                    return self.role(connection)
                code, detail = admission.code, _explained(admission)
        self._refused[code] += 1
        connection.outbox.reply({"type": "error", "code": code, "detail": detail})
        await connection.close(_CLOSINGS.get(code, _UNAUTHORIZED), code)
        return None

    async def see_out(self) -> None:
        """Close the connections of sessions that have ended; one that cannot be looked up stays."""
        for connection, token in list(self._sessions.items()):
            admission = await self._gate.admitted(token, connection.peer)
            if admission.code == "session_ended":
                self._refused[admission.code] += 1
                connection.fail(_UNAUTHORIZED, admission.code)

    async def _admit(self, connection: PushConnection, token: str) -> Admission:
        """Ask the gate about a connection.

        Parameters
        ----------
        connection : PushConnection
            Who.
        token : str
            What it shows.

        Returns
        -------
        Admission
            The gate's answer.
        """
        admission = await self._gate.admitted(token, connection.peer)
        if admission.role is not None and connection in self._open:  # it may be gone already
            self._open[connection] = admission.role
            self._admitted += 1
            if admission.source == "session":
                self._sessions[connection] = token
        return admission

    def _refuse(self, status: int, code: str, detail: str, retry_after_s: float = 0.0) -> Response:
        """Refuse a request.

        Parameters
        ----------
        status : int
            HTTP status.
        code : str
            For programs.
        detail : str
            For people.
        retry_after_s : float, optional
            When to try again.

        Returns
        -------
        Response
            The answer.
        """
        self._refused[code] += 1
        return refusal(status, code, detail, retry_after_s)


def _explained(admission: Admission) -> str:
    if admission.code == "locked_out":
        return f"too many wrong tokens from this address: try again in {admission.retry_after_s:.0f} s"
    if admission.code == "session_ended":
        return "the session is over: sign in again"
    if admission.code == "unavailable":
        return "the database does not answer, so the session cannot be looked up: try again"
    return "the token is not one of this desk: it is in $EVOQ_HOME/token.read or token.operate"
