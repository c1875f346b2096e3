"""The two servers of `storage` as the supervisor opens them: the database and the cache."""

import os
import socket
from contextlib import suppress

from sqlalchemy import select

from cluster.errors import UserError
from cluster.supervisor.desk import Desk
from storage import Cache, Database, Lease, LeaseLostError, LeaseRepository, StorageError, open_cache, open_database
from storage.cache_server import cache_status
from storage.embedded import embedded_status

__all__ = ["DESK_LEASE", "OpenCache", "OpenDatabase", "open_desk_cache", "open_desk_database"]

DESK_LEASE = "desk"
_TTL_S = 15.0
_PATIENCE_S = 2.0
_POLL_S = 0.5
_LATE_S = 6.0  # a supervisor that has not renewed for so long has missed it once


class OpenDatabase:
    """The database.

    Parameters
    ----------
    database : Database
        Open.
    desk : Desk
        The desk that works on it.
    """

    def __init__(self, database: Database, desk: Desk) -> None:
        self._database = database
        self._desk = desk

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self._database.settings.place

    def answers(self) -> bool:
        """Tell whether it answers."""
        with suppress(StorageError), self._database.engine.connect() as connection:
            return bool(connection.execute(select(1)).scalar_one() == 1)
        return False

    def gone(self) -> str | None:
        """Return why it must be opened again: the embedded server does not run."""
        home = self._database.settings.embedded_in
        if home is None or embedded_status(home).running:
            return None
        return "its server is gone"

    def process(self) -> int | None:
        """Return its process, if it is one of ours."""
        home = self._database.settings.embedded_in
        return None if home is None else embedded_status(home).pid

    def close(self) -> None:
        """Give it back, with the lease if the desk has no newer database; the last user of an embedded one stops it."""
        desk = self._desk
        if desk.database is self._database:
            if desk.lease is not None:
                with suppress(StorageError):
                    LeaseRepository(self._database.engine).release(desk.lease)
            desk.database = desk.lease = None
        self._database.close()


class OpenCache:
    """The cache.

    Parameters
    ----------
    cache : Cache
        Open.
    desk : Desk
        The desk it belongs to.
    """

    def __init__(self, cache: Cache, desk: Desk) -> None:
        self._cache = cache
        self._desk = desk

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self._cache.place

    def answers(self) -> bool:
        """Tell whether it answers."""
        return self._cache.ping() is not None

    def gone(self) -> str | None:
        """Return why it must be opened again: the embedded server does not run."""
        if not self._cache.embedded or cache_status(self._desk.home).running:
            return None
        return "its server is gone"

    def process(self) -> int | None:
        """Return its process, if it is one of ours."""
        return cache_status(self._desk.home).pid if self._cache.embedded else None

    def close(self) -> None:
        """Give it back; the last user of an embedded one stops it."""
        self._cache.close()


def open_desk_database(desk: Desk) -> OpenDatabase:
    """Open the database, and take the lease of the desk.

    Parameters
    ----------
    desk : Desk
        The desk; its `database` is this one from here on.

    Returns
    -------
    OpenDatabase
        Open.
    """
    database = open_database(desk.home, desk.environ)
    try:
        desk.lease = _lease(desk, LeaseRepository(database.engine))
    except BaseException:
        database.close()
        raise
    desk.database = database
    return OpenDatabase(database, desk)


def open_desk_cache(desk: Desk) -> OpenCache:
    """Open the cache.

    Parameters
    ----------
    desk : Desk
        The desk; its `cache_url` is that of the cache from here on.

    Returns
    -------
    OpenCache
        Open.
    """
    cache = open_cache(desk.home, desk.environ)
    desk.cache_url = cache.url
    return OpenCache(cache, desk)


def _lease(desk: Desk, leases: LeaseRepository) -> Lease:
    """Take the lease, or renew ours; one of an earlier supervisor of this home is taken once it has missed a renewal.

    Parameters
    ----------
    desk : Desk
        The desk; we hold its lock, so no other supervisor of this home lives.
    leases : LeaseRepository
        Of the database.

    Returns
    -------
    Lease
        Ours.

    Raises
    ------
    UserError
        If another desk works on this database.
    """
    if desk.lease is not None:
        with suppress(LeaseLostError):
            return leases.renew(desk.lease)
    ours = f"{socket.gethostname()}:{desk.home}"
    holder = f"{ours}#{os.getpid()}"
    deadline = desk.clock.monotonic() + _TTL_S + _PATIENCE_S
    while True:
        lease = leases.acquire(DESK_LEASE, holder, _TTL_S)
        if lease is not None:
            return lease
        known = leases.get(DESK_LEASE)
        other = known is not None and known.holder is not None and known.holder.rpartition("#")[0] != ours
        if known is not None and not other and known.left_s < _TTL_S - _LATE_S:
            lease = leases.take_over(known, holder, _TTL_S)
            if lease is not None:
                return lease
        if known is not None and known.held and other:
            raise UserError(
                f"one desk a database: the desk {known.holder} works on this one; end it with `evoq down` there,"
                f" or set DB_NAME to a database of your own (its lease ends {known.left_s:.0f} s after its death)"
            )
        if desk.clock.monotonic() > deadline:
            raise UserError("the lease of this desk cannot be taken: another process of this home holds it")
        desk.clock.sleep(_POLL_S)
