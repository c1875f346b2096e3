"""Signing in: a role and its password go in, the token of a session comes out."""

from typing import NamedTuple

from cluster.access.passwords import Passwords
from cluster.access.sessions import Session, Sessions
from cluster.access.tokens import Role
from cluster.opened_database import OpenedDatabase
from market.clock import Clock, SystemClock
from storage import OperationsLogRepository, SignInRepository

__all__ = ["SignIn", "SignInOutcome"]

_ACTION = "sign_in"
_MOST_OF_ALL = 50
_LOCK_OF_ALL_S = 30.0
_KNOWN_FOR_MS = 30 * 86_400_000


class SignInOutcome(NamedTuple):
    """What became of a try.

    Attributes
    ----------
    token : str or None
        Of the session; None if there is none.
    session : Session or None
        What it stands for.
    locked_out_s : float
        For how many seconds the caller is locked out; 0 if the password was looked at.
    """

    token: str | None
    session: Session | None
    locked_out_s: float = 0.0


class SignIn:
    """Lets people in by password; every try stands in the operations log, with the address it came from.

    Wrong passwords are counted twice, before they are looked at:

    - by role and address: after five the address has to wait for 30 s, twice as long every time, 15 min at most. So
      whoever guesses locks out nobody but those who share the address;
    - by role alone: after fifty, whatever the addresses, one try is let through every 30 s. So many addresses together
      guess no more than some 3,000 passwords a day. A single address never comes so far, and this count holds nobody
      up at an address from which that role has signed in within the last 30 days.

    Parameters
    ----------
    database : OpenedDatabase
        Where sessions and failures are kept.
    passwords : Passwords
        Of the desk.
    clock : Clock, optional
        The time; that of this machine by default.
    """

    def __init__(self, database: OpenedDatabase, passwords: Passwords, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._database = database
        self._passwords = passwords
        self._sessions = Sessions(database, passwords)

    def enter(self, role: Role, password: str, address: str) -> SignInOutcome:
        """Try a password; takes a tenth of a second and 64 MiB, so few should be tried at a time.

        Parameters
        ----------
        role : Role
            As whom.
        password : str
            What was typed.
        address : str
            Where from: the person's own address, as far as it is known.

        Returns
        -------
        SignInOutcome
            A session, or why there is none.
        """
        engine = self._database.engine
        tries, log = SignInRepository(engine), OperationsLogRepository(engine)
        caller, everybody = f"{role} {address}", str(role)
        locked_out_s = tries.locked_out_s(everybody)
        if locked_out_s > 0 and not self._is_known(log, role, address):
            return SignInOutcome(None, None, locked_out_s)
        locked_out_s = tries.attempt(caller)
        if locked_out_s > 0:
            return SignInOutcome(None, None, locked_out_s)
        tries.attempt(everybody, most_failures=_MOST_OF_ALL, longest_lock_s=_LOCK_OF_ALL_S)
        credential = self._passwords.check(role, password)
        if credential is None:
            log.append(address, _ACTION, role=str(role), source="api", target=address, result="refused: wrong_password")
            return SignInOutcome(None, None)
        tries.succeeded(caller)
        tries.succeeded(everybody)
        token, session = self._sessions.begin(role, credential, address)
        log.append(f"session.{role}", _ACTION, role=str(role), source="api", target=address, result="done")
        return SignInOutcome(token, session)

    def leave(self, token: str, role: Role, address: str) -> None:
        """End a session.

        Parameters
        ----------
        token : str
            Its token.
        role : Role
            Whose it is.
        address : str
            Where from.
        """
        self._sessions.end(token)
        OperationsLogRepository(self._database.engine).append(
            f"session.{role}", "sign_out", role=str(role), source="api", target=address, result="done"
        )

    def _is_known(self, log: OperationsLogRepository, role: Role, address: str) -> bool:
        """Return whether a role has signed in from an address lately."""
        since = self._clock.now_ms() - _KNOWN_FOR_MS
        return bool(log.page(action=_ACTION, role=str(role), target=address, result="done", since=since, limit=1).items)
