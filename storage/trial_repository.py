"""Trials: every genome that a run evaluated, and who descends from whom."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from storage.bulk import copy_rows
from storage.errors import InvalidValueError, NotFoundError
from storage.models import table_of
from storage.trial_models import Trial, TrialCandles, TrialSeries
from storage.values import check_names, plain

__all__ = ["TrialRepository", "copy_trials"]

_GIVEN = ("batch", "species", "child", "genome", "data_hash", "fitness", "operator", "parents", "metrics")
_REQUIRED = ("batch", "species", "child", "genome", "data_hash", "operator")
_OWN = ("batch", "child", "genome", "fitness", "operator", "parents", "metrics")
_NODE = ("child", "operator", "fitness", "genome", "parents", "batch")
_MOST_DEPTH = 50
_MOST_NODES = 500

_trials = table_of(Trial)
_series = table_of(TrialSeries)
_candles = table_of(TrialCandles)


class TrialRepository:
    """Trials, which `RunRepository.commit` stores.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_run(self, run_id: str) -> Sequence[Mapping[str, Any]]:
        """Return the trials of a run in the order of their children.

        Parameters
        ----------
        run_id : str
            The run.

        Returns
        -------
        sequence of mappings
            `run_id`, and all that `RunRepository.commit` takes.
        """
        query = (
            select(_series.c.run_id, _series.c.species, _candles.c.data_hash, *(_trials.c[name] for name in _OWN))
            .join_from(_trials, _series, _trials.c.series_id == _series.c.id)
            .join(_candles, _trials.c.candles_id == _candles.c.id)
            .where(_series.c.run_id == plain(str(run_id)))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_series.c.species, _trials.c.child))
            return [dict(row._mapping) for row in rows]

    def lineage(self, run_id: str, species: str, child: int, depth: int = 10) -> Mapping[str, Any]:
        """Return a trial and its ancestors.

        Parameters
        ----------
        run_id, species, child : str, str and int
            The trial.
        depth : int
            How many generations back at most, 0..50.

        Returns
        -------
        mapping
            `nodes`, a list of mappings with `child`, `operator`, `fitness`, `genome`, `parents`, `batch` and `depth`
            (the least number of steps from the trial, which has 0), the nearest first and at most 500;
            and `edges`, a list of (parent, child) between these nodes. A parent in `parents` that is no node lies
            beyond one of the two bounds.

        Raises
        ------
        InvalidValueError
            If `depth` is out of bounds.
        NotFoundError
            If there is no such trial.
        """
        if not 0 <= depth <= _MOST_DEPTH:
            raise InvalidValueError(f"depth must be in [0, {_MOST_DEPTH}], was {depth}")
        one = select(_series.c.id).where(
            _series.c.run_id == plain(str(run_id)), _series.c.species == plain(str(species))
        )
        here = _trials.c.series_id == one.scalar_subquery()
        walk = (
            select(_trials.c.child, _trials.c.parents, literal(0).label("depth"))
            .where(here, _trials.c.child == int(child))
            .cte("walk", recursive=True)
        )
        # UNION, not UNION ALL: who is reached on two ways of the same length is followed once.
        parents = select(func.unnest(walk.c.parents).label("child"), (walk.c.depth + 1).label("depth"))
        step = parents.where(walk.c.depth < depth).subquery()
        walk = walk.union(
            select(_trials.c.child, _trials.c.parents, step.c.depth).where(here, _trials.c.child == step.c.child)
        )
        nearest = select(walk.c.child, func.min(walk.c.depth).label("depth")).group_by(walk.c.child).subquery()
        query = (
            select(*(_trials.c[name] for name in _NODE), nearest.c.depth)
            .join(nearest, _trials.c.child == nearest.c.child)
            .where(here)
            .order_by(nearest.c.depth, _trials.c.child)
            .limit(_MOST_NODES)
        )
        with self._engine.connect() as connection:
            nodes = [dict(row._mapping) for row in connection.execute(query)]
        if not nodes:
            raise NotFoundError(f"there is no child {child} of {species!r} in run {run_id!r}: see its trials")
        known = {node["child"] for node in nodes}
        edges = [(parent, node["child"]) for node in nodes for parent in node["parents"] if parent in known]
        return {"nodes": nodes, "edges": edges}


def copy_trials(connection: Connection, run_id: str, trials: Sequence[Mapping[str, object]]) -> None:
    """Append trials of a run.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    run_id : str
        The run.
    trials : sequence of mappings
        As `RunRepository.commit` takes them.
    """
    if not trials:
        return
    rows = [_values(trial) for trial in trials]
    series = _numbers(connection, _series, [{"run_id": run_id, "species": row["species"]} for row in rows])
    candles = _numbers(connection, _candles, [{"data_hash": row["data_hash"]} for row in rows])
    values = [
        (series[run_id, row["species"]], candles[(row["data_hash"],)], *(row[name] for name in _OWN)) for row in rows
    ]
    copy_rows(connection, _trials, ("series_id", "candles_id", *_OWN), values)


def _numbers(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, ...], int]:
    """Return the numbers of what trials share, and give one to what is new."""
    wanted = {tuple(row.values()): row for row in rows}
    names = tuple(rows[0])
    query = select(table).where(*(table.c[name].in_({row[name] for row in rows}) for name in names))

    def known() -> dict[tuple[str, ...], int]:
        return {tuple(row._mapping[name] for name in names): row.id for row in connection.execute(query)}

    found = known()
    missing = [wanted[key] for key in sorted(wanted.keys() - found.keys())]  # sorted: no two can deadlock
    if missing:  # asked first: a conflict would use up a number
        connection.execute(insert(table).values(missing).on_conflict_do_nothing())
        found = known()
    return found


def _values(row: Mapping[str, object]) -> dict[str, Any]:
    """Return a trial's values, checked."""
    check_names("a trial", row, _GIVEN, _REQUIRED)
    genome = plain(row["genome"])
    if not isinstance(genome, list) or None in genome:
        raise InvalidValueError(
            f"a genome must be finite numbers, was {row['genome']!r} of child {row['child']}:"
            " only the fitness may be NaN"
        )
    names = {name: str(plain(row[name])) for name in ("species", "data_hash")}
    return {**dict.fromkeys(_GIVEN), **row, **names, "parents": row.get("parents") or []}
