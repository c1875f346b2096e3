"""The database of one EVOQ_HOME: embedded or somebody else's, opened and brought up to date."""

import atexit
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from storage.engine import build_engine
from storage.folders import home as default_home
from storage.folders import private_folder
from storage.partitions import drop_expired, ensure_current
from storage.retention import delete_expired
from storage.schema import migrate
from storage.settings import ConnectionSettings, settings_from_environment

if TYPE_CHECKING:
    from storage.embedded import EmbeddedServer

__all__ = ["Database", "open_database"]


class Database:
    """An open database; a context manager, made by `open_database`.

    Parameters
    ----------
    settings : ConnectionSettings
        Where it is.
    server : EmbeddedServer, optional
        Our share of the embedded server, given back at the end.

    Attributes
    ----------
    settings : ConnectionSettings
        Where it is.
    engine : Engine
        For the repositories.
    """

    def __init__(self, settings: ConnectionSettings, server: "EmbeddedServer | None" = None) -> None:
        self.settings = settings
        self.engine: Engine = build_engine(settings)
        self._server = server
        self._owner = os.getpid()
        atexit.register(self.close)

    @property
    def embedded(self) -> bool:
        """Whether this is the embedded server."""
        return self._server is not None

    def prepare(self) -> None:
        """Bring the schema up to date, and `maintain` it."""
        migrate(self.engine)
        self.maintain()

    def maintain(self, now: datetime | None = None) -> None:
        """Make the partitions of the time to come, and drop what is past its retention; once a day is enough.

        Parameters
        ----------
        now : datetime, optional
            The present, aware; by default the system's.
        """
        present = now or datetime.now(UTC)
        with self.engine.begin() as connection:
            ensure_current(connection, present)
        self.drop_expired(present)
        with self.engine.begin() as connection:
            delete_expired(connection, present)

    def drop_expired(self, now: datetime | None = None, kept: Mapping[str, int] | None = None) -> list[str]:
        """Drop the partitions that are older than the retention.

        Parameters
        ----------
        now : datetime, optional
            The present, aware; by default the system's.
        kept : mapping of str to int, optional
            For each partitioned table how many months (of system_status: days) are kept; by default all tables
            keep what `storage.partitions` says.

        Returns
        -------
        list of str
            The partitions dropped.
        """
        with self.engine.begin() as connection:
            return drop_expired(connection, now or datetime.now(UTC), kept)

    def close(self) -> None:
        """Close all connections; the last user of the embedded server stops it. May be called twice."""
        atexit.unregister(self.close)
        if os.getpid() != self._owner:
            return  # a forked child: the connections and the share of the server are its parent's
        self.engine.dispose()
        if self._server is not None:
            self._server.leave()

    def __enter__(self) -> "Database":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({self.settings.place}/{self.settings.database}, embedded={self.embedded})"


def open_database(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Database:
    """Open the database, and bring its schema up to date.

    Parameters
    ----------
    home : Path, optional
        EVOQ_HOME; by default what `home` says. The embedded server lives in it.
    environ : mapping of str to str, optional
        Where the DB_* variables are looked up; by default `os.environ`. With `DB_HOST` set that server is
        used, else the embedded one is started, or joined where it runs already.

    Returns
    -------
    Database
        To be closed, best by `with`: the last to close the embedded server stops it.
    """
    variables = os.environ if environ is None else environ
    settings = settings_from_environment(variables)
    if settings is not None:
        database = Database(settings)
    else:
        # The embedded server needs POSIX; a database elsewhere does not, so it is imported only here.
        from storage.embedded import EmbeddedServer

        folder = default_home(variables) if home is None else private_folder(Path(home).absolute())
        server = EmbeddedServer.join(folder)
        database = Database(server.settings, server)
    try:
        database.prepare()
    except BaseException:
        database.close()
        raise
    return database
