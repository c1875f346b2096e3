"""Rows of the tables that grow with time: how a run went, and what its optimiser did."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, select

from storage.bulk import copy_rows
from storage.partitions import ensure_partitions
from storage.values import check_names, moment, plain

__all__ = ["append_events", "newest_events"]


def append_events(
    connection: Connection, table: Table, run_id: str, required: tuple[str, ...], rows: Sequence[Mapping[str, object]]
) -> None:
    """Append rows to a partitioned table, whose partitions are made where they are missing.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    table : Table
        Partitioned by its column `ts`.
    run_id : str
        The run of all rows.
    required : tuple of str
        The columns that a row must have beside `ts`.
    rows : sequence of mappings
        The rows, without `id` and `run_id`.
    """
    if not rows:
        return
    names = tuple(column.name for column in table.columns if column.name not in ("id", "run_id"))
    for row in rows:
        check_names(f"a row of {table.name}", row, names, ("ts", *required))
    moments = [moment(row["ts"]) for row in rows]
    ensure_partitions(connection, table.name, moments)
    values = [
        (run_id, when, *(row.get(name) for name in names if name != "ts"))
        for when, row in zip(moments, rows, strict=True)
    ]
    copy_rows(connection, table, ("run_id", "ts", *(name for name in names if name != "ts")), values)


def newest_events(engine: Engine, table: Table, limit: int, **filters: str | None) -> Sequence[Mapping[str, Any]]:
    """Return rows of a partitioned table, the newest first.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    table : Table
        Partitioned by its column `ts`.
    limit : int
        How many at most.
    **filters : str, optional
        Exact values of columns; None stands for any.

    Returns
    -------
    sequence of mappings
        All columns.
    """
    query = select(table).order_by(table.c.ts.desc(), table.c.id.desc()).limit(limit)
    for name, value in filters.items():
        if value is not None:
            query = query.where(table.c[name] == plain(str(value)))
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]
