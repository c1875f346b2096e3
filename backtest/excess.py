"""What a strategy earned beyond holding the market at its own mean exposure."""

import math

import numpy as np
from numpy.typing import ArrayLike

from backtest.checked_returns import return_series
from backtest.errors import EvidenceError
from backtest.report import Report

__all__ = ["bar_returns", "excess_over_buy_and_hold", "held_sides", "market_returns"]


def excess_over_buy_and_hold(returns: ArrayLike, held: ArrayLike, market: ArrayLike, bars_per_year: float) -> float:
    """Return the annualised excess over buy-and-hold at equal mean exposure.

    A strategy that is long half of the time earns half of the market's drift without any skill; this takes it away,
    and gives it back to who was short.

    Parameters
    ----------
    returns : array_like of float, shape (n,)
        Simple net return r_t of each bar; stitched out-of-sample spans for instance.
    held : array_like of float, shape (n,)
        Side held during each bar, -1, 0 or +1: the target decided one bar before.
    market : array_like of float, shape (n,)
        ``C_t / C_{t-1} - 1`` of each bar.
    bars_per_year : float
        Bars in a year of 365 days.

    Returns
    -------
    float
        ``bars_per_year * (mean r_t - mean held * mean market)``, a simple rate per year (0.1 is ten per cent). NaN
        for fewer than two bars. A strategy that never held anything has 0.

    Raises
    ------
    EvidenceError
        If lengths differ, a value is not finite, a side is beyond 1, or `bars_per_year` is not positive.

    Notes
    -----
    DESIGN section 4. Mean exposure times mean market return is the expected return of a strategy that holds the same
    share of bars at random times: what is left is timing, less costs.

    Examples
    --------
    >>> from backtest import run
    >>> from market import synthetic_candles
    >>> from strategies import StrategySpec
    >>> candles = synthetic_candles(bars=2_000, seed=7)
    >>> report = run(StrategySpec("momentum", {"lookback_period": 24, "threshold": 0.01}), candles)
    >>> excess = excess_over_buy_and_hold(
    ...     bar_returns(report), held_sides(report.positions), market_returns(candles.close), candles.bars_per_year
    ... )
    >>> excess < 0.0  # prices without an edge: the costs are left
    True
    """
    earned, side, drift = (
        return_series(returns),
        return_series(held, "held"),
        return_series(market, "market"),
    )
    if not earned.size == side.size == drift.size:
        raise EvidenceError(
            "returns, held and market must describe the same bars, "
            f"had lengths {earned.size}, {side.size} and {drift.size}"
        )
    if not 0.0 < bars_per_year < math.inf:
        raise EvidenceError(f"bars_per_year must be positive and finite, was {bars_per_year}")
    if side.size and np.abs(side).max() > 1.0:
        raise EvidenceError(f"held must be sides in [-1, 1], was {side[np.abs(side).argmax()]}")
    n = earned.size
    if n < 2:
        return math.nan
    mean_earned, mean_side, mean_drift = (math.fsum(series) / n for series in (earned, side, drift))
    return bars_per_year * (mean_earned - mean_side * mean_drift)


def bar_returns(report: Report) -> np.ndarray:
    """Return the bar returns on the notional held: the r_t of every metric (DESIGN section 3).

    Parameters
    ----------
    report : Report
        What `backtest.run` found.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        ``(E_t - E_{t-1}) / (quantity * C_{t-1})`` for t = 1..n_bars, the synthetic closing bar last.
    """
    notional = report.spec.parameters["quantity"] * report.candles.close
    returns: np.ndarray = np.diff(report.equity) / notional
    return returns


def held_sides(positions: ArrayLike) -> np.ndarray:
    """Return the side held during each bar that `bar_returns` has.

    Parameters
    ----------
    positions : array_like of int, shape (n_bars,)
        Decided target of every bar; it is filled at the next open, the last one never.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Side held during bars 1..n_bars; 0 in the synthetic closing bar.
    """
    return np.append(return_series(positions, "positions")[:-1], 0.0)


def market_returns(close: ArrayLike) -> np.ndarray:
    """Return what holding one unit earned in each bar that `bar_returns` has, before costs.

    Parameters
    ----------
    close : array_like of float, shape (n_bars,)
        Closes.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        ``C_t / C_{t-1} - 1`` for t = 1..n_bars; 0 in the synthetic closing bar.

    Raises
    ------
    EvidenceError
        If a close is not positive.
    """
    prices = return_series(close, "close")
    if prices.size and prices.min() <= 0.0:
        raise EvidenceError(f"close must be positive, was {prices.min()} at {int(prices.argmin())}")
    return np.append(np.diff(prices) / prices[:-1], 0.0)
