"""The population of a run: replaced whole, while the roster stays as it is."""

import base64
import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import ARRAY, Connection, Text, bindparam, column, delete, func, text, tuple_
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import Insert, insert

from storage.bulk import copy_rows
from storage.errors import InvalidValueError
from storage.models import Strategy, table_of
from storage.strategy_roster import lock_strategies
from storage.values import check_names

__all__ = ["replace_population", "strategy_id"]

_table = table_of(Strategy)
_OURS = ("id", "run_id", "state", "enabled", "version", "created_at", "updated_at", "state_since")
_GIVEN = tuple(column.name for column in _table.columns if column.name not in _OURS)
_REQUIRED = tuple(
    name for name in _GIVEN if not _table.columns[name].nullable and _table.columns[name].server_default is None
)
_DEFAULTS = {"generation": 0, "round": 0, "grade": "C", "money": "paper", "finalist": False}


def strategy_id(run_id: str, species: str, child: int) -> str:
    """Return the id of a strategy, the same whenever it is stored again.

    Parameters
    ----------
    run_id : str
        The run it comes from.
    species : str
        Its species.
    child : int
        Its number in the species.

    Returns
    -------
    str
        12 letters and digits, 60 bits of a hash of all three.
    """
    digest = hashlib.sha256(f"{run_id}\n{species}\n{child}".encode()).digest()
    return base64.b32encode(digest)[:12].decode("ascii").lower()


def replace_population(connection: Connection, run_id: str, rows: Sequence[Mapping[str, object]]) -> int:
    """Make these rows the population of a run; see `StrategyRepository.replace_population`.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    run_id : str
        The run.
    rows : sequence of mappings
        Columns of the table `strategies`.

    Returns
    -------
    int
        How many strategies were stored, updated or deleted.

    Raises
    ------
    InvalidValueError
        If a row has an unknown name, lacks a required one, or comes twice.
    """
    for row in rows:
        check_names("a strategy", row, _GIVEN, _REQUIRED)
    ids = [strategy_id(run_id, str(row["species"]), int(str(row["child"]))) for row in rows]
    if len(set(ids)) != len(ids):
        raise InvalidValueError("a population must not have the same (species, child) twice: drop one of them")
    values = [
        (new, run_id, *(_DEFAULTS.get(name) if row.get(name) is None else row[name] for name in _GIVEN))
        for new, row in zip(ids, rows, strict=True)
    ]
    lock_strategies(connection)
    changed = connection.execute(_DELETE, {"run_id": run_id, "kept": ids}).rowcount
    if rows:
        connection.execute(_STAGE)
        copy_rows(connection, _table, ("id", "run_id", *_GIVEN), values, into="incoming_strategies")
        changed += connection.execute(_UPSERT).rowcount
    return int(changed)


def _upsert() -> Insert:
    """Return the statement that brings the staged rows into the table."""
    names = ("id", "run_id", *_GIVEN)
    staged = sql_table("incoming_strategies", *(column(name) for name in names)).select()
    statement = insert(_table).from_select(list(names), staged)
    old = tuple_(*(_table.c[name] for name in _GIVEN))
    new = tuple_(*(statement.excluded[name] for name in _GIVEN))
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            **{name: statement.excluded[name] for name in _GIVEN},
            "version": _table.c.version + 1,
            "updated_at": func.now(),
        },
        where=(_table.c.state == "candidate") & old.is_distinct_from(new),
    )


_STAGE = text(  # without the rules of `strategies`: those hold where the rows arrive
    f"CREATE TEMPORARY TABLE incoming_strategies ON COMMIT DROP AS SELECT id, run_id, {', '.join(_GIVEN)}"  # noqa: S608
    " FROM strategies WITH NO DATA"
)
_DELETE = delete(_table).where(
    _table.c.run_id == bindparam("run_id"),
    _table.c.state == "candidate",
    _table.c.id != func.all(bindparam("kept", type_=ARRAY(Text))),
)
_UPSERT = _upsert()
