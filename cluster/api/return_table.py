"""What a strategy returned: month by month, and how its trades or days were distributed."""

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ConfigDict, Field

from cluster.api.values import Answer, Milliseconds, finite

if TYPE_CHECKING:
    from backtest import Report

__all__ = ["ReturnTable", "returns_answer"]

_FEWEST_BINS, _MOST_BINS = 5, 50


class Month(Answer):
    """One month, UTC."""

    year: int
    month: int
    net_return: float | None = Field(alias="return", description="null after the index has fallen to 0")


class Histogram(Answer):
    """How many values lie between two edges; an edge belongs to the bin that it begins."""

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
        "histogram": _histogram(values),
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


def _histogram(values: np.ndarray) -> dict[str, list[Any]]:
    if not len(values):
        return {"edges": [], "counts": []}
    bins = int(np.clip(np.ceil(np.sqrt(len(values))), _FEWEST_BINS, _MOST_BINS))
    counts, edges = np.histogram(values, bins)
    return {"edges": edges.tolist(), "counts": counts.tolist()}
