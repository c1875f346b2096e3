"""The database as a server sees it: opened when it is first needed, and again after it has moved.

Without a database the API still starts and answers what needs none; everything else is refused with 503 until the
database is back. An embedded server is joined, never started: it would end together with the replica that started it.
"""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Engine

from market import Clock
from storage import Database, DatabaseBusyError, StorageError, open_database
from storage.embedded import embedded_status

__all__ = ["OpenedDatabase", "join_database"]

_REST_S = 2.0
_WAIT_S = 5.0


class OpenedDatabase:
    """A database that is opened when it is first needed.

    Parameters
    ----------
    opening : callable
        Opens it; may raise `StorageError`.
    clock : Clock
        Tells when another try is due.
    """

    def __init__(self, opening: Callable[[], Database], clock: Clock) -> None:
        self._opening = opening
        self._clock = clock
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._failed: tuple[float, StorageError] | None = None

    @property
    def engine(self) -> Engine:
        """For the repositories; raises a `StorageError` while there is no database."""
        database = self._database
        return self._opened().engine if database is None else database.engine

    def doubt(self) -> None:
        """Be told that the database did not answer: one that has moved meanwhile is opened again."""
        database = self._database
        folder = None if database is None else database.settings.embedded_in
        if database is None or folder is None:
            return
        status = embedded_status(folder)
        if not status.running or status.port == database.settings.port:
            return
        with self._lock:
            if self._database is database:
                self._database = None
        database.close()

    def close(self) -> None:
        """Close it; it is opened again when it is needed."""
        with self._lock:
            database, self._database = self._database, None
        if database is not None:
            database.close()

    def _opened(self) -> Database:
        if not self._lock.acquire(timeout=_WAIT_S):
            raise DatabaseBusyError("the database is being opened: try again")
        try:
            if self._database is None:
                now = self._clock.monotonic()
                if self._failed is not None and now - self._failed[0] < _REST_S:
                    raise self._failed[1]
                try:
                    self._database = self._opening()
                except StorageError as error:
                    self._failed = (now, error)
                    raise
                self._failed = None
            return self._database
        finally:
            self._lock.release()


def join_database(home: Path, environ: Mapping[str, str]) -> Database:
    """Open the database of a running desk.

    Parameters
    ----------
    home : Path
        EVOQ_HOME.
    environ : mapping of str to str
        Where the DB_* variables are looked up.

    Returns
    -------
    Database
        To be closed.

    Raises
    ------
    DatabaseBusyError
        If it is the embedded one and does not run.
    """
    if not environ.get("DB_HOST", "").strip() and not embedded_status(home).running:
        raise DatabaseBusyError("the embedded PostgreSQL does not run: the desk starts it; try again")
    return open_database(home, environ)
