"""Whether the best of many strategies beats a benchmark by more than luck: White's reality check and Hansen's SPA.

The bootstrap is that of the library `arch`, an optional dependency that is imported on first use. An argument out of
bounds, a return that is not finite and a missing `arch` raise `EvidenceError`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backtest.checked_returns import FLAT, return_matrix, return_series
from backtest.errors import EvidenceError

__all__ = ["SpaPValues", "superior_predictive_ability", "white_reality_check"]

_COLUMNS_AT_ONCE = 64  # bounds the memory of the Fourier transforms


@dataclass(frozen=True, slots=True)
class SpaPValues:
    """P-values of Hansen's test, which differ in which poor strategies the null hypothesis still counts.

    Attributes
    ----------
    lower : float
        Only strategies above the benchmark count: liberal.
    consistent : float
        Those clearly below it do not count: the one to use.
    upper : float
        All count: conservative, as in White's reality check.
    """

    lower: float
    consistent: float
    upper: float


def white_reality_check(
    returns: ArrayLike,
    benchmark: ArrayLike | None = None,
    *,
    block_size: int,
    seed: int,
    replications: int = 1000,
) -> float:
    """Return the p-value of White's reality check: no strategy has a higher mean return than the benchmark.

    Parameters
    ----------
    returns : array_like of float, shape (n_bars, n_strategies)
        Simple net bar returns, a column a strategy. Losses are negative returns. A year of hours of a thousand
        columns takes a minute: one a cluster will do.
    benchmark : array_like of float, shape (n_bars,), optional
        Bar returns to beat; nothing earned (0) unless given.
    block_size : int
        Mean length of the stationary bootstrap's blocks, in bars: longer than the dependence of the returns, the
        holding time for instance.
    seed : int
        Of the bootstrap; the same seed gives the same p-value.
    replications : int
        Bootstrap samples, at least 100: the p-value is a multiple of 1/replications, and 0 says less than that.

    Returns
    -------
    float
        0..1; NaN for fewer than three bars or where no strategy differs from the benchmark.

    Notes
    -----
    Means are not studentised: one wild strategy weakens the test for all. `superior_predictive_ability` mends that.

    References
    ----------
    White, H. (2000). "A Reality Check for Data Snooping". Econometrica 68(5).
    """
    lead = _leads(returns, benchmark, block_size, replications)
    return _bootstrap(lead, block_size, seed, replications).upper


def superior_predictive_ability(
    returns: ArrayLike,
    benchmark: ArrayLike | None = None,
    *,
    block_size: int,
    seed: int,
    replications: int = 1000,
) -> SpaPValues:
    """Return the p-values of Hansen's test of superior predictive ability, with studentised means.

    Parameters
    ----------
    returns : array_like of float, shape (n_bars, n_strategies)
        Simple net bar returns, a column a strategy. Losses are negative returns. A year of hours of a thousand
        columns takes a minute: one a cluster will do.
    benchmark : array_like of float, shape (n_bars,), optional
        Bar returns to beat; nothing earned (0) unless given.
    block_size : int
        Mean length of the stationary bootstrap's blocks, in bars: longer than the dependence of the returns, the
        holding time for instance.
    seed : int
        Of the bootstrap; the same seed gives the same p-values.
    replications : int
        Bootstrap samples, at least 100: p-values are multiples of 1/replications, and 0 says less than that.

    Returns
    -------
    SpaPValues
        All NaN for fewer than three bars or where no strategy differs from the benchmark.

    Notes
    -----
    `arch` compares plain means whatever its `studentize` says (8.0.0), so each column is divided beforehand by its own
    long-run standard deviation: maximum and bootstrap maxima are then those of Hansen's studentised statistic.

    References
    ----------
    Hansen, P. R. (2005). "A Test for Superior Predictive Ability". Journal of Business & Economic Statistics 23(4).
    """
    lead = _leads(returns, benchmark, block_size, replications)
    if lead.shape[1]:
        lead = lead / _long_run_deviations(lead, block_size)
    return _bootstrap(lead, block_size, seed, replications)


def _leads(returns: ArrayLike, benchmark: ArrayLike | None, block_size: int, replications: int) -> np.ndarray:
    """Return returns minus benchmark, without the columns in which that never varies."""
    matrix = return_matrix(returns)
    n = len(matrix)
    if benchmark is not None:
        hurdle = return_series(benchmark, "benchmark")
        if hurdle.size != n:
            raise EvidenceError(f"benchmark must have the {n} bars of the returns, had {hurdle.size}")
        matrix = matrix - hurdle[:, None]
    if not 1 <= block_size <= max(n, 1):
        raise EvidenceError(f"block_size must be in [1, {n}] bars, was {block_size}")
    if replications < 100:
        raise EvidenceError(f"replications must be at least 100, was {replications}")
    return matrix[:, matrix.std(axis=0) >= FLAT] if n > 2 else matrix[:, :0]


def _long_run_deviations(leads: np.ndarray, block_size: int) -> np.ndarray:
    """Return the standard deviation of sqrt(T) times the mean that the stationary bootstrap implies."""
    # Politis & Romano (1994) and Hansen (2005), circular autocovariances: c_0 + 2 sum (1 - i/T) (1 - 1/block)^i c_i
    n, n_columns = leads.shape
    lags = np.arange(1, n)
    weights = np.append(1.0, 2.0 * (1.0 - lags / n) * (1.0 - 1.0 / block_size) ** lags)
    variances = np.empty(n_columns)
    for start in range(0, n_columns, _COLUMNS_AT_ONCE):
        part = leads[:, start : start + _COLUMNS_AT_ONCE]
        power = np.abs(np.fft.rfft(part - part.mean(axis=0), axis=0)) ** 2
        variances[start : start + _COLUMNS_AT_ONCE] = weights @ np.fft.irfft(power, n, axis=0) / n
    return np.sqrt(variances)


def _bootstrap(leads: np.ndarray, block_size: int, seed: int, replications: int) -> SpaPValues:
    try:
        from arch.bootstrap import SPA  # optional, and slow to import
    except ImportError:
        raise EvidenceError(
            "the reality check needs the library arch, which is not installed; pip install 'evoq[evidence]'"
        ) from None
    if not leads.shape[1]:
        return SpaPValues(math.nan, math.nan, math.nan)
    # nested only spares a sum over all lags that takes the square of the number of bars
    test = SPA(
        np.zeros(len(leads)), -leads, block_size=block_size, reps=replications, bootstrap="stationary",
        studentize=False, nested=True, seed=seed,
    )  # fmt: skip
    test.compute()
    return SpaPValues(*(float(test.pvalues[name]) for name in ("lower", "consistent", "upper")))
