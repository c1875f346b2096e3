"""How long a strategy stays in its trades, from what a table of metrics holds."""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["mean_holding_bars"]


def mean_holding_bars(exposure: ArrayLike, n_trades: ArrayLike, n_bars: int) -> np.ndarray:
    """Return the mean holding time of strategies measured on whole candle sets.

    Parameters
    ----------
    exposure : array_like of float, shape (n,)
        Share of bars with a position, 0..1: a column of `run_many`.
    n_trades : array_like of int, shape (n,)
        Closed trades.
    n_bars : int
        Bars of the candles.

    Returns
    -------
    ndarray of float64, shape (n,)
        ``exposure * n_bars / n_trades``: bars between the fills of a trade, exact on whole candle sets because the
        last bar closes every position. NaN without trades. On a part of the candles, positions that cross its edge
        would count as bars and not as trades: `OutOfSample.mean_holding_bars` counts those of trades only.

    Examples
    --------
    >>> mean_holding_bars([0.5, 0.0], [10, 0], n_bars=1_000).tolist()
    [50.0, nan]
    """
    trades = np.asarray(n_trades, np.float64)
    held = np.asarray(exposure, np.float64) * n_bars
    holding: np.ndarray = np.divide(held, trades, out=np.full(trades.shape, np.nan), where=trades > 0)
    return holding
