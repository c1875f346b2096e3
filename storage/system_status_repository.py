"""What was measured of the running system: named values, kept for days, of which the latest is asked for most."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine, func, insert, select, text

from storage.errors import InvalidValueError
from storage.models import table_of
from storage.pagination import Listing, Page, read_page
from storage.partitions import ensure_partitions
from storage.runtime_models import SystemStatus
from storage.values import moment, plain

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
_SERIES = text("""
    SELECT to_timestamp(floor(EXTRACT(epoch FROM s.ts) * 1000 / :step_ms) * :step_ms / 1000.0) AS moment, value.key,
        avg(CAST(value.value AS double precision)) AS mean, min(CAST(value.value AS double precision)) AS lowest,
        max(CAST(value.value AS double precision)) AS highest
    FROM system_status s CROSS JOIN LATERAL jsonb_each(s.data) value
    WHERE s.name = :name AND s.ts >= :since AND s.ts < :until AND jsonb_typeof(value.value) = 'number'
        AND (CAST(:fields AS text[]) IS NULL OR value.key = ANY (CAST(:fields AS text[])))
    GROUP BY 1, 2 ORDER BY 1, 2
""")
_MOST_FIELDS = 20


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

    def series(
        self, name: str, since: object, until: object, step_ms: int, fields: Sequence[str] | None = None
    ) -> tuple[Sequence[datetime], Mapping[str, Mapping[str, Sequence[float | None]]]]:
        """Return how numbers went, put together in steps of time.

        Parameters
        ----------
        name : str
            What was measured.
        since, until : datetime or int
            At or after `since` and before `until`: aware times or ms UTC.
        step_ms : int
            Width of a step.
        fields : sequence of str, optional
            Which of its numbers; all of them by default, at most twenty.

        Returns
        -------
        sequence of datetime
            When each step begins in which something was measured.
        mapping of str to mapping
            By field: `mean`, `lowest` and `highest` of each step; None where it was not measured.
        """
        asked = {
            "name": plain(str(name)),
            "since": moment(since),
            "until": moment(until),
            "step_ms": int(step_ms),
            "fields": None if fields is None else [plain(str(field)) for field in fields],
        }
        with self._engine.connect() as connection:
            rows = connection.execute(_SERIES, asked).all()
        moments = sorted({row.moment for row in rows})
        place = {at: number for number, at in enumerate(moments)}
        found = sorted({row.key for row in rows})[:_MOST_FIELDS]
        series: dict[str, dict[str, list[float | None]]] = {
            field: {part: [None] * len(moments) for part in ("mean", "lowest", "highest")} for field in found
        }
        for row in rows:
            for part, values in series.get(row.key, {}).items():
                values[place[row.moment]] = getattr(row, part)
        return moments, series

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
