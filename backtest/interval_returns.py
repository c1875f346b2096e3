"""Returns of many strategies summed over intervals: enough to tell trials apart, small enough to keep."""

from collections.abc import Iterable

import numpy as np

from backtest.costs import Costs, checked_costs
from backtest.errors import BacktestError
from backtest.excess import market_returns
from backtest.prepared import PreparedCandles, prepare, sides_allowed
from backtest.unit_pass import checked_specs, decide, measure, net_returns
from market import Candles
from strategies import StrategySpec

__all__ = ["interval_returns", "market_interval_returns"]


def interval_returns(
    specs: Iterable[StrategySpec],
    candles: Candles | PreparedCandles,
    costs: Costs | None = None,
    sides: str | None = None,
    n_intervals: int = 2048,
) -> np.ndarray:
    """Return the net bar returns of many strategies, summed over intervals.

    Correlations, clusters of trials (`TrialClusters`) and the probability of backtest overfitting need no single bars:
    on 100,000 bars this is a fiftieth of their memory. Bar returns are made for one strategy at a time.

    Parameters
    ----------
    specs : iterable of StrategySpec
        The strategies, of any mixture of types.
    candles : Candles or PreparedCandles
        What they trade on; prepare it once when calling several times.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.
    n_intervals : int
        Most intervals, at least 1 (otherwise a `BacktestError`).

    Returns
    -------
    ndarray of float64, shape (n, n_specs)
        With T bars, ``n = min(n_intervals, T)``; row i is the sum of r_t over ``floor(i*T/n) < t <= floor((i+1)*T/n)``
        (t = 1..T, DESIGN section 3), so an interval has T/n bars, rounded up or down. Sums, not compounded: they add up
        to the sum of all bar returns. Zero where nothing was held, never NaN; in column order, a strategy in one piece.

    Notes
    -----
    The mean per interval is exactly T/n times that per bar. Where bar returns are uncorrelated in time, so is the
    variance, and the Sharpe ratio per interval is ``sqrt(T/n)`` times the one per bar: divide by that (a variance of
    Sharpe ratios by T/n) before it meets `ReturnMoments` of bar returns in a deflated Sharpe ratio, or give moments of
    these intervals throughout. Serial correlation changes the factor (it is part of what an interval sums up), and
    skewness and kurtosis shrink towards those of a normal distribution.

    Examples
    --------
    >>> from market import synthetic_candles
    >>> from strategies import StrategySpec
    >>> specs = [StrategySpec("momentum", {"lookback_period": n, "threshold": 0.01}) for n in (12, 24, 48)]
    >>> interval_returns(specs, synthetic_candles(bars=2_000, seed=7), n_intervals=200).shape
    (200, 3)
    """
    specs = checked_specs(specs)
    prepared = prepare(candles)
    costs = checked_costs(costs)
    long_only = sides_allowed(prepared.candles, sides) == "long"
    starts = _starts(len(prepared), n_intervals)
    target = np.empty(len(prepared), np.int8)
    equity, index = np.empty((2, len(prepared) + 1))
    sums = np.empty((len(specs), len(starts)))
    for row, spec in zip(sums, specs, strict=True):
        decide(spec, prepared, costs, long_only, target)
        measure(target, prepared, costs, equity, index)
        np.add.reduceat(net_returns(equity, prepared.prices.close), starts, out=row)
    return sums.T


def market_interval_returns(candles: Candles | PreparedCandles, n_intervals: int = 2048) -> np.ndarray:
    """Return what holding one unit earned over the intervals that `interval_returns` has, before costs.

    Parameters
    ----------
    candles : Candles or PreparedCandles
        The market.
    n_intervals : int
        Most intervals, at least 1 (otherwise a `BacktestError`).

    Returns
    -------
    ndarray of float64, shape (n,)
        Sums of ``C_t / C_{t-1} - 1``, with 0 for the synthetic closing bar; ``n = min(n_intervals, T)``.
    """
    close = prepare(candles).prices.close
    sums: np.ndarray = np.add.reduceat(market_returns(close), _starts(close.size, n_intervals))
    return sums


def _starts(n_bars: int, n_intervals: int) -> np.ndarray:
    """Return the place of the first return of every interval among the T bar returns."""
    if n_intervals < 1:
        raise BacktestError(f"n_intervals must be at least 1, was {n_intervals}; 2048 tell thousands of trials apart")
    n = min(n_intervals, n_bars)
    return np.arange(n) * n_bars // n
