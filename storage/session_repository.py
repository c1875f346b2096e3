"""Sessions: who is signed in, and until when; known by the hash of a token that is kept nowhere."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Engine, delete, func, insert, literal, select, update

from storage.access_models import UserSession
from storage.models import table_of
from storage.values import plain

__all__ = ["SESSION_LASTS", "SESSION_LASTS_AT_MOST", "SessionRecord", "SessionRepository"]

SESSION_LASTS = timedelta(days=7)
SESSION_LASTS_AT_MOST = timedelta(days=30)

_SLIDES_AFTER = timedelta(minutes=1)
_now = func.clock_timestamp()
_table = table_of(UserSession)
_COLUMNS = (_table.c.role, _table.c.credential, _table.c.created_at, _table.c.expires_at)


class SessionRecord(NamedTuple):
    """Somebody who is signed in.

    Attributes
    ----------
    role : str
        "read" or "operate".
    credential : str
        Names the password that it was begun with.
    created_at, expires_at : datetime
        By the clock of the database.
    """

    role: str
    credential: str
    created_at: datetime
    expires_at: datetime


class SessionRepository:
    """The sessions.

    A session lasts a week from when it was seen last, and thirty days in all.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, token_hash: str, role: str, credential: str, address: str) -> SessionRecord:
        """Begin a session; those that are over are forgotten.

        Parameters
        ----------
        token_hash : str
            SHA-256 (hex) of its token.
        role : str
            "read" or "operate".
        credential : str
            Names the password.
        address : str
            Where from.

        Returns
        -------
        SessionRecord
            As it is now.
        """
        row = {"token_hash": token_hash, "role": role, "credential": credential, "address": plain(str(address))}
        added = insert(_table).values(**row, expires_at=_now + literal(SESSION_LASTS)).returning(*_COLUMNS)
        with self._engine.begin() as connection:
            connection.execute(delete(_table).where(_table.c.expires_at <= _now))
            return SessionRecord(*connection.execute(added).one())

    def find(self, token_hash: str) -> SessionRecord | None:
        """Return a session; it lasts longer from now on, which is written once a minute at most.

        Parameters
        ----------
        token_hash : str
            SHA-256 (hex) of its token.

        Returns
        -------
        SessionRecord or None
            None if there is none, or it is over.
        """
        lasts = _table.c.token_hash == token_hash, _table.c.expires_at > _now
        due = (_now - _table.c.seen_at > literal(_SLIDES_AFTER)).label("due")
        with self._engine.connect() as connection:
            row = connection.execute(select(*_COLUMNS, due).where(*lasts)).one_or_none()
        if row is None:
            return None
        if not row.due:
            return SessionRecord(*row[:-1])
        until = func.least(_now + literal(SESSION_LASTS), _table.c.created_at + literal(SESSION_LASTS_AT_MOST))
        slid = update(_table).where(*lasts).values(seen_at=_now, expires_at=until).returning(*_COLUMNS)
        with self._engine.begin() as connection:
            after = connection.execute(slid).one_or_none()
        return None if after is None else SessionRecord(*after)

    def end(self, token_hash: str) -> bool:
        """End a session.

        Parameters
        ----------
        token_hash : str
            SHA-256 (hex) of its token.

        Returns
        -------
        bool
            Whether there was one.
        """
        with self._engine.begin() as connection:
            return connection.execute(delete(_table).where(_table.c.token_hash == token_hash)).rowcount > 0

    def end_role(self, role: str) -> int:
        """End all sessions of a role.

        Parameters
        ----------
        role : str
            "read" or "operate".

        Returns
        -------
        int
            How many there were.
        """
        with self._engine.begin() as connection:
            return int(connection.execute(delete(_table).where(_table.c.role == role)).rowcount)
