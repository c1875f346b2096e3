"""Locks between processes that end with the process that holds them: PostgreSQL's advisory locks."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine, func, select

from storage.errors import StorageError

__all__ = ["advisory_lock"]


@contextmanager
def advisory_lock(engine: Engine, name: str) -> Iterator[bool]:
    """Hold a lock, if nobody else does.

    Parameters
    ----------
    engine : Engine
        One connection of it holds the lock; when the connection ends, so does the lock.
    name : str
        What is locked.

    Yields
    ------
    bool
        Whether the lock is held.
    """
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with engine.connect() as connection:
        held = bool(connection.execute(select(func.pg_try_advisory_lock(key))).scalar_one())
        connection.commit()
        try:
            yield held
        finally:
            if held:
                with suppress(StorageError):  # a lost connection has given the lock back already
                    connection.execute(select(func.pg_advisory_unlock(key)))
                    connection.commit()
