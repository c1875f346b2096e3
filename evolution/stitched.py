"""The stitched curve of a run: what whoever followed its finalists, span after span, would have earned."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import backtest
from evolution.finalist_evidence import FinalistEvidence
from evolution.objective import Market
from evolution.windows import Windows
from market import Candles

__all__ = ["StitchedCurve", "stitched_curve"]

_DAY_MS = 86_400_000
_DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, eq=False)
class StitchedCurve:
    """Out-of-sample returns of the finalists of each window in the test span that follows it.

    Attributes
    ----------
    times : ndarray of int64, shape (n_days + 1,)
        Starts of days, ms UTC; the last one is the end of the last day.
    index : ndarray of float64, shape (n_days + 1,)
        Compounded mean return of the finalists that are followed at a time, each with the same notional; begins at 1.
        A return belongs to the day in which its bar closes.
    buy_and_hold : ndarray of float64, shape (n_days + 1,)
        The same for holding all markets, each with the same notional.
    edges : tuple of int
        Opens of the first bars of the test spans, ms UTC: one of each window that has finalists, ascending.
    sharpe, psr : float
        Of the daily returns: annualised Sharpe ratio, and the probability that the true one is above 0; NaN where
        undefined.
    """

    times: np.ndarray
    index: np.ndarray
    buy_and_hold: np.ndarray
    edges: tuple[int, ...]
    sharpe: float
    psr: float


def stitched_curve(
    evidence: Sequence[FinalistEvidence],
    windows: Windows,
    whole: Mapping[Market, backtest.PreparedCandles] | None = None,
) -> StitchedCurve | None:
    """Return the stitched curve of a run.

    Parameters
    ----------
    evidence : sequence of FinalistEvidence
        Of all finalists. Those of a window are followed until the next window has some; the last ones to the end, a
        holdout included.
    windows : Windows
        What selected them.
    whole : mapping of (symbol, timeframe) to PreparedCandles, optional
        All candles; by default those of `windows`.

    Returns
    -------
    StitchedCurve or None
        By day; None where there is no test span or no finalist. A day without finalists earns nothing.
    """
    everything = windows.whole if whole is None else whole
    chosen = sorted({windows.index(item.finalist.window) for item in evidence})
    followed: list[tuple[FinalistEvidence, int, int]] = []
    edges: dict[int, int] = {}
    for item in evidence:
        window, market = windows.index(item.finalist.window), item.finalist.member.species.market
        opens = everything[market].candles.timestamp
        start = windows.train_stop(market, window)
        if start >= len(opens):
            continue
        later = [windows.train_stop(market, other) for other in chosen if other > window]
        stop = opens[later[0]] if later and later[0] < len(opens) else np.iinfo(np.int64).max
        edges[window] = min(edges.get(window, int(opens[start])), int(opens[start]))
        followed.append((item, int(opens[start]), int(stop)))
    starts, stops = (np.sort([span[i] for span in followed]) for i in (1, 2))
    daily: dict[int, float] = {}
    for item, start, stop in followed:
        closes = _closes(everything[item.finalist.member.species.market].candles)
        closes = np.append(closes, closes[-1:])[len(closes) + 1 - len(item.oos.returns) :]  # the closing fill is last
        active = np.searchsorted(starts, closes) - np.searchsorted(stops, closes)
        for day, value in _by_day(closes, item.oos.returns / np.maximum(active, 1), start, stop):
            daily[day] = daily.get(day, 0.0) + value
    if not daily:
        return None
    begin = min(edges.values())
    times = np.arange(begin // _DAY_MS * _DAY_MS, max(daily) + 2 * _DAY_MS, _DAY_MS, dtype=np.int64)
    returns = np.array([daily.get(day, 0.0) for day in times[:-1].tolist()])
    moments = backtest.return_moments(returns)
    return StitchedCurve(
        times=times,
        index=np.cumprod(np.append(1.0, 1.0 + returns)),
        buy_and_hold=_held(everything, times, begin),
        edges=tuple(sorted(edges.values())),
        sharpe=moments.sharpe * math.sqrt(_DAYS_PER_YEAR),
        psr=backtest.probabilistic_sharpe_ratio(moments),
    )


def _closes(candles: Candles) -> np.ndarray:
    closes: np.ndarray = candles.timestamp + candles.timeframe_ms
    return closes


def _by_day(closes: np.ndarray, returns: np.ndarray, start: int, stop: int) -> Iterator[tuple[int, float]]:
    """Yield the sum of the returns of each day, of the bars that close after `start` and by `stop` (ms UTC)."""
    inside = (closes > start) & (closes <= stop)
    days = (closes[inside] - 1) // _DAY_MS * _DAY_MS
    if days.size:
        firsts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
        yield from zip(days[firsts].tolist(), np.add.reduceat(returns[inside], firsts).tolist(), strict=True)


def _held(markets: Mapping[Market, backtest.PreparedCandles], times: np.ndarray, begin: int) -> np.ndarray:
    """Return the compounded mean return of all markets by day, of the bars that close after `begin`."""
    returns = np.zeros(len(times) - 1)
    for prepared in markets.values():
        closes = _closes(prepared.candles)[1:]
        changes = backtest.market_returns(prepared.candles.close)[:-1]
        for day, value in _by_day(closes, changes, begin, int(times[-1])):
            returns[(day - int(times[0])) // _DAY_MS] += value / len(markets)
    return np.cumprod(np.append(1.0, 1.0 + returns))
