"""Strategies as a whole: why most fail, what each type has come to, and all of them as points of a map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Engine, Numeric, cast, func, select, tuple_

from storage.models import Strategy, table_of
from storage.strategy_list import grade_reasons

__all__ = ["FACETS", "MAP_COLUMNS", "STATE_COLUMNS", "OverviewRepository", "TypeSummary"]

_table = table_of(Strategy)

MAP_COLUMNS = ("id", "type", "symbol", "timeframe", "scs", "oos_scs", "grade", "state", "n_trades")

STATE_COLUMNS = ("id", "state", "enabled", "money", "scs", "oos_scs", "grade", "version")

FACETS = ("type", "symbol", "timeframe", "grade", "state")
"""Columns of few values that lists are filtered by."""


@dataclass(frozen=True)
class TypeSummary:
    """What the strategies of a type have come to.

    Attributes
    ----------
    type : str
        Of the strategies.
    count : int
        How many there are.
    best_scs, median_scs : float or None
        SCS on all candles, 0..100.
    best_oos_scs : float or None
        The best SCS out of sample; None where none was looked at.
    """

    type: str
    count: int
    best_scs: float | None
    median_scs: float | None
    best_oos_scs: float | None


class OverviewRepository:
    """Strategies as a whole; retired ones are left out unless they are asked for.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def states(self, most: int) -> Sequence[Mapping[str, Any]]:
        """Return where strategies stand, those that matter most first, retired ones among them.

        Parameters
        ----------
        most : int
            How many at most.

        Returns
        -------
        sequence of mapping
            `STATE_COLUMNS` of members of the roster, then of finalists, then of the others, best SCS first; the retired
            come last.
        """
        query = select(*(_table.c[name] for name in STATE_COLUMNS)).order_by(
            _table.c.state == "retired",
            _table.c.state == "candidate",
            _table.c.finalist.desc(),
            _table.c.scs.desc().nulls_last(),
            _table.c.id,
        )
        with self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query.limit(most))]

    def reasons(self, threshold: float, most: int = 8) -> Sequence[tuple[str, int]]:
        """Return why strategies fail: those at or above a threshold, else the finalists, else all.

        Parameters
        ----------
        threshold : float
            SCS, 0..100.
        most : int
            How many reasons at most.

        Returns
        -------
        sequence of (str, int)
            Each reason without its own value, and how many have it; the commonest first.
        """
        with self._engine.connect() as connection:
            return grade_reasons(connection, [_table.c.state != "retired"], _table.c.scs >= float(threshold), int(most))

    def types(self) -> Sequence[TypeSummary]:
        """Return what each type has come to.

        Returns
        -------
        sequence of TypeSummary
            By name of the type.
        """
        query = (
            select(
                _table.c.type,
                func.count(),
                func.max(_table.c.scs),
                func.percentile_cont(0.5).within_group(_table.c.scs),
                func.max(_table.c.oos_scs),
            )
            .where(_table.c.state != "retired")
            .group_by(_table.c.type)
            .order_by(_table.c.type)
        )
        with self._engine.connect() as connection:
            return [TypeSummary(*row) for row in connection.execute(query)]

    def facets(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Count strategies by what lists are filtered by; retired ones count here, as their state tells them apart.

        Returns
        -------
        mapping of str to sequence of (str, int)
            For each of `FACETS` the values there are, in their order, and how many strategies have them.
        """
        columns = [_table.c[name] for name in FACETS]
        groups = func.grouping_sets(*(tuple_(column) for column in columns))
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in FACETS}
        with self._engine.connect() as connection:
            for count, *values in connection.execute(select(func.count(), *columns).group_by(groups)):
                for name, value in zip(FACETS, values, strict=True):
                    if value is not None:  # all the others of the row are
                        found[name].append((str(value), int(count)))
        return {name: sorted(counted) for name, counted in found.items()}

    def leaders(self, most: int) -> Sequence[Mapping[str, Any]]:
        """Return the strategies with the best out-of-sample scores.

        Parameters
        ----------
        most : int
            How many at most.

        Returns
        -------
        sequence of mappings
            All columns, the best first; none without such a score.
        """
        query = (
            select(_table)
            .where(_table.c.oos_scs.is_not(None), _table.c.state != "retired")
            .order_by(_table.c.oos_scs.desc().nulls_last(), _table.c.id)
            .limit(int(most))
        )
        with self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def best_of_runs(self, runs: Sequence[str]) -> Mapping[str, float]:
        """Return the best SCS of each run.

        Parameters
        ----------
        runs : sequence of str
            Their ids.

        Returns
        -------
        mapping of str to float
            Of those that have strategies with a score.
        """
        best = func.max(_table.c.scs)
        query = select(_table.c.run_id, best).where(_table.c.run_id.in_(list(runs)), _table.c.scs.is_not(None))
        with self._engine.connect() as connection:
            return {str(run): float(score) for run, score in connection.execute(query.group_by(_table.c.run_id))}

    def present(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which of some strategies there are, retired ones too.

        Parameters
        ----------
        ids : sequence of str
            Their ids.

        Returns
        -------
        frozenset of str
            Those that are there.
        """
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(select(_table.c.id).where(_table.c.id.in_(list(ids)))))

    def histogram(self, name: str, bins: int) -> Sequence[int]:
        """Count the scores of strategies in bins of the same width.

        Parameters
        ----------
        name : {"scs", "oos_scs"}
            Which score, 0..100.
        bins : int
            How many bins.

        Returns
        -------
        sequence of int
            One count a bin; 100 belongs to the last one.
        """
        score = _table.c[name]
        place = func.least(func.width_bucket(score, 0.0, 100.0, int(bins)), int(bins)).label("place")
        query = select(place, func.count()).where(score.is_not(None), _table.c.state != "retired").group_by(place)
        with self._engine.connect() as connection:
            counted = {int(at): int(count) for at, count in connection.execute(query)}
        return [counted.get(at, 0) for at in range(1, int(bins) + 1)]

    def map_version(self, *, retired: bool = False) -> str:
        """Return a name for what `map` would return: another one as soon as any strategy changes, comes or goes.

        Parameters
        ----------
        retired : bool
            Whether retired strategies are part of it.

        Returns
        -------
        str
            How many there are, and the sum of a hash of each one's id and version.
        """
        identity = func.concat(_table.c.id, " ", _table.c.version)
        hashes = func.sum(cast(func.hashtextextended(identity, cast(0, BigInteger)), Numeric))
        query = select(func.count(), func.coalesce(hashes, 0))
        if not retired:
            query = query.where(_table.c.state != "retired")
        with self._engine.connect() as connection:
            count, total = connection.execute(query).one()
        return f"{count}-{total:f}"

    def map(self, *, retired: bool = False) -> Mapping[str, Sequence[Any]]:
        """Return all strategies as points.

        Parameters
        ----------
        retired : bool
            Whether retired strategies are part of it.

        Returns
        -------
        mapping of str to sequence
            A column each of `MAP_COLUMNS`, by id.
        """
        query = select(*(_table.c[name] for name in MAP_COLUMNS)).order_by(_table.c.id)
        if not retired:
            query = query.where(_table.c.state != "retired")
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        columns = zip(*rows, strict=True) if rows else ((),) * len(MAP_COLUMNS)
        return {name: list(column) for name, column in zip(MAP_COLUMNS, columns, strict=True)}
