"""The gate: a token and the address it comes from go in, a role or a refusal comes out."""

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import anyio.to_thread

from cluster.access.lockout import Lockout
from cluster.access.sessions import Sessions, is_session_token
from cluster.access.tokens import Role, Tokens
from market.clock import Clock
from storage import StorageError

__all__ = ["Admission", "Gate"]

_logger = logging.getLogger(__name__)
_MOST_KNOWN = 4_096


@dataclass(frozen=True, slots=True)
class Admission:
    """What the gate answers.

    Attributes
    ----------
    role : Role or None
        What the caller may do; None if refused.
    code : str
        `admitted`, `unauthorized`, `locked_out`, `session_ended`, or `unavailable` where the database does not answer.
    retry_after_s : float
        For one who is locked out, when to try again.
    expires_at : datetime or None
        For a session, when it is over if it is not used before; None for a token of a file.
    """

    role: Role | None
    code: str
    retry_after_s: float = 0.0
    expires_at: datetime | None = None

    @property
    def source(self) -> str:
        """Where the token comes from: "session" or "token"."""
        return "token" if self.expires_at is None else "session"


class Gate:
    """Admits by token, and locks out addresses that guess.

    Everybody on one machine shares the address 127.0.0.1. So that a forgotten program with an old token cannot lock
    out the operator, a lock-out does not touch a token that was right from that address before; to all others even the
    right token does not open while it lasts. Tokens of sessions are beyond guessing: they neither count nor wait.

    Parameters
    ----------
    tokens : Tokens
        The desk's tokens.
    clock : Clock
        The time.
    lockout : Lockout, optional
        Another lock-out than the usual one.
    sessions : Sessions, optional
        Of people who have signed in; without them only the tokens of the files open.
    """

    def __init__(
        self, tokens: Tokens, clock: Clock, lockout: Lockout | None = None, sessions: Sessions | None = None
    ) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._lockout = Lockout(clock) if lockout is None else lockout
        self._known: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._turn = threading.Lock()

    async def admitted(self, token: str | None, address: str) -> Admission:
        """Decide about a caller without holding up the event loop: as `admit`, in a thread where that may take long.

        That is where a database or a cache is asked: about a session, and about a token that was not seen before.

        Parameters
        ----------
        token : str or None
            What the caller shows.
        address : str
            The caller's IP address.

        Returns
        -------
        Admission
            The role, or why there is none.
        """
        if token is None or (_caller(token, address) in self._known and not is_session_token(token)):
            return self.admit(token, address)
        return await anyio.to_thread.run_sync(self.admit, token, address)

    def admit(self, token: str | None, address: str) -> Admission:
        """Decide about a caller; the database is asked about the token of a session.

        Parameters
        ----------
        token : str or None
            What the caller shows; None, which is no guess and does not count, if that is nothing.
        address : str
            The caller's IP address, as the socket knows it.

        Returns
        -------
        Admission
            The role, or why there is none.
        """
        if token is not None and self._sessions is not None and is_session_token(token):
            return _of_session(self._sessions, token)
        if token is None:
            return Admission(None, "unauthorized")
        role = self._tokens.authenticate(token)
        caller = _caller(token, address)
        if role is not None and caller in self._known:
            return self._welcome(role, caller)
        remaining_s = self._lockout.remaining_s(address)
        if remaining_s > 0:
            return Admission(None, "locked_out", remaining_s)
        if role is not None:
            return self._welcome(role, caller)
        if self._lockout.failed(address):
            _logger.warning("%s showed too many wrong tokens and is locked out for a while", address)
        return Admission(None, "unauthorized")

    def _welcome(self, role: Role, caller: tuple[str, bytes]) -> Admission:
        with self._turn:
            self._known[caller] = None
            self._known.move_to_end(caller)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return Admission(role, "admitted")


def _caller(token: str, address: str) -> tuple[str, bytes]:
    return address, sha256(token.encode("utf-8", "surrogatepass")).digest()


def _of_session(sessions: Sessions, token: str) -> Admission:
    try:
        session = sessions.find(token)
    except StorageError:
        return Admission(None, "unavailable")
    if session is None:
        return Admission(None, "session_ended")
    return Admission(session.role, "admitted", expires_at=session.expires_at)
