"""Signing in: a role and its password go in, the token of a session comes out."""

from typing import NamedTuple

from cluster.access.passwords import Passwords
from cluster.access.sessions import Session, Sessions
from cluster.access.tokens import Role
from cluster.opened_database import OpenedDatabase
from storage import OperationsLogRepository, SignInRepository

__all__ = ["SignIn", "SignInOutcome"]

_ACTION = "sign_in"


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
    """Lets people in by password; wrong ones lock the caller out, and stand in the operations log like right ones.

    Parameters
    ----------
    database : OpenedDatabase
        Where sessions and failures are kept.
    passwords : Passwords
        Of the desk.
    """

    def __init__(self, database: OpenedDatabase, passwords: Passwords) -> None:
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
            Where from.

        Returns
        -------
        SignInOutcome
            A session, or why there is none.
        """
        engine = self._database.engine
        tries, log = SignInRepository(engine), OperationsLogRepository(engine)
        caller = f"{role} {address}"
        locked_out_s = tries.attempt(caller)
        if locked_out_s > 0:
            return SignInOutcome(None, None, locked_out_s)
        credential = self._passwords.check(role, password)
        if credential is None:
            log.append(address, _ACTION, role=str(role), source="api", target=address, result="refused: wrong_password")
            return SignInOutcome(None, None)
        tries.succeeded(caller)
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
