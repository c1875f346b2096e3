"""Sessions of people who have signed in with a password: a token for a while, in place of that of a file.

A session belongs to the password it was begun with: whoever changes that ends it, with the desk up or down. Of a token
the hash alone is stored, so a copy of the database lets nobody in.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cluster.access.passwords import Passwords
from cluster.access.tokens import Role
from cluster.opened_database import OpenedDatabase
from storage import DatabaseBusyError, SessionRepository

__all__ = ["Session", "Sessions", "is_session_token"]

_MARK = "evoq_session_"
_BYTES = 32
_TOKEN = re.compile(rf"{_MARK}[A-Za-z0-9_-]{{43}}")


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in.

    Attributes
    ----------
    role : Role
        What it may do.
    expires_at : datetime
        When it is over, if it is not used before.
    """

    role: Role
    expires_at: datetime


def is_session_token(token: str) -> bool:
    """Return whether a token has the form of a session's; those are random beyond guessing.

    Parameters
    ----------
    token : str
        What somebody has shown.

    Returns
    -------
    bool
        Nothing is said about whether there is such a session.
    """
    return _TOKEN.fullmatch(token) is not None


class Sessions:
    """The sessions of a desk; every call asks the database, and raises its `StorageError`.

    Parameters
    ----------
    database : OpenedDatabase
        Where they are kept, for all servers of the desk.
    passwords : Passwords
        Those that they are begun with.
    """

    def __init__(self, database: OpenedDatabase, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    def begin(self, role: Role, credential: str, address: str) -> tuple[str, Session]:
        """Begin a session.

        Parameters
        ----------
        role : Role
            Of whoever has signed in.
        credential : str
            What `Passwords.check` said.
        address : str
            Where from.

        Returns
        -------
        str
            Its token, which is kept nowhere.
        Session
            What it stands for.
        """
        token = _MARK + secrets.token_urlsafe(_BYTES)
        record = self._repository.begin(_hash_of(token), str(role), credential, address)
        return token, Session(role, record.expires_at)

    def find(self, token: str) -> Session | None:
        """Return the session of a token, and let it last longer.

        Parameters
        ----------
        token : str
            What somebody has shown.

        Returns
        -------
        Session or None
            None if there is none, it is over, or its password was changed.

        Raises
        ------
        DatabaseBusyError
            If the database does not answer.
        """
        try:
            record = self._repository.find(_hash_of(token))
        except DatabaseBusyError:
            self._database.doubt()
            raise
        if record is None or self._passwords.credential(Role(record.role)) != record.credential:
            return None
        return Session(Role(record.role), record.expires_at)

    def end(self, token: str) -> None:
        """End the session of a token, if there is one.

        Parameters
        ----------
        token : str
            Its token.
        """
        self._repository.end(_hash_of(token))

    @property
    def _repository(self) -> SessionRepository:
        return SessionRepository(self._database.engine)


def _hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
