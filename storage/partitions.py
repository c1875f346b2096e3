"""Monthly partitions of the tables that grow with time.

A partition ``TABLE_p2026_11`` holds the rows of one month (UTC). Partitions are made ahead when a database
is opened, and for the months of the rows when rows are written; `drop_expired` drops whole months that are
older than the retention, which costs nothing however many rows they have.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from storage.errors import InvalidValueError

__all__ = ["PARTITION_NAME", "RETENTION_MONTHS", "drop_expired", "ensure_partitions"]

RETENTION_MONTHS: Mapping[str, int] = {
    "strategy_evolution_history": 24,
    "strategy_optimization_logs": 12,
}

PARTITION_NAME = re.compile(r"^(?P<table>[a-z_]+)_p(?P<year>\d{4})_(?P<month>\d{2})$")

_MONTHS_AHEAD = 2
_MAKING_PARTITIONS = 0x45564F51_50415254  # an advisory lock of our own: "EVOQPART"


def ensure_partitions(connection: Connection, table: str, moments: Iterable[datetime]) -> None:
    """Make the partitions that rows of these moments need, where they are missing.

    Parameters
    ----------
    connection : Connection
        In a transaction, in which the partitions are made.
    table : str
        A partitioned table.
    moments : iterable of datetime
        Aware times.
    """
    months = sorted({(utc.year, utc.month) for utc in (moment.astimezone(UTC) for moment in moments)})
    names = {_name(table, *month): month for month in months}
    if names.keys() <= _partitions(connection, table):
        return
    # Two at once would both see nothing and collide; the loser waits here and then sees the winner's.
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING_PARTITIONS})
    for name in sorted(names.keys() - _partitions(connection, table)):
        year, month = names[name]
        bounds = f"FROM ('{year:04}-{month:02}-01 00:00+00') TO ('{_next(year, month)} 00:00+00')"
        connection.execute(text(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {bounds}"))


def ensure_current(connection: Connection, now: datetime) -> None:
    """Make the partitions of this month and the next ones.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    now : datetime
        The present, aware.
    """
    first = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1
    ahead = [datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(first, first + _MONTHS_AHEAD + 1)]
    for table in RETENTION_MONTHS:
        ensure_partitions(connection, table, ahead)


def drop_expired(
    connection: Connection, now: datetime, retention_months: Mapping[str, int] = RETENTION_MONTHS
) -> list[str]:
    """Drop the partitions that are older than the retention.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    now : datetime
        The present, aware.
    retention_months : mapping of str to int
        For each partitioned table how many whole months before this one are kept.

    Returns
    -------
    list of str
        The partitions dropped.

    Raises
    ------
    InvalidValueError
        If a table is not partitioned or a retention is below one month.
    """
    dropped = []
    for table, kept in retention_months.items():
        if table not in RETENTION_MONTHS or kept < 1:
            raise InvalidValueError(
                f"a retention must be at least 1 month of one of {', '.join(RETENTION_MONTHS)}, was {kept} of {table!r}"
            )
        oldest = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1 - kept
        for name in sorted(_partitions(connection, table)):
            found = PARTITION_NAME.match(name)
            if found and int(found["year"]) * 12 + int(found["month"]) - 1 < oldest:
                connection.execute(text(f"DROP TABLE {name}"))
                dropped.append(name)
    return dropped


def _partitions(connection: Connection, table: str) -> set[str]:
    """Return the names of a table's partitions as of this very moment."""
    # A query on the catalogue, for `to_regclass` may answer from a cache that is older than our lock.
    query = text(
        "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
        " WHERE inhparent = CAST(:parent AS regclass)"
    )
    return {str(name) for name in connection.scalars(query, {"parent": table})}


def _name(table: str, year: int, month: int) -> str:
    """Return the name of a partition; also the guard that nothing else gets into a statement."""
    if table not in RETENTION_MONTHS:
        raise InvalidValueError(f"a partitioned table must be one of {', '.join(RETENTION_MONTHS)}, was {table!r}")
    return f"{table}_p{year:04}_{month:02}"


def _next(year: int, month: int) -> str:
    """Return the first day of the next month."""
    return f"{year + 1:04}-01-01" if month == 12 else f"{year:04}-{month + 1:02}-01"
