"""Columns of a candle set that several strategy types read, each computed once.

Logarithms come from the C library, one value at a time: NumPy's vector routines differ in the last bit between
CPU families, and a decision must not.
"""

import math
from functools import cached_property

import numpy as np

from market import Candles

__all__ = ["PriceColumns", "frozen"]


def frozen(array: np.ndarray) -> np.ndarray:
    """Return a contiguous, read-only version of `array`.

    Kernels are compiled for read-only columns only, because that is what arrives from a cluster's object store.

    Parameters
    ----------
    array : ndarray
        Any array that nobody else writes to.

    Returns
    -------
    ndarray
        The same values, C-contiguous and not writeable.
    """
    column = np.ascontiguousarray(array)
    column.setflags(write=False)
    return column


class PriceColumns:
    """Prices of one candle set with the derived columns that strategy types share.

    Parameters
    ----------
    candles : Candles
        The candles; their columns are used as they are, without a copy.
    """

    def __init__(self, candles: Candles) -> None:
        self.open = frozen(candles.open)
        self.high = frozen(candles.high)
        self.low = frozen(candles.low)
        self.close = frozen(candles.close)

    @cached_property
    def log_close(self) -> np.ndarray:
        """Natural logarithm of each close, float64, shape (n_bars,)."""
        return frozen(np.fromiter(map(math.log, self.close.tolist()), np.float64, self.close.size))

    @cached_property
    def log_return(self) -> np.ndarray:
        """``ln(C_t / C_{t-1})`` of each bar, float64, shape (n_bars,); 0 on the first bar."""
        ratio = np.ones(self.close.size)
        ratio[1:] = self.close[1:] / self.close[:-1]
        return frozen(np.fromiter(map(math.log, ratio.tolist()), np.float64, ratio.size))

    @cached_property
    def unchanged(self) -> np.ndarray:
        """How many bars in a row, up to and including each, repeat the close before them; int32, (n_bars,)."""
        index = np.arange(self.close.size)
        moved = np.ones(self.close.size, np.bool_)
        moved[1:] = self.close[1:] != self.close[:-1]
        return frozen((index - np.maximum.accumulate(np.where(moved, index, 0))).astype(np.int32))
