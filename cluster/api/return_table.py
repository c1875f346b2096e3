"""What a strategy returned: month by month, and how its trades or days were distributed."""

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ConfigDict, Field

from cluster.api.values import Answer, Milliseconds, finite

if TYPE_CHECKING:
    from backtest import Report

__all__ = ["ReturnTable", "histogram_of", "returns_answer"]

_FEWEST_BINS, _MOST_BINS = 5, 50
_AROUND_ZERO = 0.005  # on both sides, where every return is 0


class Month(Answer):
    """One month, UTC."""

    year: int
    month: int
    net_return: float | None = Field(alias="return", description="null after the index has fallen to 0")


class Histogram(Answer):
    """How many values lie between two edges; an edge belongs to the bin that it begins.

    Where some values are below 0 and others are not, 0 is an edge: no bin holds losses and gains.
    """

    edges: list[float] = Field(description="one more than counts; empty where there are no values")
    counts: list[int]


class ReturnTable(Answer):
    """What a strategy returned, net."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "strategy_id": "kq3v7mzc2hda",
                    "source": "oos",
                    "of": "trades",
                    "monthly": [{"year": 2026, "month": 3, "return": 0.021}],
                    "histogram": {"edges": [-0.02, 0.0, 0.02], "counts": [11, 14]},
                    "n": 25,
                    "worst": -0.018,
                    "best": 0.019,
                    "mean": 0.0009,
                    "median": 0.0004,
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

    strategy_id: str
    source: str
    of: str = Field(description="what the distribution is of: trades or days")
    monthly: list[Month]
    histogram: Histogram
    n: int = Field(description="values in the histogram")
    worst: float | None
    best: float | None
    mean: float | None
    median: float | None
    as_of: Milliseconds


def returns_answer(report: "Report", start: int, of: str) -> dict[str, Any]:
    """Return what a strategy returned from a bar on.

    Parameters
    ----------
    report : Report
        Its backtest, from the first candle.
    start : int
        First bar that counts; a trade counts if it was entered there or later.
    of : {"trades", "days"}
        What the distribution is of.

    Returns
    -------
    dict
        What `ReturnTable` says of returns.
    """
    first = max(start - 1, 0)  # the close before the span is where its returns begin
    times, index = report.times[first:], report.index[first:]
    if of == "trades":
        entered = report.trades["entry_time"].astype("datetime64[ms, UTC]").astype("int64").to_numpy()
        values = report.trades["return"].to_numpy(float)[entered >= report.candles.timestamp[start]]
    else:
        values = _by_period(times, index, "D")[1]
    values = values[np.isfinite(values)]
    months, returns = _by_period(times, index, "M")
    counted = months.astype(int)
    return {
        "monthly": [
            {"year": 1970 + int(month) // 12, "month": int(month) % 12 + 1, "return": finite(float(value))}
            for month, value in zip(counted, returns, strict=True)
        ],
        "histogram": histogram_of(values),
        "n": len(values),
        **{
            name: float(summary(values)) if len(values) else None
            for name, summary in (("worst", np.min), ("best", np.max), ("mean", np.mean), ("median", np.median))
        },
    }


def _by_period(times: np.ndarray, index: np.ndarray, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the periods of a curve, and what each returned; NaN once there is nothing left to earn with."""
    # A close belongs to the period that it ends, not to the one that it begins.
    periods = (times - np.timedelta64(1, "ms")).astype(f"datetime64[{unit}]")
    last = np.flatnonzero(np.append(periods[1:] != periods[:-1], True))
    ends = index[last]
    before = np.concatenate([index[:1], ends[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.where(before > 0, ends / before - 1.0, np.nan)
    return periods[last], returns


def histogram_of(values: np.ndarray) -> dict[str, list[Any]]:
    """Return how values are distributed, what was lost apart from what was won.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Finite.

    Returns
    -------
    dict
        What `Histogram` says of them: 5 to 50 bins; 0 is an edge if some values lie below it and others do not.
    """
    if not len(values):
        return {"edges": [], "counts": []}
    counts, edges = np.histogram(values, _edges(values))
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _edges(values: np.ndarray) -> np.ndarray:
    bins = int(np.clip(np.ceil(np.sqrt(len(values))), _FEWEST_BINS, _MOST_BINS))
    low, high = float(values.min()), float(values.max())
    if low == high:
        around = abs(low) / 2.0 or _AROUND_ZERO
        low, high = low - around, high + around
    if not low < 0.0 <= high:
        return np.linspace(low, high, bins + 1)
    # The narrowest bins of one width, of which so many below 0 and the others above it hold both extremes.
    width, below = min((max(-low / below, high / (bins - below)), below) for below in range(1, bins))
    edges = np.arange(-below, bins - below + 1) * width
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)  # rounding leaves no extreme outside
    return edges
