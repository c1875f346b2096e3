"""The audit log: who changed what, from what to what, and why. Nothing in it is ever changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from storage.errors import InvalidValueError
from storage.models import table_of
from storage.pagination import Listing, Page, read_page
from storage.partitions import ensure_partitions
from storage.runtime_models import OperationsLog
from storage.values import plain_row

__all__ = ["OperationsLogRepository", "append_operations"]

_table = table_of(OperationsLog)
_REQUIRED = ("actor", "role", "source", "action", "result")
_OPTIONAL = ("target", "before", "after", "reason")
_LISTING = Listing(
    name="the operations log",
    source=_table,
    sorts=("ts",),
    default="-ts",
    ties=("id",),
    filters=("actor", "role", "source", "action", "target", "result"),
)


class OperationsLogRepository:
    """The audit log.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(
        self,
        actor: str,
        action: str,
        *,
        role: str,
        source: str,
        target: str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        reason: str | None = None,
        result: str = "done",
    ) -> int:
        """Append one row, at the database's time.

        Parameters
        ----------
        actor : str
            Who did it: a person's or a part's name.
        action : str
            What was done, such as "enable".
        role : str
            In which role, such as "operate".
        source : str
            From where, such as "api", "command line" or "driver".
        target : str, optional
            To what, such as the id of a strategy.
        before, after : mapping, optional
            What was and what is; secrets do not belong here.
        reason : str, optional
            Why.
        result : str
            "done", or what else became of it.

        Returns
        -------
        int
            The row's id.
        """
        row: dict[str, object] = {"actor": actor, "role": role, "source": source, "action": action, "result": result}
        row |= {"target": target, "before": before, "after": after, "reason": reason}
        return self.append_all([row])[0]

    def append_all(self, rows: Sequence[Mapping[str, object]]) -> list[int]:
        """Append rows in one transaction, as `append_operations` does.

        Parameters
        ----------
        rows : sequence of mappings
            As there.

        Returns
        -------
        list of int
            Their ids.
        """
        with self._engine.begin() as connection:
            return append_operations(connection, rows)

    def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        sort: str | None = None,
        since: object = None,
        until: object = None,
        **filters: str | None,
    ) -> Page:
        """Return a page of the log, the newest row first.

        Parameters
        ----------
        limit : int
            How many rows at most, 1..500.
        cursor : str, optional
            The `next_cursor` of the page before.
        sort : str, optional
            "-ts" or "ts".
        since, until : datetime or int, optional
            Only rows at or after `since` and before `until`: aware times or ms UTC.
        **filters : str, optional
            Exact values of `actor`, `role`, `source`, `action`, `target` or `result`.

        Returns
        -------
        Page
            All columns of the table `operations_log`.
        """
        return read_page(
            self._engine, _LISTING, limit=limit, cursor=cursor, sort=sort, since=since, until=until, filters=filters
        )


def append_operations(connection: Connection, rows: Sequence[Mapping[str, object]]) -> list[int]:
    """Append rows in the transaction of what they tell: both happen, or neither.

    Parameters
    ----------
    connection : Connection
        In a transaction that has not touched the log yet.
    rows : sequence of mappings
        `actor`, `role`, `source`, `action`, `result`, and optionally `target`, `before`, `after`, `reason`.

    Returns
    -------
    list of int
        Their ids.

    Raises
    ------
    InvalidValueError
        If a value is missing or blank.
    """
    if not rows:
        return []
    values: list[dict[str, Any]] = []
    for row in rows:
        value = plain_row("a row of the operations log", row, (*_REQUIRED, *_OPTIONAL), _REQUIRED)
        blank = [name for name in _REQUIRED if not str(value[name]).strip()]
        if blank:
            raise InvalidValueError(f"a row of the operations log needs {', '.join(blank)}: it was blank")
        values.append(value)
    now = connection.execute(select(func.clock_timestamp())).scalar_one()
    ensure_partitions(connection, _table.name, [now])
    added = insert(_table).returning(_table.c.id, sort_by_parameter_order=True)
    return [int(row.id) for row in connection.execute(added, [{**value, "ts": now} for value in values])]
