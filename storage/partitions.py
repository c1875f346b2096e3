"""Partitions of the tables that grow with time: months, or days where rows come every few seconds.

A partition ``TABLE_p2026_11`` holds the rows of one month (UTC), ``TABLE_p2026_11_23`` those of one day.
Partitions are made ahead when a database is opened, and for the times of the rows when rows are written;
`drop_expired` drops whole partitions that are older than the retention, which costs nothing however many
rows they have.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, text

from storage.errors import InvalidValueError

__all__ = ["PARTITIONED", "PARTITION_NAME", "drop_expired", "ensure_current", "ensure_partitions"]

PARTITION_NAME = re.compile(r"^(?P<table>[a-z_]+)_p(?P<year>\d{4})_(?P<month>\d{2})(_(?P<day>\d{2}))?$")

_AHEAD = 2
_MAKING_PARTITIONS = 0x45564F51_50415254  # an advisory lock of our own: "EVOQPART"


@dataclass(frozen=True)
class Partitioning:
    """How a table is partitioned.

    Attributes
    ----------
    period : str
        "month" or "day", in UTC.
    kept : int
        How many whole periods before the present one are kept.
    """

    period: str
    kept: int

    def first_day(self, day: date) -> date:
        """Return the first day of the period of a day.

        Parameters
        ----------
        day : date
            Any day, UTC.

        Returns
        -------
        date
            The day itself, or the first of its month.
        """
        return day if self.period == "day" else day.replace(day=1)

    def shifted(self, first: date, periods: int) -> date:
        """Return the first day of an earlier or later period.

        Parameters
        ----------
        first : date
            The first day of a period.
        periods : int
            How many periods later.

        Returns
        -------
        date
            The first day of that one, or where the calendar ends.
        """
        try:
            if self.period == "day":
                return first + timedelta(days=periods)
            month = first.year * 12 + first.month - 1 + periods
            return date(month // 12, month % 12 + 1, 1)
        except (OverflowError, ValueError):
            return date.min if periods < 0 else date.max


PARTITIONED: Mapping[str, Partitioning] = {
    "strategy_evolution_history": Partitioning("month", 24),
    "strategy_optimization_logs": Partitioning("month", 12),
    "operations_log": Partitioning("month", 36),
    "system_status": Partitioning("day", 7),
}


def ensure_partitions(connection: Connection, table: str, moments: Iterable[datetime]) -> None:
    """Make the partitions that rows of these moments need, where they are missing.

    Parameters
    ----------
    connection : Connection
        In a transaction, in which the partitions are made; it has not touched the table before, or two such
        transactions may wait for each other.
    table : str
        A partitioned table.
    moments : iterable of datetime
        Aware times.
    """
    rule = _rule(table)
    names = {_name(table, first): first for first in {rule.first_day(_day(moment)) for moment in moments}}
    if names.keys() <= _partitions(connection, table):
        return
    # Two at once would both see nothing and collide; the loser waits here and then sees the winner's.
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING_PARTITIONS})
    for name in sorted(names.keys() - _partitions(connection, table)):
        bounds = f"FROM ('{names[name]} 00:00+00') TO ('{rule.shifted(names[name], 1)} 00:00+00')"
        connection.execute(text(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {bounds}"))


def ensure_current(connection: Connection, now: datetime) -> None:
    """Make the partitions of this period and the next ones.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    now : datetime
        The present, aware.
    """
    for table, rule in PARTITIONED.items():
        first = rule.first_day(_day(now))
        days = [rule.shifted(first, periods) for periods in range(_AHEAD + 1)]
        ensure_partitions(connection, table, [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days])


def drop_expired(connection: Connection, now: datetime, kept: Mapping[str, int] | None = None) -> list[str]:
    """Drop the partitions that are older than the retention.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    now : datetime
        The present, aware.
    kept : mapping of str to int, optional
        For each partitioned table how many whole months (or days, where its partitions are days) before this
        one are kept; by default what `PARTITIONED` says of all tables.

    Returns
    -------
    list of str
        The partitions dropped.

    Raises
    ------
    InvalidValueError
        If a table is not partitioned or a retention is below one.
    """
    dropped = []
    for table, periods in ({name: rule.kept for name, rule in PARTITIONED.items()} if kept is None else kept).items():
        if table not in PARTITIONED or periods < 1:
            raise InvalidValueError(
                "a retention must be at least 1 month or day of one of"
                f" {', '.join(PARTITIONED)}, was {periods} of {table!r}"
            )
        rule = PARTITIONED[table]
        oldest = _name(table, rule.shifted(rule.first_day(_day(now)), -periods))
        for name in sorted(_partitions(connection, table)):
            if PARTITION_NAME.match(name) and name < oldest:  # names sort like their times
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


def _rule(table: str) -> Partitioning:
    """Return how a table is partitioned; also the guard that nothing else gets into a statement."""
    if table not in PARTITIONED:
        raise InvalidValueError(f"a partitioned table must be one of {', '.join(PARTITIONED)}, was {table!r}")
    return PARTITIONED[table]


def _name(table: str, first: date) -> str:
    """Return the name of the partition that begins on a day."""
    suffix = f"_{first.day:02}" if _rule(table).period == "day" else ""
    return f"{table}_p{first.year:04}_{first.month:02}{suffix}"


def _day(moment: datetime) -> date:
    """Return the day of a moment, UTC."""
    return moment.astimezone(UTC).date()
