"""Alerts: what people should know. One that is raised again while it is open counts up instead."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.errors import InvalidValueError, NotFoundError
from storage.models import table_of
from storage.operations_log_repository import append_operations
from storage.pagination import Listing, Page, read_page
from storage.runtime_models import Alert
from storage.values import plain

__all__ = ["SEVERITIES", "AlertRepository"]

SEVERITIES = ("info", "warning", "critical")

_table = table_of(Alert)
_now = func.clock_timestamp()
_LISTING = Listing(
    name="alerts",
    source=_table,
    sorts=("ts", "last_ts", "count"),
    default="-ts",
    ties=("id",),
    filters=("severity", "code", "target", "open"),
    required=frozenset({"ts", "last_ts", "count"}),
)


class AlertRepository:
    """The alerts.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def raise_(self, code: str, severity: str, message: str, target: str | None = None) -> Mapping[str, Any]:
        """Raise an alert; one of the same code and target that is open counts up and says the new message.

        Parameters
        ----------
        code : str
            What kind of alert, for programs, such as "disk_full".
        severity : str
            "info", "warning" or "critical".
        message : str
            For people.
        target : str, optional
            What it is about.

        Returns
        -------
        mapping
            All columns of the table `alerts`; `count` is 1 when it is new.

        Raises
        ------
        InvalidValueError
            If there is no such severity, or code or message are blank.
        """
        if severity not in SEVERITIES:
            raise InvalidValueError(f"severity must be one of {', '.join(SEVERITIES)}, was {severity!r}")
        values = {"code": plain(str(code)).strip(), "message": plain(str(message)).strip(), "target": plain(target)}
        if not (values["code"] and values["message"]):
            raise InvalidValueError("an alert needs a code and a message, was blank")
        raised = insert(_table).values(**values, severity=severity)
        raised = raised.on_conflict_do_update(
            index_elements=[_table.c.code, func.coalesce(_table.c.target, "")],
            index_where=_table.c.open,
            set_={
                "count": _table.c.count + 1,
                "last_ts": _now,
                "message": values["message"],
                "severity": severity,
            },
        )
        with self._engine.begin() as connection:
            return dict(connection.execute(raised.returning(*_table.c)).one()._mapping)

    def resolve(self, code: str, target: str | None = None) -> Mapping[str, Any] | None:
        """Close the open alert of a code and target.

        Parameters
        ----------
        code : str
            As it was raised.
        target : str, optional
            As it was raised.

        Returns
        -------
        mapping or None
            All columns of the table `alerts`; None if there was none.
        """
        same = (_table.c.code == plain(str(code)), func.coalesce(_table.c.target, "") == (plain(target) or ""))
        closed = update(_table).where(*same, _table.c.open).values(open=False, resolved_at=_now)
        with self._engine.begin() as connection:
            row = connection.execute(closed.returning(*_table.c)).one_or_none()
        return None if row is None else dict(row._mapping)

    def ack(self, alert: int, by: str, *, role: str | None = None, source: str = "api") -> Mapping[str, Any]:
        """Say that somebody has seen an alert; whoever said so first stays its reader.

        Parameters
        ----------
        alert : int
            Its id.
        by : str
            Who.
        role : str, optional
            In which role: if given, a row of the audit log tells of it.
        source : str
            From where, for that row.

        Returns
        -------
        mapping
            All columns of the table `alerts`.

        Raises
        ------
        InvalidValueError
            If nobody is named.
        """
        who = plain(str(by)).strip()
        if not who:
            raise InvalidValueError("ack needs to know by whom, was blank")
        seen = update(_table).where(_table.c.id == _number(alert), _table.c.acked_by.is_(None))
        with self._engine.begin() as connection:
            changed = connection.execute(seen.values(acked_by=who, acked_at=_now)).rowcount
            if changed and role is not None:
                row = {"actor": who, "role": role, "source": source, "action": "ack_alert", "result": "done"}
                append_operations(connection, [row | {"target": str(alert)}])
        return self.get(alert)

    def get(self, alert: int) -> Mapping[str, Any]:
        """Return one alert.

        Parameters
        ----------
        alert : int
            Its id.

        Returns
        -------
        mapping
            All columns of the table `alerts`.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(_table).where(_table.c.id == _number(alert))).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no alert {alert!r}: the list of alerts has their ids")
        return dict(row._mapping)

    def count_open(self) -> int:
        """Return how many alerts are open.

        Returns
        -------
        int
            Whether somebody has seen them or not.
        """
        with self._engine.connect() as connection:
            query = select(func.count()).select_from(_table).where(_table.c.open)
            return int(connection.execute(query).scalar_one())

    def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        sort: str | None = None,
        since: object = None,
        until: object = None,
        **filters: str | bool | None,
    ) -> Page:
        """Return a page of alerts, the newest first.

        Parameters
        ----------
        limit : int
            How many at most, 1..500.
        cursor : str, optional
            The `next_cursor` of the page before.
        sort : str, optional
            "ts", "last_ts" or "count", descending with "-" before it.
        since, until : datetime or int, optional
            Only those first raised at or after `since` and before `until`: aware times or ms UTC.
        **filters : str or bool, optional
            Exact values of `severity`, `code`, `target` or `open`.

        Returns
        -------
        Page
            All columns of the table `alerts`.

        Raises
        ------
        InvalidValueError
            If a name, a number or the cursor is not one of this list.
        """
        if not isinstance(filters.get("open"), bool | None):
            raise InvalidValueError(f"open must be true or false, was {filters['open']!r}")
        return read_page(
            self._engine, _LISTING, limit=limit, cursor=cursor, sort=sort, since=since, until=until, filters=filters
        )


def _number(alert: object) -> int:
    """Return an id that the database takes; one that cannot be is nobody's."""
    return alert if isinstance(alert, int) and not isinstance(alert, bool) and 0 < alert < 2**63 else 0
