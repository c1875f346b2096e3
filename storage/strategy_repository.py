"""Strategies: the population, which evolution replaces, and the roster, which it never touches."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, func, select

from storage.errors import InvalidValueError, NotFoundError
from storage.models import Strategy, table_of
from storage.pagination import Page, order_of, read_page
from storage.strategy_list import (
    LISTING,
    SORTS,
    StrategyCounts,
    StrategyPage,
    commonest_reason,
    matching,
    searched,
)
from storage.strategy_population import replace_population
from storage.strategy_roster import Author, StateChange, change_states, long_enabled, to_enable
from storage.values import plain

__all__ = ["SORTS", "StrategyRepository"]

_table = table_of(Strategy)
_LIMIT = 500


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
        """
        with self._engine.begin() as connection:
            return replace_population(connection, run_id, rows)

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
            Only strategies with each word of this in their id, type, symbol, timeframe or venue.
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
        conditions = matching(q, filters, enabled=enabled, finalist=finalist)
        page = select(_table).where(*conditions).order_by(*order_of(LISTING, sort)).limit(limit).offset(offset)
        count = select(func.count()).select_from(_table).where(*conditions)
        with self._engine.connect() as connection:
            items = [dict(row._mapping) for row in connection.execute(page)]
            total = connection.execute(count).scalar_one()
        return StrategyPage(items, int(total))

    def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        sort: str | None = None,
        q: str | None = None,
        retired: bool | None = None,
        since: object = None,
        until: object = None,
        **filters: str | bool | None,
    ) -> Page:
        """Return a page of strategies.

        Parameters
        ----------
        limit : int
            How many at most, 1..500.
        cursor : str, optional
            The `next_cursor` of the page before.
        sort : str, optional
            One of `SORTS`, descending with "-" before it; "-oos_scs" by default. What has no value comes last in
            both directions.
        q : str, optional
            Only strategies with each word of this in their id, type, symbol, timeframe or venue.
        retired : bool, optional
            Only those that are retired, or only those that are not.
        since, until : datetime or int, optional
            Only those stored at or after `since` and before `until`: aware times or ms UTC.
        **filters : str or bool, optional
            Exact values, as for `leaderboard`: also `enabled` and `finalist`.

        Returns
        -------
        Page
            All columns of the table `strategies`.

        Raises
        ------
        InvalidValueError
            If a name, a number or the cursor is not one of this list.
        """
        for name in ("enabled", "finalist"):
            if not isinstance(filters.get(name), bool | None):
                raise InvalidValueError(f"{name} must be true or false, was {filters[name]!r}")
        conditions = searched(q)
        if retired is not None:
            conditions.append(_table.c.state == "retired" if retired else _table.c.state != "retired")
        return read_page(
            self._engine,
            LISTING,
            limit=limit,
            cursor=cursor,
            sort=sort,
            since=since,
            until=until,
            filters=filters,
            conditions=conditions,
            sought=f"{retired} {q or ''}",
        )

    def set_state(
        self,
        strategy: str,
        action: str,
        *,
        version: int | None,
        by: str,
        reason: str | None = None,
        role: str = "operate",
        source: str = "api",
    ) -> Mapping[str, Any]:
        """Let a strategy into the roster, or take it out; a row of the audit log tells of it.

        Parameters
        ----------
        strategy : str
            Its id.
        action : str
            "enable" (a candidate, or one that was disabled or retired), "disable" (it stops, and keeps its place
            in the roster) or "retire".
        version : int or None
            The version that was read before; None for any.
        by, role, source : str
            Who, in which role and from where.
        reason : str, optional
            Why.

        Returns
        -------
        mapping
            All columns of the strategy as it is now.

        Notes
        -----
        `NotFoundError` says that there is no such strategy, `ConflictError` that it has another version, and
        `TransitionError` that it may not take this step, or that as many as `max_enabled` are enabled.
        """
        with self._engine.begin() as connection:
            (change,) = change_states(connection, action, {strategy: version}, Author(by, role, source, reason))
            if change.error is not None:
                raise change.error
            row = connection.execute(select(_table).where(_table.c.id == strategy)).one()
        return dict(row._mapping)

    def set_states(
        self,
        strategies: Sequence[str] | Mapping[str, int | None],
        action: str,
        *,
        by: str,
        reason: str | None = None,
        role: str = "operate",
        source: str = "api",
    ) -> Sequence[StateChange]:
        """Change the state of several strategies in one transaction; those that may not change are left alone.

        Parameters
        ----------
        strategies : sequence of str, or mapping of str to int or None
            At most 500 ids; in a mapping with the version that each must have, None for any.
        action : str
            As for `set_state`.
        by, role, source : str
            Who, in which role and from where.
        reason : str, optional
            Why.

        Returns
        -------
        sequence of StateChange
            What became of each, in the order given; one named twice is answered once.
        """
        with self._engine.begin() as connection:
            versions = strategies if isinstance(strategies, Mapping) else dict.fromkeys(strategies)
            return change_states(connection, action, versions, Author(by, role, source, reason))

    def to_enable(
        self,
        *,
        run_id: str | None = None,
        max_enabled: int | None = None,
        least_oos_scs: float | None = None,
        least_oos_trades: int = 0,
    ) -> Sequence[Mapping[str, Any]]:
        """Return the best candidates with out-of-sample evidence, as many as may still be enabled.

        Parameters
        ----------
        run_id : str, optional
            Only candidates of this run.
        max_enabled : int, optional
            How many may be enabled at once; by default what the configuration says.
        least_oos_scs : float, optional
            The least SCS out of sample.
        least_oos_trades : int
            The fewest trades out of sample.

        Returns
        -------
        sequence of mappings
            All columns, best first: by grade, by SCS out of sample, by SCS. None that has the market and the
            parameters of a member of the roster, retired ones included.
        """
        with self._engine.connect() as connection:
            return to_enable(
                connection,
                run_id=run_id,
                max_enabled=max_enabled,
                least_oos_scs=least_oos_scs,
                least_oos_trades=least_oos_trades,
            )

    def long_enabled(self, days: float) -> Sequence[Mapping[str, Any]]:
        """Return the strategies that have been in the state "enabled" for long, the oldest first.

        Parameters
        ----------
        days : float
            For how many days at least.

        Returns
        -------
        sequence of mappings
            All columns.
        """
        with self._engine.connect() as connection:
            return long_enabled(connection, days)

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
            Over all strategies that fulfil the filters; retired ones only where the state is asked for.
        """
        conditions = matching(None, filters, finalist=finalist)
        if filters.get("state") is None:
            conditions.append(_table.c.state != "retired")
        flags = (
            _table.c.scs >= float(threshold),
            _table.c.grade == "A",
            _table.c.grade == "B",
            (_table.c.state == "enabled") & _table.c.enabled,
            _table.c.state == "live",
        )
        query = select(func.count(), *(func.count().filter(flag) for flag in flags)).where(*conditions)
        with self._engine.connect() as connection:
            counted = connection.execute(query.select_from(_table)).one()
            commonest = commonest_reason(connection, conditions, flags[0])
        return StrategyCounts._make([*counted, commonest])
