"""A database of a test, dropped as soon as that is possible."""

import time

from sqlalchemy import text

import storage

_TRIES = 30


def drop_database(server: storage.Database, name: str) -> None:
    """Drop a database; an autovacuum worker in it, which only a superuser may end, is waited for."""
    for left in reversed(range(_TRIES)):
        try:
            with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
            return
        except storage.PrivilegeError:
            if not left:
                raise
            time.sleep(1.0)  # until autovacuum is through
