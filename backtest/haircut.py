"""The Sharpe ratio left after a discount for the number of trials (Harvey & Liu), by Bonferroni's rule."""

import math
from dataclasses import dataclass

from backtest.errors import EvidenceError
from backtest.sharpe_inference import ReturnMoments
from backtest.student_t import log_tail

__all__ = ["Haircut", "bonferroni_haircut"]


@dataclass(frozen=True, slots=True)
class Haircut:
    """What is left of a Sharpe ratio.

    Attributes
    ----------
    p_value : float
        Two-sided p-value of the Sharpe ratio as if it had been the only trial.
    adjusted_p_value : float
        That times the number of trials, at most 1.
    sharpe : float
        The Sharpe ratio, per bar, whose single-trial p-value is `adjusted_p_value`.
    haircut : float
        Share of the original Sharpe ratio taken away, 0..1.
    """

    p_value: float
    adjusted_p_value: float
    sharpe: float
    haircut: float


def bonferroni_haircut(moments: ReturnMoments, n_trials: float) -> Haircut:
    """Discount a Sharpe ratio for the number of trials it was selected from.

    Parameters
    ----------
    moments : ReturnMoments
        Of the bar returns; only length and Sharpe ratio are used: the t-ratio is ``SR sqrt(T)``, T - 1 degrees of
        freedom.
    n_trials : float
        Number of trials, at least 1. Bonferroni's rule holds for dependent trials too, and is strict with them.

    Returns
    -------
    Haircut
        All NaN for fewer than two returns or an undefined Sharpe ratio. A Sharpe ratio of zero or less claims
        nothing: both p-values are 1, the Sharpe ratio stays and the haircut is NaN.

    Raises
    ------
    EvidenceError
        If `n_trials` is below 1 or not finite.

    References
    ----------
    Harvey, C. R. and Liu, Y. (2015). "Backtesting". Journal of Portfolio Management 42(1): Bonferroni's adjustment
    and the haircut.

    Examples
    --------
    >>> cut = bonferroni_haircut(ReturnMoments(240, 0.912 / 12**0.5), n_trials=100)
    >>> round(cut.adjusted_p_value, 4), round(cut.sharpe * 12**0.5, 3)
    (0.0062, 0.618)
    """
    if not 1.0 <= n_trials < math.inf:
        raise EvidenceError(f"the number of trials must be finite and at least 1, was {n_trials}")
    n, sharpe = moments.n_returns, moments.sharpe
    if n < 2 or math.isnan(sharpe):
        return Haircut(math.nan, math.nan, math.nan, math.nan)
    if sharpe <= 0.0:
        return Haircut(1.0, 1.0, sharpe, math.nan)
    t = sharpe * math.sqrt(n)
    log_p = math.log(2.0) + log_tail(t, n - 1)
    log_adjusted = min(0.0, log_p + math.log(n_trials))
    left = _quantile(log_adjusted - math.log(2.0), n - 1, t) / math.sqrt(n)
    return Haircut(math.exp(log_p), math.exp(log_adjusted), left, 1.0 - left / sharpe)


def _quantile(log_probability: float, degrees: int, upper: float) -> float:
    """Return the t in [0, upper] whose log tail is `log_probability`, by bisection down to the last bit."""
    if log_probability <= log_tail(upper, degrees):
        return upper
    low, high = 0.0, upper
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return middle
        if log_tail(middle, degrees) > log_probability:
            low = middle
        else:
            high = middle
