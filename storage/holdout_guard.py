"""A holdout is looked at once: refused is one that overlaps what was looked at before, or what was trained on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, and_, func, literal, select, union_all

from storage.errors import ConflictError
from storage.evidence_models import DataSet, HoldoutTouch
from storage.models import Run, table_of
from storage.trial_models import Trial, TrialCandles, TrialSeries
from storage.values import moment

__all__ = ["overlapping", "refuse_known_holdout"]

_sets = table_of(DataSet)
_touches = table_of(HoldoutTouch)
_trials = table_of(Trial)
_series = table_of(TrialSeries)
_candles_of_trials = table_of(TrialCandles)
_runs = table_of(Run)


def overlapping(columns: Any, candles: Any) -> ColumnElement[bool]:
    """Return the condition that a row has candles of the same market that overlap others in time.

    Parameters
    ----------
    columns : columns
        Among them `origin`, `symbol`, `timeframe`, `first_time` and `last_time`.
    candles : mapping or columns
        The other candles: their values, or columns, by the same names.

    Returns
    -------
    ColumnElement of bool
        One common candle is enough.
    """
    return and_(
        *(columns[name] == candles[name] for name in ("origin", "symbol", "timeframe")),
        columns["first_time"] <= candles["last_time"],
        columns["last_time"] >= candles["first_time"],
    )


def refuse_known_holdout(connection: Connection, holdout: Mapping[str, Any]) -> None:
    """Refuse a holdout that is not unseen.

    Parameters
    ----------
    connection : Connection
        In a transaction that keeps other looks away.
    holdout : mapping
        What is to be a row of `holdout_touches`: its candles, and the run that wants to look at them.

    Raises
    ------
    ConflictError
        If a look at an overlapping holdout is recorded, or a run has trials on overlapping candles.
    """
    looked = select(_touches).where(overlapping(_touches.c, holdout)).order_by(_touches.c.last_time.desc()).limit(1)
    touch = connection.execute(looked).one_or_none()
    if touch is not None:
        raise ConflictError(
            f"a holdout may be looked at only once: {_candles(holdout)} overlap the {_span(dict(touch._mapping))} that"
            f" {_who(touch.run_id, holdout)} looked at on {touch.touched_at:%Y-%m-%d}; {_cure(touch.last_time)}"
        )
    seen = union_all(
        select(_sets.c.data_hash, _sets.c.first_time, _sets.c.last_time).where(overlapping(_sets.c, holdout)),
        # its very own candles, should nobody have told of them
        select(
            literal(holdout["data_hash"], Text),
            literal(holdout["first_time"], BigInteger),
            literal(holdout["last_time"], BigInteger),
        ),
    ).subquery()
    tried = (
        select(_series.c.run_id)
        .join_from(_trials, _series, _trials.c.series_id == _series.c.id)
        .join(_candles_of_trials, _trials.c.candles_id == _candles_of_trials.c.id)
        .where(_candles_of_trials.c.data_hash == seen.c.data_hash)
    )
    trained = func.coalesce(
        tried.limit(1).scalar_subquery(),
        select(_runs.c.id).where(_runs.c.data_hash == seen.c.data_hash).limit(1).scalar_subquery(),
    )
    query = select(seen, trained.label("run_id")).where(trained.is_not(None)).order_by(seen.c.last_time.desc()).limit(1)
    training = connection.execute(query).one_or_none()
    if training is not None:
        raise ConflictError(
            f"a holdout must be unseen: {_candles(holdout)} overlap the {_span(dict(training._mapping))} that"
            f" {_who(training.run_id, holdout)} was trained on; {_cure(training.last_time)}"
        )


def _candles(holdout: Mapping[str, Any]) -> str:
    """Return which candles these are, in words."""
    return f"{holdout['symbol']} {holdout['timeframe']} of {holdout['origin']}, {_span(holdout)},"


def _span(candles: Mapping[str, Any]) -> str:
    """Return from when to when candles open."""
    return f"{moment(candles['first_time']):%Y-%m-%d %H:%M} to {moment(candles['last_time']):%Y-%m-%d %H:%M}"


def _who(run_id: str, holdout: Mapping[str, Any]) -> str:
    """Return who it was, in words."""
    return "this run itself" if run_id == holdout["run_id"] else f"run {run_id}"


def _cure(last_time: int) -> str:
    """Return what can be done."""
    return f"hold out candles that open after {moment(last_time):%Y-%m-%d %H:%M}"
