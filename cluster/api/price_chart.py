"""The price that a strategy has traded, in fewer points with extremes kept, and what it did: entries and exits."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ConfigDict, Field

from cluster.api.values import Answer, Milliseconds, finite

if TYPE_CHECKING:
    from backtest import Report

__all__ = ["PriceChart", "chart_answer"]

_MOST_MARKS = 500


class Mark(Answer):
    """A fill that began or ended a trade."""

    time: Milliseconds
    price: float
    side: int = Field(description="of the trade: 1 long, -1 short")
    net_return: float | None = Field(None, alias="return", description="of the trade; for exits only")


class Span(Answer):
    """A stretch of time."""

    since: Milliseconds = Field(alias="from")
    until: Milliseconds = Field(alias="to")


class PriceChart(Answer):
    """The price that a strategy has traded, in columns, with its trades."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "strategy_id": "kq3v7mzc2hda",
                    "bars_per_point": 4,
                    "time": [1_767_225_600_000],
                    "open": [84000.0],
                    "high": [84410.5],
                    "low": [83950.0],
                    "close": [84310.0],
                    "side": [1],
                    "entries": [{"time": 1_767_225_600_000, "price": 84042.0, "side": 1}],
                    "exits": [],
                    "n_trades_in_range": 1,
                    "test_spans": [{"from": 1_767_000_000_000, "to": 1_767_300_000_000}],
                    "selected_until": 1_767_000_000_000,
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

    strategy_id: str
    bars_per_point: int = Field(description="candles merged into each point; extremes are kept")
    time: list[Milliseconds] = Field(description="when each point opens")
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    side: list[int] = Field(description="held during the last candle of each point: 1 long, 0 flat, -1 short")
    entries: list[Mark] = Field(description="at most 500, evenly chosen where there are more")
    exits: list[Mark] = Field(description="of the same trades, as far as they ended in the range")
    n_trades_in_range: int = Field(description="trades that were entered in the range")
    test_spans: list[Span] = Field(description="spans after each selection: walk-forward tests")
    selected_until: Milliseconds | None = Field(description="close of the last candle that its selection saw")
    as_of: Milliseconds


def chart_answer(
    report: "Report", row: Mapping[str, Any], since: int | None, until: int | None, points: int
) -> dict[str, Any]:
    """Return what a strategy traded, and what it did.

    Parameters
    ----------
    report : Report
        Its backtest.
    row : mapping
        Of the table `strategies`.
    since, until : int or None
        From and before when, ms UTC.
    points : int
        At most so many.

    Returns
    -------
    dict
        What `PriceChart` says but for `as_of`.
    """
    candles = report.candles
    first = 0 if since is None else int(np.searchsorted(candles.timestamp, since))
    after = len(candles) if until is None else int(np.searchsorted(candles.timestamp, until))
    width = max(1, -(-(after - first) // points))
    return {
        "strategy_id": row["id"],
        "bars_per_point": width,
        **_prices(report, first, after, width),
        **_marks(report, -1 if since is None else since, np.inf if until is None else until),
        "test_spans": [
            {"from": fold["start"], "to": fold["stop"]} for fold in row["folds"] or () if fold["kind"] != "train"
        ],
        "selected_until": row["selected_until"],
    }


def _prices(report: "Report", first: int, after: int, width: int) -> dict[str, list[Any]]:
    """Return the candles of a range, merged."""
    names = ("time", "open", "high", "low", "close", "side")
    if first >= after:
        return {name: [] for name in names}
    candles = report.candles
    start = np.arange(first, after, width)
    last = np.append(start[1:], after) - 1
    held = np.concatenate([[0], report.positions[:-1]])  # decided at a close, filled at the next open
    columns = (
        candles.timestamp[start],
        candles.open[start],
        np.maximum.reduceat(candles.high[:after], start),
        np.minimum.reduceat(candles.low[:after], start),
        candles.close[last],
        held[last],
    )
    return {name: column.tolist() for name, column in zip(names, columns, strict=True)}


def _marks(report: "Report", since: float, until: float) -> dict[str, Any]:
    """Return the fills of the trades that were entered in a range."""
    trades = report.trades
    entered, left = (
        trades[name].astype("datetime64[ms, UTC]").astype("int64").to_numpy() for name in ("entry_time", "exit_time")
    )
    inside = np.flatnonzero((entered >= since) & (entered < until))
    chosen = inside
    if len(inside) > _MOST_MARKS:
        chosen = inside[np.linspace(0, len(inside) - 1, _MOST_MARKS).round().astype(int)]
    side = trades["side"].to_numpy()
    returns, entry, leave = (trades[name].to_numpy() for name in ("return", "entry_price", "exit_price"))
    return {
        "entries": [{"time": int(entered[at]), "price": float(entry[at]), "side": int(side[at])} for at in chosen],
        "exits": [
            {
                "time": int(left[at]),
                "price": float(leave[at]),
                "side": int(side[at]),
                "return": finite(float(returns[at])),
            }
            for at in chosen
            if left[at] < until
        ],
        "n_trades_in_range": len(inside),
    }
