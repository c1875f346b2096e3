"""What was measured of the running system: named values, kept for days, of which the latest is asked for most."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine, func, insert, select, text

from storage.errors import InvalidValueError
from storage.models import table_of
from storage.pagination import Listing, Page, read_page
from storage.partitions import ensure_partitions
from storage.runtime_models import SystemStatus
from storage.values import plain

__all__ = ["StatusRecord", "SystemStatusRepository"]

_table = table_of(SystemStatus)
_LISTING = Listing(
    name="system status",
    source=_table,
    sorts=("ts",),
    default="-ts",
    ties=("id",),
    filters=("name",),
)
# One step through the index for each name, however many rows it has.
_LATEST_OF_ALL = text("""
    WITH RECURSIVE names (name) AS (
        (SELECT name FROM system_status ORDER BY name LIMIT 1)
        UNION ALL
        SELECT (SELECT s.name FROM system_status s WHERE s.name > names.name ORDER BY s.name LIMIT 1)
        FROM names WHERE names.name IS NOT NULL
    )
    SELECT latest.* FROM names CROSS JOIN LATERAL (
        SELECT s.ts, s.name, s.data, EXTRACT(epoch FROM clock_timestamp() - s.ts) AS age_s
        FROM system_status s WHERE s.name = names.name ORDER BY s.ts DESC, s.id DESC LIMIT 1
    ) latest
    WHERE names.name IS NOT NULL
""")


class StatusRecord(NamedTuple):
    """What was measured once.

    Attributes
    ----------
    ts : datetime
        When, by the clock of the database.
    name : str
        Of what.
    data : mapping
        The values.
    age_s : float
        How long ago, in seconds, by the same clock.
    """

    ts: datetime
    name: str
    data: Mapping[str, Any]
    age_s: float


class SystemStatusRepository:
    """What was measured.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, name: str, data: Mapping[str, object]) -> datetime:
        """Store what was measured now.

        Parameters
        ----------
        name : str
            Of what, such as "system_metrics".
        data : mapping
            The values; numbers that are not finite become None.

        Returns
        -------
        datetime
            When, by the clock of the database.

        Raises
        ------
        InvalidValueError
            If the name is blank.
        """
        said = plain(str(name)).strip()
        if not said:
            raise InvalidValueError("what is measured needs a name, was blank")
        values = plain(dict(data))
        with self._engine.begin() as connection:
            now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            ensure_partitions(connection, _table.name, [now])
            connection.execute(insert(_table).values(ts=now, name=said, data=values))
        return now

    def latest(self, name: str) -> StatusRecord | None:
        """Return what was measured last.

        Parameters
        ----------
        name : str
            Of what.

        Returns
        -------
        StatusRecord or None
            None if nothing was, or it is past its retention.
        """
        age = func.extract("epoch", func.clock_timestamp() - _table.c.ts).label("age_s")
        query = select(_table.c.ts, _table.c.name, _table.c.data, age).where(_table.c.name == plain(str(name)))
        query = query.order_by(_table.c.ts.desc(), _table.c.id.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else StatusRecord(row.ts, row.name, row.data, float(row.age_s))

    def latest_all(self) -> Mapping[str, StatusRecord]:
        """Return what was measured last, of everything.

        Returns
        -------
        mapping of str to StatusRecord
            By name.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(_LATEST_OF_ALL).all()
        return {row.name: StatusRecord(row.ts, row.name, row.data, float(row.age_s)) for row in rows}

    def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        sort: str | None = None,
        since: object = None,
        until: object = None,
        name: str | None = None,
    ) -> Page:
        """Return a page of what was measured, the newest first.

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
        name : str, optional
            Only what was measured of this.

        Returns
        -------
        Page
            All columns of the table `system_status`.
        """
        return read_page(
            self._engine,
            _LISTING,
            limit=limit,
            cursor=cursor,
            sort=sort,
            since=since,
            until=until,
            filters={"name": name},
        )
