"""Returns as every statistic of evidence reads them: float64, finite, of the right shape."""

import numpy as np
from numpy.typing import ArrayLike

from backtest.errors import EvidenceError

__all__ = ["FLAT", "return_matrix", "return_series"]

FLAT = 1e-12
"""A standard deviation of bar returns below this is no variation: the Sharpe ratio is undefined."""


def return_series(values: ArrayLike, name: str = "returns") -> np.ndarray:
    """Return one series of bar returns, or raise `EvidenceError` where it is none or a value is not finite.

    Parameters
    ----------
    values : array_like of float, shape (n_bars,)
        Simple return of each bar.
    name : str
        What the caller calls it, for the message.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        The same values; not a copy where none is needed.
    """
    return _checked(values, name, 1, "one-dimensional (bars)")


def return_matrix(values: ArrayLike, name: str = "returns") -> np.ndarray:
    """Return a matrix of bar returns, or raise `EvidenceError` where it is none or a value is not finite.

    Parameters
    ----------
    values : array_like of float, shape (n_bars, n_strategies)
        Simple returns, a column a strategy.
    name : str
        What the caller calls it, for the message.

    Returns
    -------
    ndarray of float64, shape (n_bars, n_strategies)
        The same values; not a copy where none is needed.
    """
    return _checked(values, name, 2, "two-dimensional (bars, strategies)")


def _checked(values: ArrayLike, name: str, dimensions: int, rule: str) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions:
        raise EvidenceError(f"{name} must be {rule}, had shape {array.shape}")
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        where = place[0] if dimensions == 1 else place
        raise EvidenceError(f"{name} must be finite, was {array[place]} at {where}; leave undefined bars out")
    return array
