"""Funding payments of perpetual swaps."""

from dataclasses import dataclass

import numpy as np

from backtest.errors import FundingError
from market import Candles

__all__ = ["Funding"]


@dataclass(frozen=True, eq=False)
class Funding:
    """Funding rates as a venue published them.

    Parameters
    ----------
    timestamp : ndarray of int64, shape (n,)
        Times of payment, ms UTC, strictly ascending.
    rate : ndarray of float64, shape (n,)
        Rate paid by longs to shorts, as a fraction of the notional; negative when shorts pay.

    Raises
    ------
    FundingError
        If the arrays differ in length, are not ascending, or hold a rate that is not finite.
    """

    timestamp: np.ndarray
    rate: np.ndarray

    def __post_init__(self) -> None:
        timestamp = np.array(self.timestamp, np.int64, ndmin=1)
        rate = np.array(self.rate, np.float64, ndmin=1)
        if timestamp.ndim != 1 or timestamp.shape != rate.shape:
            raise FundingError(
                f"funding needs one rate for each timestamp, got {timestamp.shape} times and {rate.shape} rates"
            )
        if np.any(np.diff(timestamp) <= 0):
            row = int(np.argmax(np.diff(timestamp) <= 0)) + 1
            raise FundingError(f"funding timestamps must be strictly ascending, row {row} was {timestamp[row]}")
        if not np.all(np.isfinite(rate)):
            row = int(np.argmin(np.isfinite(rate)))
            raise FundingError(f"funding rates must be finite, row {row} was {rate[row]}")
        object.__setattr__(self, "timestamp", timestamp)
        object.__setattr__(self, "rate", rate)

    def per_bar(self, candles: Candles) -> np.ndarray:
        """Return what one held unit pays during each bar.

        Payments in ``(open_t, open_{t+1}]`` belong to bar t; the last bar ends when it closes.

        Parameters
        ----------
        candles : Candles
            The candles the positions are held over.

        Returns
        -------
        ndarray of float64, shape (n_bars,)
            Quote currency per base unit held long: ``C_t`` times the sum of the rates of the bar.
        """
        edges = np.append(candles.timestamp, candles.close_time)
        bar = np.searchsorted(edges, self.timestamp, side="left") - 1
        inside = (bar >= 0) & (bar < len(candles))
        rates = np.zeros(len(candles))
        np.add.at(rates, bar[inside], self.rate[inside])
        return np.asarray(candles.close * rates)
