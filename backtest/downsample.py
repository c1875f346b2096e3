"""Fewer points for the eye, with every extreme kept."""

from itertools import pairwise

import numpy as np

from backtest.errors import BacktestError

__all__ = ["downsample", "downsample_bars"]


def downsample(values: np.ndarray, points: int) -> np.ndarray:
    """Return the indices of at most `points` values that draw the same curve.

    The values are cut into equal buckets; each keeps its minimum and its maximum, and the first and last value
    always stay. A drawdown or a spike is never lost, however short.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        A curve; NaN is kept out of the extremes.
    points : int
        Most indices to return, at least 4.

    Returns
    -------
    ndarray of int64, ascending
        Indices into `values`; all of them when there are no more than `points`.

    Raises
    ------
    BacktestError
        If `points` is below 4.
    """
    if points < 4:
        raise BacktestError(f"points must be at least 4, was {points}")
    n = len(values)
    if n <= points:
        return np.arange(n)
    edges = np.linspace(0, n, (points - 2) // 2 + 1).astype(np.int64)
    low = np.where(np.isnan(values), np.inf, values)
    high = np.where(np.isnan(values), -np.inf, values)
    kept = [0, n - 1]
    for start, stop in pairwise(edges):
        kept += [start + int(np.argmin(low[start:stop])), start + int(np.argmax(high[start:stop]))]
    return np.unique(np.array(kept, np.int64))


def downsample_bars(
    open_: np.ndarray, high: np.ndarray, low: np.ndarray, close: np.ndarray, bars: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Merge neighbouring candles until at most `bars` are left.

    Parameters
    ----------
    open_, high, low, close : ndarray of float64, shape (n,)
        Candles.
    bars : int
        Most candles to return, at least 1.

    Returns
    -------
    start : ndarray of int64, shape (m,)
        Index of the first candle merged into each bar.
    open_, high, low, close : ndarray of float64, shape (m,)
        First open, highest high, lowest low and last close of each bar.

    Raises
    ------
    BacktestError
        If `bars` is below 1.
    """
    if bars < 1:
        raise BacktestError(f"bars must be at least 1, was {bars}")
    width = -(-len(close) // bars)
    start = np.arange(0, len(close), width)
    last = np.append(start[1:], len(close)) - 1
    return start, open_[start], np.maximum.reduceat(high, start), np.minimum.reduceat(low, start), close[last]
