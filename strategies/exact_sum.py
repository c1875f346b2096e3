"""Correctly rounded sums inside kernels: the arithmetic in which every close decision is settled.

The sums equal `math.fsum` bit for bit (Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic and Fast Robust
Geometric Predicates"). They cost tens of nanoseconds a term, so kernels use them only within an error bound of a
threshold.
"""

import math

import numpy as np
from numba import njit

__all__ = ["deviation_of", "mean_of", "new_partials", "sum_add", "sum_value"]

_MAX_PARTIALS = 48  # non-overlapping doubles between 2**-1074 and 2**1023 need at most 40


@njit(cache=True, nogil=True)
def new_partials() -> np.ndarray:
    """Return an empty accumulator for `sum_add`: partial sums, with their number in the last cell."""
    partials = np.empty(_MAX_PARTIALS + 1)
    partials[_MAX_PARTIALS] = 0.0
    return partials


@njit(cache=True, nogil=True)
def sum_add(partials: np.ndarray, x: float) -> None:
    """Add `x` to the accumulator without any rounding."""
    count = int(partials[_MAX_PARTIALS])
    kept = 0
    for j in range(count):
        y = partials[j]
        if abs(x) < abs(y):
            x, y = y, x
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            partials[kept] = low
            kept += 1
        x = high
    partials[kept] = x
    partials[_MAX_PARTIALS] = kept + 1


@njit(cache=True, nogil=True)
def sum_value(partials: np.ndarray) -> float:
    """Return the accumulated sum, rounded once, half to even, as `math.fsum` does."""
    n = int(partials[_MAX_PARTIALS])
    if n == 0:
        return 0.0
    n -= 1
    high = float(partials[n])
    low = 0.0
    while n > 0:
        x = high
        n -= 1
        y = partials[n]
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            break
    if n > 0 and ((low < 0.0 and partials[n - 1] < 0.0) or (low > 0.0 and partials[n - 1] > 0.0)):
        y = low * 2.0
        x = high + y
        if y == x - high:
            high = x
    return high


@njit(cache=True, nogil=True)
def mean_of(values: np.ndarray, start: int, stop: int) -> float:
    """Return ``fsum(values[start:stop]) / (stop - start)``."""
    total = new_partials()
    for j in range(start, stop):
        sum_add(total, values[j])
    return sum_value(total) / (stop - start)


@njit(cache=True, nogil=True)
def deviation_of(values: np.ndarray, start: int, stop: int, mean: float) -> float:
    """Return the population standard deviation of ``values[start:stop]`` around `mean`."""
    total = new_partials()
    for j in range(start, stop):
        x = values[j] - mean
        sum_add(total, x * x)
    return math.sqrt(sum_value(total) / (stop - start))
