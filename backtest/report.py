"""What one backtest found."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from backtest.costs import Costs
from backtest.score import Score
from market import Candles
from strategies import StrategySpec

__all__ = ["Report", "curve_times"]


def curve_times(candles: Candles) -> np.ndarray:
    """Return the time of every value of an equity curve.

    Parameters
    ----------
    candles : Candles
        What was traded.

    Returns
    -------
    ndarray of int64, shape (n_bars + 1,)
        Milliseconds since 1970 UTC. The first is the close of the first bar; the closing fill shares the time of the
        last close.
    """
    return np.append(candles.timestamp[1:], [candles.close_time] * 2)


@dataclass(frozen=True, eq=False)
class Report:
    """Equity, trades, metrics and score of one strategy on one candle set.

    Attributes
    ----------
    spec : StrategySpec
        The strategy.
    candles : Candles
        What it was tested on.
    costs : Costs
        Fee and slippage.
    sides : str
        "both" or "long".
    equity : ndarray of float64, shape (n_bars + 1,)
        Ledger in quote currency: ``quantity * C_0`` plus profit and loss net of costs, at every close and after the
        closing fill.
    index : ndarray of float64, shape (n_bars + 1,)
        Compounded bar returns on the notional held, starting at 1: the curve of plots and drawdowns.
    positions : ndarray of int8, shape (n_bars,)
        Decided target side of every bar; the last one is what live trading would act on.
    trades : DataFrame
        entry_time, exit_time (UTC), side (+1/-1), entry_price, exit_price, quantity, fees (both legs), pnl and
        return (net).
    metrics : dict of str to float
        Undefined values are NaN.
    score : Score
        The SCS and its parts.
    """

    spec: StrategySpec
    candles: Candles
    costs: Costs
    sides: str
    equity: np.ndarray
    index: np.ndarray
    positions: np.ndarray
    trades: pd.DataFrame
    metrics: dict[str, float]
    score: Score

    @property
    def times(self) -> np.ndarray:
        """Time of every value of `equity` and `index`, datetime64[ms], shape (n_bars + 1,).

        The first is the close of the first bar; the closing fill shares the time of the last close.
        """
        return curve_times(self.candles).astype("datetime64[ms]")
