"""What the best of many trials is worth: the Sharpe ratio that luck alone would have found."""

import math
from statistics import NormalDist

from backtest.errors import EvidenceError
from backtest.sharpe_inference import ReturnMoments, probabilistic_sharpe_ratio

__all__ = [
    "deflated_sharpe_ratio",
    "expected_maximum_normal",
    "expected_maximum_sharpe",
    "minimum_backtest_length",
]

_EULER = 0.5772156649015329  # the Euler-Mascheroni constant


def expected_maximum_normal(n: float) -> float:
    """Return the expected maximum of independent standard normal variables, by the usual approximation.

    Parameters
    ----------
    n : float
        How many, at least 1; an effective number need not be whole.

    Returns
    -------
    float
        ``(1 - g) Z(1 - 1/n) + g Z(1 - 1/(n e))`` with g the Euler-Mascheroni constant and Z the normal quantile; 0
        for one variable, and never below (the formula is, for n up to about 1.28). From n = 3 on it is above the exact
        value, by 2.5 per cent at most (1.5746 against 1.5388 at n = 10), so that what is built on it errs to the
        strict side; for two it is 8 per cent below.

    Raises
    ------
    EvidenceError
        If `n` is below 1 or not finite.

    References
    ----------
    Bailey, D. H., Borwein, J. M., Lopez de Prado, M. and Zhu, Q. J. (2014). "Pseudo-Mathematics and Financial
    Charlatanism". Notices of the AMS 61(5): the expected maximum.

    Examples
    --------
    >>> round(expected_maximum_normal(10), 4)
    1.5746
    """
    if not 1.0 <= n < math.inf:
        raise EvidenceError(f"the number of trials must be finite and at least 1, was {n}")
    if n == 1.0:
        return 0.0
    quantile = NormalDist().inv_cdf
    # Z(1 - q) = -Z(q), which keeps every digit where 1 - q would be rounded.
    return max(0.0, -(1.0 - _EULER) * quantile(1.0 / n) - _EULER * quantile(1.0 / (n * math.e)))


def expected_maximum_sharpe(n_trials: float, variance: float) -> float:
    """Return the Sharpe ratio expected of the best of many trials without any edge (SR0).

    Parameters
    ----------
    n_trials : float
        Number of independent trials, at least 1.
    variance : float
        Variance of the trials' Sharpe ratios, per bar (an annualised variance divided by the bars in a year).

    Returns
    -------
    float
        ``sqrt(variance)`` times the expected maximum of `n_trials` standard normals, per bar. One trial was not
        selected: 0 whatever the variance. NaN where several trials have an undefined variance.

    Raises
    ------
    EvidenceError
        If `n_trials` is below 1, or `variance` is negative or infinite.

    References
    ----------
    Bailey, D. H. and Lopez de Prado, M. (2014). "The Deflated Sharpe Ratio". Journal of Portfolio Management 40(5):
    SR0, the rejection threshold.

    Examples
    --------
    >>> round(expected_maximum_sharpe(100, 0.5 / 250), 4)
    0.1132
    """
    if variance < 0.0 or math.isinf(variance):
        raise EvidenceError(f"variance of the trials' Sharpe ratios must be finite and at least 0, was {variance}")
    height = expected_maximum_normal(n_trials)
    return 0.0 if n_trials == 1.0 else math.sqrt(variance) * height


def deflated_sharpe_ratio(moments: ReturnMoments, n_trials: float, variance: float) -> float:
    """Return the probability that a Sharpe ratio is above what the best of many edge-less trials shows (DSR).

    Parameters
    ----------
    moments : ReturnMoments
        Moments of the bar returns of the strategy that was selected.
    n_trials : float
        Number of independent trials it was selected from, at least 1; `backtest.TrialClusters` counts them.
    variance : float
        Variance of the trials' Sharpe ratios, per bar.

    Returns
    -------
    float
        The PSR against SR0, 0..1. NaN for fewer than two returns, and where the Sharpe ratio or, with several
        trials, the variance is undefined.

    References
    ----------
    Bailey, D. H. and Lopez de Prado, M. (2014). "The Deflated Sharpe Ratio". Journal of Portfolio Management 40(5):
    the deflated Sharpe ratio.

    Examples
    --------
    >>> moments = ReturnMoments(1250, 2.5 / 250**0.5, skewness=-3, kurtosis=10)
    >>> round(deflated_sharpe_ratio(moments, n_trials=100, variance=0.5 / 250), 4)
    0.9004
    """
    return probabilistic_sharpe_ratio(moments, benchmark=expected_maximum_sharpe(n_trials, variance))


def minimum_backtest_length(n_trials: float, target_sharpe: float = 1.0) -> float:
    """Return the years of data below which the best of many edge-less trials is expected to reach a target (MinBTL).

    Parameters
    ----------
    n_trials : float
        Number of independent trials, at least 1.
    target_sharpe : float
        Annualised Sharpe ratio that luck should not reach, above 0.

    Returns
    -------
    float
        ``(expected maximum of n_trials standard normals / target)^2`` in years; 0 for one trial.

    Raises
    ------
    EvidenceError
        If `n_trials` is below 1 or `target_sharpe` is not positive and finite.

    References
    ----------
    Bailey, D. H., Borwein, J. M., Lopez de Prado, M. and Zhu, Q. J. (2014). "Pseudo-Mathematics and Financial
    Charlatanism". Notices of the AMS 61(5): the minimum backtest length.

    Examples
    --------
    >>> round(minimum_backtest_length(45, target_sharpe=1.0), 2)
    5.0
    """
    if not 0.0 < target_sharpe < math.inf:
        raise EvidenceError(f"target_sharpe must be positive and finite, was {target_sharpe}")
    return (expected_maximum_normal(n_trials) / target_sharpe) ** 2
