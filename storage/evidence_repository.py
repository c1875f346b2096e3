"""Evidence: which candles were searched, and how often; who looked at which holdout; how strategies fared."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, collate, func, insert, select, text
from sqlalchemy.dialects import postgresql

from storage.errors import InvalidValueError, NotFoundError
from storage.evidence_models import DataSet, HoldoutTouch, StrategyCurve, TrialClusterState
from storage.holdout_guard import overlapping, refuse_known_holdout
from storage.models import Run, table_of
from storage.trial_models import Trial, TrialCandles, TrialSeries
from storage.values import moment, plain, plain_row

__all__ = ["MOST_CURVE_POINTS", "EvidenceRepository", "TrialCount"]

MOST_CURVE_POINTS = 5_000

_AT_ONCE = 10_000  # genomes that are fetched together
_MOST_STATE_BYTES = 2**27  # sent as hex in one statement: the server takes no more than twice as much
_DATA_SET = ("data_hash", "origin", "venue", "symbol", "timeframe", "first_time", "last_time", "n_candles")
_HOLDOUT = ("data_hash", "origin", "symbol", "timeframe", "first_time", "last_time")
_CURVE = ("times", "index", "buy_and_hold")

_sets = table_of(DataSet)
_clusters = table_of(TrialClusterState)
_touches = table_of(HoldoutTouch)
_curves = table_of(StrategyCurve)
_trials = table_of(Trial)
_series = table_of(TrialSeries)
_candles_of_trials = table_of(TrialCandles)
_runs = table_of(Run)


class TrialCount(NamedTuple):
    """How many genomes were ever evaluated on some candles.

    Attributes
    ----------
    distinct : int
        Different genomes of a species.
    raw : int
        All trials, repetitions in other runs included.
    """

    distinct: int
    raw: int


class EvidenceRepository:
    """What evidence is made of; nothing here is ever deleted.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def know(self, data_sets: Sequence[Mapping[str, object]]) -> None:
        """Remember candles, before anything is computed on them; those that are known already stay as they are.

        Parameters
        ----------
        data_sets : sequence of mappings
            `data_hash`, `origin` ("real:VENUE" or "simulated:SEED"), `venue`, `symbol`, `timeframe`, `first_time` and
            `last_time` (ms UTC, when the first and the last candle open), and `n_candles`.
        """
        rows = [_candles("a data set", row, _DATA_SET) for row in data_sets]
        rows.sort(key=lambda row: str(row["data_hash"]))  # no two can deadlock
        if rows:
            with self._engine.begin() as connection:
                connection.execute(postgresql.insert(_sets).values(rows).on_conflict_do_nothing())

    def data_set(self, data_hash: str) -> Mapping[str, Any] | None:
        """Return what is known of candles.

        Parameters
        ----------
        data_hash : str
            Of the candles.

        Returns
        -------
        mapping or None
            All columns of the table `data_sets`; None where nobody told of them.
        """
        query = select(_sets).where(_sets.c.data_hash == plain(str(data_hash)))
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else dict(row._mapping)

    def genomes(self, data_hash: str) -> Generator[tuple[str, tuple[float, ...]], None, None]:
        """Return every genome that was ever evaluated on some candles or on any that overlap them.

        They are fetched by the ten thousand as they are asked for: who stops before the end closes the generator.
        Candles overlap where origin, symbol and timeframe are the same and at least one candle opens in the time of
        both. All runs count, those that failed or were discarded too.

        Parameters
        ----------
        data_hash : str
            Of the candles, which `know` was told of.

        Yields
        ------
        (str, tuple of float)
            Species and genome, each pair once, in the order of their first evaluation: by the creation of the run,
            its id, batch, species and child.

        Notes
        -----
        A list that is read later begins with the earlier one as long as only the newest run gets new trials. Where an
        older run is resumed, two runs go on at once, or overlapping candles of an older run become known, new genomes
        lie in the middle: the genomes before them stay where they were, those behind move back, and a genome that is
        evaluated again earlier in this order moves forward. What was made of an earlier list is made anew.
        """
        first = (_runs.c.created_at, collate(_runs.c.id, "C"), _trials.c.batch, collate(_series.c.species, "C"))
        same = (collate(_series.c.species, "C"), _trials.c.genome)
        evaluated = (
            select(_runs.c.created_at, _series.c.run_id, _series.c.species)
            .add_columns(*(_trials.c[name] for name in ("batch", "child", "genome")))
            .join_from(_trials, _series, _trials.c.series_id == _series.c.id)
            .join(_runs, _series.c.run_id == _runs.c.id)
            .where(_trials.c.candles_id.in_(_overlapping_candles(data_hash)))
            .ext(postgresql.distinct_on(*same))
            .order_by(*same, *first, _trials.c.child)
            .subquery()
        )
        order = [evaluated.c.created_at, collate(evaluated.c.run_id, "C"), evaluated.c.batch]
        order += [collate(evaluated.c.species, "C"), evaluated.c.child]
        query = select(evaluated.c.species, evaluated.c.genome).order_by(*order)
        with self._engine.connect() as connection:
            _prepare_count(connection, data_hash)
            for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
                yield row.species, tuple(row.genome)

    def trial_count(self, data_hash: str) -> TrialCount:
        """Return how many genomes were ever evaluated on some candles or on any that overlap them.

        Parameters
        ----------
        data_hash : str
            Of the candles, which `know` was told of.

        Returns
        -------
        TrialCount
            Distinct ones, which are those that `genomes` returns, and all.
        """
        per_genome = (
            select(func.count().label("n"))
            .join_from(_trials, _series, _trials.c.series_id == _series.c.id)
            .where(_trials.c.candles_id.in_(_overlapping_candles(data_hash)))
            .group_by(_series.c.species, _trials.c.genome)
            .subquery()
        )
        query = select(func.count(), func.coalesce(func.sum(per_genome.c.n), 0)).select_from(per_genome)
        with self._engine.connect() as connection:
            _prepare_count(connection, data_hash)
            distinct, raw = connection.execute(query).one()
        return TrialCount(int(distinct), int(raw))

    def clusters(self, data_hash: str, cost_hash: str) -> tuple[int, bytes] | None:
        """Return the clusters of trials on some candles at some costs.

        Parameters
        ----------
        data_hash, cost_hash : str
            Of the candles and the costs.

        Returns
        -------
        tuple of int and bytes, or None
            How many genomes were added, and the state; None while nothing is kept.
        """
        query = select(_clusters.c.n_genomes, _clusters.c.state).where(
            _clusters.c.data_hash == plain(str(data_hash)), _clusters.c.cost_hash == plain(str(cost_hash))
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (int(row.n_genomes), bytes(row.state))

    def kept_clusters(self, data_hash: str, cost_hash: str) -> Sequence[tuple[str, int]]:
        """Return on which candles clusters are kept that may serve these candles as well.

        Parameters
        ----------
        data_hash, cost_hash : str
            Of the candles, which `know` was told of, and the costs.

        Returns
        -------
        sequence of (str, int)
            Hash and number of candles of data sets that overlap these, of the same market, not longer than these; the
            longest one first.
        """
        longest = select(_sets.c.n_candles).where(_sets.c.data_hash == plain(str(data_hash))).scalar_subquery()
        query = (
            select(_sets.c.data_hash, _sets.c.n_candles)
            .join(_clusters, _clusters.c.data_hash == _sets.c.data_hash)
            .where(_clusters.c.cost_hash == plain(str(cost_hash)))
            .where(_sets.c.data_hash.in_(_overlapping_sets(data_hash)), _sets.c.n_candles <= longest)
            .order_by(_sets.c.n_candles.desc(), _sets.c.data_hash)
        )
        with self._engine.connect() as connection:
            return [(row.data_hash, int(row.n_candles)) for row in connection.execute(query)]

    def keep_clusters(self, data_hash: str, cost_hash: str, n_genomes: int, state: bytes) -> None:
        """Keep clusters of trials, unless those of more genomes are kept already.

        Parameters
        ----------
        data_hash, cost_hash : str
            Of the candles and the costs.
        n_genomes : int
            How many genomes were added.
        state : bytes
            The clusters, at most 128 MiB.

        Raises
        ------
        InvalidValueError
            If `state` is larger.
        """
        if len(state) > _MOST_STATE_BYTES:
            raise InvalidValueError(
                f"clusters must have at most {_MOST_STATE_BYTES} bytes, had {len(state)}:"
                " keep none, and make them anew from the genomes when they are needed"
            )
        values: dict[str, Any] = {"data_hash": plain(str(data_hash)), "cost_hash": plain(str(cost_hash))}
        values |= {"n_genomes": int(n_genomes), "state": bytes(state)}
        statement = postgresql.insert(_clusters).values(values)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=["data_hash", "cost_hash"],
            set_={"n_genomes": new.n_genomes, "state": new.state, "updated_at": func.now()},
            where=_clusters.c.n_genomes <= new.n_genomes,
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    def touch_holdout(self, run_id: str, *holdout: Mapping[str, object]) -> None:
        """Record that a run looks at a holdout; to be called before anybody looks. All of it or nothing is recorded.

        A run that has looked at these very candles before, because it is resumed, may do so again.

        Parameters
        ----------
        run_id : str
            The run.
        *holdout : mapping
            Of each market: `data_hash`, `origin`, `symbol`, `timeframe`, `first_time` and `last_time` of its candles,
            as for `know`.

        Raises
        ------
        ConflictError
            If candles of the same origin, symbol and timeframe that overlap these were looked at before as another
            holdout, or if a run was trained on such candles, this one included. Nobody may look then.
        """  # noqa: DOC502 - `refuse_known_holdout` raises it
        rows = [{"run_id": plain(str(run_id)), **_candles("a holdout", market, _HOLDOUT)} for market in holdout]
        with self._engine.begin() as connection:
            # First of all: of two at once one waits here, and sees what the other has recorded.
            connection.execute(text("LOCK TABLE holdout_touches IN SHARE ROW EXCLUSIVE MODE"))
            for row in rows:
                again = select(_touches.c.id).where(
                    *(_touches.c[name] == row[name] for name in ("run_id", "data_hash"))
                )
                if connection.execute(again).one_or_none() is None:
                    refuse_known_holdout(connection, row)
                    connection.execute(insert(_touches).values(row))

    def check_holdout(self, holdout: Mapping[str, object]) -> None:
        """Refuse a holdout that nobody may look at, and record nothing: for a run that will look at its end.

        Parameters
        ----------
        holdout : mapping
            As for `touch_holdout`, which refuses the same.
        """
        row = {"run_id": "", **_candles("a holdout", holdout, _HOLDOUT)}
        with self._engine.connect() as connection:
            refuse_known_holdout(connection, row)

    def holdout_touches(self, *, run_id: str | None = None, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """Return who looked at which holdout, the newest first.

        Parameters
        ----------
        run_id : str, optional
            Only looks of this run.
        limit : int
            How many at most.

        Returns
        -------
        sequence of mappings
            All columns of the table `holdout_touches`.
        """
        query = select(_touches).order_by(_touches.c.id.desc()).limit(limit)
        if run_id is not None:
            query = query.where(_touches.c.run_id == plain(str(run_id)))
        with self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def keep_curves(self, strategy_id: str, curves: Mapping[str, Mapping[str, object]]) -> None:
        """Keep the curves of a strategy; a curve of the same source is replaced.

        Parameters
        ----------
        strategy_id : str
            Its id.
        curves : mapping of str to mapping
            For each source ("backtest", "oos", "paper" or "live") the `times` (integer ms UTC), the strategy's `index`
            and `buy_and_hold`, all of the same length, at most 5,000 points.
        """
        rows = [
            {"strategy_id": plain(str(strategy_id)), "source": plain(str(source)), **_curve(source, curves[source])}
            for source in sorted(curves)  # no two can deadlock
        ]
        if not rows:
            return
        statement = postgresql.insert(_curves).values(rows)
        statement = statement.on_conflict_do_update(
            index_elements=["strategy_id", "source"], set_={name: statement.excluded[name] for name in _CURVE}
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    def curve(self, strategy_id: str, source: str) -> Mapping[str, Any] | None:
        """Return a curve of a strategy.

        Parameters
        ----------
        strategy_id : str
            Its id.
        source : str
            "backtest", "oos", "paper" or "live".

        Returns
        -------
        mapping or None
            `times`, `index` and `buy_and_hold`, lists of the same length; None where none is kept.
        """
        query = select(*(_curves.c[name] for name in _CURVE)).where(
            _curves.c.strategy_id == plain(str(strategy_id)), _curves.c.source == plain(str(source))
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else dict(row._mapping)


def _overlapping_sets(data_hash: str) -> Select[tuple[str]]:
    """Return the hashes of all candles that overlap some, their own included."""
    these = _sets.alias("these")
    return (
        select(_sets.c.data_hash)
        .join(these, overlapping(_sets.c, these.c))
        .where(these.c.data_hash == plain(str(data_hash)))
    )


def _overlapping_candles(data_hash: str) -> Select[tuple[int]]:
    """Return the numbers of all candles of trials that overlap some."""
    return select(_candles_of_trials.c.id).where(_candles_of_trials.c.data_hash.in_(_overlapping_sets(data_hash)))


def _prepare_count(connection: Connection, data_hash: str) -> None:
    """Refuse candles nobody told of, where 0 would be a lie; give the rest of the transaction an hour a statement."""
    known = select(_sets.c.data_hash).where(_sets.c.data_hash == plain(str(data_hash)))
    if connection.execute(known).one_or_none() is None:
        raise NotFoundError(f"there is no data set {data_hash!r}: trials are counted on candles that are known")
    connection.execute(text("SET LOCAL statement_timeout = '1h'"))  # ten million are not sorted in two minutes


def _candles(what: str, row: Mapping[str, object], names: tuple[str, ...]) -> dict[str, Any]:
    """Return which candles these are, as it is stored."""
    values = plain_row(what, row, names, names)
    for name in ("first_time", "last_time"):
        if not isinstance(values[name], int):
            raise InvalidValueError(f"{name} must be integer ms UTC, was {values[name]!r}")
        moment(values[name])
    return values


def _curve(source: str, curve: Mapping[str, object]) -> dict[str, list[Any]]:
    """Return a curve as it is stored."""
    values = plain_row(f"curve {source!r}", curve, _CURVE, _CURVE)
    lengths = [len(values[name]) if isinstance(values[name], list) else -1 for name in _CURVE]
    if len(set(lengths)) != 1 or not 0 <= lengths[0] <= MOST_CURVE_POINTS:
        raise InvalidValueError(
            f"curve {source!r} must have lists of one length up to {MOST_CURVE_POINTS}, had"
            f" {', '.join(f'{name} {length}' for name, length in zip(_CURVE, lengths, strict=True))}: thin it"
        )
    if not all(type(time) is int for time in values["times"]):
        raise InvalidValueError(f"times of curve {source!r} must be integer ms UTC: convert them")
    return values
