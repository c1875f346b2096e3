"""In sample against out of sample: the same numbers of a strategy before and after its selection."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Side", "sides_of"]


@dataclass(frozen=True, slots=True)
class Side:
    """How a strategy did on what selection saw, or on what it did not; NaN where nothing is known.

    Attributes
    ----------
    scs : float
        On all of it, 0..100.
    span_scs : float
        Mean of its folds or test spans.
    n_trades : float
        Trades entered and left there; in sample, within one fold.
    sharpe : float
        Annualised, mean of its folds or test spans.
    n_spans : int
        How many folds or spans these are.
    """

    scs: float
    span_scs: float
    n_trades: float
    sharpe: float
    n_spans: int


def sides_of(row: Mapping[str, Any]) -> tuple[Side, Side]:
    """Return how a strategy did before and after its selection.

    Parameters
    ----------
    row : mapping
        Of the table `strategies`.

    Returns
    -------
    in_sample, out_of_sample : Side
        The holdout is out of sample.
    """
    folds: Sequence[Mapping[str, Any]] = row["folds"] or ()
    train = [fold for fold in folds if fold["kind"] == "train"]
    test = [fold for fold in folds if fold["kind"] != "train"]
    trades = [fold["n_trades"] for fold in train if fold.get("n_trades") is not None]
    return (
        Side(
            _number(row["in_sample_scs"]),
            _mean(train, "scs"),
            float(sum(trades)) if trades else math.nan,
            _mean(train, "sharpe"),
            len(train),
        ),
        Side(_number(row["oos_scs"]), _mean(test, "scs"), _number(row["oos_trades"]), _mean(test, "sharpe"), len(test)),
    )


def _mean(folds: Sequence[Mapping[str, Any]], name: str) -> float:
    values = [fold[name] for fold in folds if fold.get(name) is not None]
    return math.fsum(values) / len(values) if values else math.nan


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
