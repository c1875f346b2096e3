"""Strategies: the population, which evolution replaces, and the roster, which it never touches."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Engine,
    Text,
    bindparam,
    column,
    delete,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import Insert, insert

from storage.bulk import copy_rows
from storage.errors import InvalidValueError, NotFoundError
from storage.models import Strategy, table_of
from storage.values import check_names, plain

__all__ = ["SORTS", "StrategyCounts", "StrategyPage", "StrategyRepository", "strategy_id"]

_table = table_of(Strategy)
_OURS = ("id", "run_id", "state", "enabled", "version", "created_at", "updated_at")
_GIVEN = tuple(column.name for column in _table.columns if column.name not in _OURS)
_REQUIRED = tuple(
    name for name in _GIVEN if not _table.columns[name].nullable and _table.columns[name].server_default is None
)
_DEFAULTS = {"generation": 0, "round": 0, "grade": "C", "money": "paper", "finalist": False}
_LIMIT = 500
_FILTERS = ("run_id", "type", "symbol", "timeframe", "venue", "grade", "state", "money", "species")
_OWN_VALUE = r" -?\d[\d.,e+]*(?=.*, needs )"  # the first number, where a bound follows it
_SEARCHED = ("id", "type", "symbol", "timeframe", "venue")

SORTS = (
    "id",
    "type",
    "symbol",
    "timeframe",
    "venue",
    "grade",
    "state",
    "generation",
    "fitness",
    "scs",
    "oos_scs",
    "in_sample_scs",
    "n_trades",
    "oos_trades",
    "win_rate",
    "sharpe",
    "profit_factor",
    "max_drawdown",
    "volatility",
    "total_return",
    "exposure",
    "psr",
    "dsr",
    "dsr_raw",
    "excess_return",
    "created_at",
    "updated_at",
)


class StrategyPage(NamedTuple):
    """A part of a list of strategies.

    Attributes
    ----------
    items : sequence of mappings
        All columns of the table `strategies`.
    total : int
        How many there are on all pages.
    """

    items: Sequence[Mapping[str, Any]]
    total: int


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


class StrategyCounts(NamedTuple):
    """How many strategies pass which bar.

    Attributes
    ----------
    strategies : int
        All of them.
    above_threshold : int
        With an SCS at or above the threshold.
    grade_a, grade_b : int
        With evidence.
    enabled, live : int
        In these states of the roster.
    commonest_reason : str or None
        Why the likeliest candidates fail: the most frequent `grade_reason` of those at or above the threshold without
        grade A; where there are none, of the finalists without it; where there are none either, of all without it.
        Reasons count as the same whatever value they state, which is left out ("C: out-of-sample trades, needs 30").
        None where nobody has a reason.
    """

    strategies: int
    above_threshold: int
    grade_a: int
    grade_b: int
    enabled: int
    live: int
    commonest_reason: str | None


class StrategyRepository:
    """The population and the roster.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace_population(self, run_id: str, rows: Sequence[Mapping[str, object]]) -> int:
        """Make these rows the population of a run.

        Candidates of the run that are not among the rows are deleted, the others are stored or, where they
        differ, updated with a new version. Members of the roster (every state but "candidate") stay exactly
        as they are, whether they are among the rows or not.

        Parameters
        ----------
        run_id : str
            The run.
        rows : sequence of mappings
            Columns of the table `strategies`, without those that belong to the roster or are ours (`id`,
            `run_id`, `state`, `enabled`, `version`, the times); the id is `strategy_id`.

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
            for new, row in sorted(zip(ids, rows, strict=True), key=lambda pair: pair[0])  # no two can deadlock
        ]
        with self._engine.begin() as connection:
            changed = connection.execute(_DELETE, {"run_id": run_id, "kept": ids}).rowcount
            if rows:
                connection.execute(_STAGE)
                copy_rows(connection, _table, ("id", "run_id", *_GIVEN), values, into="incoming_strategies")
                changed += connection.execute(_UPSERT).rowcount
        return int(changed)

    def get(self, strategy: str) -> Mapping[str, Any]:
        """Return one strategy.

        Parameters
        ----------
        strategy : str
            Its id.

        Returns
        -------
        mapping
            All columns of the table `strategies`.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(_table).where(_table.c.id == plain(str(strategy)))).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no strategy {strategy!r}: see `evoq strategies`")
        return dict(row._mapping)

    def beginning_with(self, prefix: str, *, limit: int = 50) -> Sequence[str]:
        """Return the ids that begin with some letters.

        Parameters
        ----------
        prefix : str
            The letters; all ids begin with none.
        limit : int
            How many at most.

        Returns
        -------
        sequence of str
            In order.
        """
        found = _table.c.id.startswith(plain(str(prefix)), autoescape=True)
        query = select(_table.c.id).where(found).order_by(_table.c.id).limit(limit)
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def leaderboard(
        self,
        *,
        limit: int = 50,
        offset: int = 0,
        sort: str = "-oos_scs",
        q: str | None = None,
        enabled: bool | None = None,
        finalist: bool | None = None,
        **filters: str | None,
    ) -> StrategyPage:
        """Return strategies in order.

        Parameters
        ----------
        limit : int
            How many at most, 1..500.
        offset : int
            How many to leave out first.
        sort : str
            One of `SORTS`, descending with "-" before it. What has no value comes last in both directions.
        q : str, optional
            Only strategies with this text in their id, type, symbol, timeframe or venue.
        enabled : bool, optional
            Only those enabled, or only the others.
        finalist : bool, optional
            Only finalists, or only the others.
        **filters : str, optional
            Exact values of `run_id`, `type`, `symbol`, `timeframe`, `venue`, `grade`, `state`, `money` or
            `species`.

        Returns
        -------
        StrategyPage
            The strategies and how many there are in all.

        Raises
        ------
        InvalidValueError
            If a name or a number is outside of these.
        """
        if not (1 <= limit <= _LIMIT and offset >= 0):
            raise InvalidValueError(f"limit must be in [1, {_LIMIT}] and offset at least 0, were {limit} and {offset}")
        conditions = _conditions(q, filters, enabled=enabled, finalist=finalist)
        page = select(_table).where(*conditions).order_by(*_order(sort)).limit(limit).offset(offset)
        count = select(func.count()).select_from(_table).where(*conditions)
        with self._engine.connect() as connection:
            items = [dict(row._mapping) for row in connection.execute(page)]
            total = connection.execute(count).scalar_one()
        return StrategyPage(items, int(total))

    def latest_run(self) -> str | None:
        """Return the run whose population was stored last.

        Returns
        -------
        str or None
            Its id; None while no population is stored.
        """
        query = select(_table.c.run_id).order_by(_table.c.updated_at.desc(), _table.c.run_id.desc()).limit(1)
        with self._engine.connect() as connection:
            run_id: str | None = connection.execute(query).scalar()
        return run_id

    def counts(self, threshold: float, *, finalist: bool | None = None, **filters: str | None) -> StrategyCounts:
        """Return how many strategies pass which bar, and why the others do not.

        Parameters
        ----------
        threshold : float
            SCS, 0..100.
        finalist : bool, optional
            As for `leaderboard`.
        **filters : str, optional
            As for `leaderboard`.

        Returns
        -------
        StrategyCounts
            Over all strategies that fulfil the filters.
        """
        conditions = _conditions(None, filters, finalist=finalist)
        flags = (
            _table.c.scs >= float(threshold),
            _table.c.grade == "A",
            _table.c.grade == "B",
            _table.c.state == "enabled",
            _table.c.state == "live",
        )
        query = select(func.count(), *(func.count().filter(flag) for flag in flags)).where(*conditions)
        with self._engine.connect() as connection:
            counted = connection.execute(query.select_from(_table)).one()
            commonest = _commonest_reason(connection, conditions, flags[0])
        return StrategyCounts._make([*counted, commonest])


def _commonest_reason(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], above: ColumnElement[bool]
) -> str | None:
    """Return why most fail: of those above the threshold, else of the finalists, else of all."""
    kind = func.regexp_replace(_table.c.grade_reason, _OWN_VALUE, "").label("kind")
    query = (
        select(kind)
        .where(*conditions, _table.c.grade != "A", _table.c.grade_reason.is_not(None))
        .group_by(kind)
        .order_by(func.count().desc(), kind)
        .limit(1)
    )
    for narrowed in (query.where(above), query.where(_table.c.finalist), query):
        reason: str | None = connection.execute(narrowed).scalar()
        if reason is not None:
            return reason
    return None


def _conditions(q: str | None, filters: Mapping[str, str | None], **flags: bool | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a strategy must fulfil."""
    check_names("a list of strategies", filters, _FILTERS, ())
    conditions = [_table.c[name] == plain(str(value)) for name, value in filters.items() if value is not None]
    conditions += [_table.c[name] == bool(value) for name, value in flags.items() if value is not None]
    if q:
        sought = plain(str(q))
        conditions.append(or_(*(_table.c[name].icontains(sought, autoescape=True) for name in _SEARCHED)))
    return conditions


def _order(sort: str) -> list[ColumnElement[Any]]:
    """Return the order asked for; ties go to the older child, whatever the run it belongs to, and at last to the id."""
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise InvalidValueError(
            f"sort must be one of {', '.join(SORTS)}, with - before it for descending, was {sort!r}"
        )
    column = _table.c[name]
    wanted = (column.desc() if sort.startswith("-") else column.asc()).nulls_last()
    return [wanted, _table.c.species.asc(), _table.c.child.asc(), _table.c.id.asc()]


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
