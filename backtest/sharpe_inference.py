"""How sure a Sharpe ratio is: the moments it stands on, the probability that it is real, the record it needs.

Every Sharpe ratio here is per bar, not annualised, and every kurtosis is raw (3 for a normal distribution).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from backtest.checked_returns import FLAT, return_series
from backtest.errors import EvidenceError

__all__ = ["ReturnMoments", "minimum_track_record_length", "probabilistic_sharpe_ratio", "return_moments"]


@dataclass(frozen=True, slots=True)
class ReturnMoments:
    """What inference on a Sharpe ratio needs to know of a return series.

    Attributes
    ----------
    n_returns : int
        Number of bar returns T.
    sharpe : float
        Mean over standard deviation (ddof=1) of the bar returns, not annualised; NaN where undefined.
    skewness : float
        Population skewness.
    kurtosis : float
        Population raw kurtosis: 3 for a normal distribution, never below ``skewness**2 + 1``.

    Raises
    ------
    EvidenceError
        If a number is impossible; an excess kurtosis given for a raw one is.
    """

    n_returns: int
    sharpe: float
    skewness: float = 0.0
    kurtosis: float = 3.0

    def __post_init__(self) -> None:
        if self.n_returns < 0:
            raise EvidenceError(f"n_returns must be at least 0, was {self.n_returns}")
        for name in ("sharpe", "skewness", "kurtosis"):
            if math.isinf(getattr(self, name)):
                raise EvidenceError(f"{name} must be finite, or NaN where undefined, was {getattr(self, name)}")
        least = 1.0 + self.skewness**2
        if self.kurtosis < least - 1e-6 * least:  # published moments are rounded
            raise EvidenceError(
                f"kurtosis must be at least skewness**2 + 1 = {least:.6g}, was {self.kurtosis:.6g}; "
                "give the raw kurtosis (3 for a normal distribution), not the excess"
            )

    @property
    def squared_error(self) -> float:
        """Squared standard error of `sharpe`, at the estimate and with T - 1; NaN where undefined.

        Mertens (2002), as in Bailey & Lopez de Prado (2012): ``(1 - g3 SR + (g4 - 1)/4 SR^2) / (T - 1)``.
        """
        if self.n_returns < 2:
            return math.nan
        return self._spread / (self.n_returns - 1)

    @property
    def _spread(self) -> float:
        x = self.sharpe
        spread = 1.0 - self.skewness * x + (self.kurtosis - 1.0) / 4.0 * x * x
        return spread if spread > 0.0 else math.nan  # two values with SR = 2 / g3: no error left to speak of


def return_moments(returns: ArrayLike) -> ReturnMoments:
    """Return the moments of a series of bar returns.

    Parameters
    ----------
    returns : array_like of float, shape (n_bars,)
        Simple net return of each bar.

    Returns
    -------
    ReturnMoments
        Sharpe ratio, skewness and kurtosis are NaN for fewer than two bars and where the standard deviation is
        below 1e-12: a strategy that never traded has none.

    Examples
    --------
    >>> moments = return_moments([0.01, -0.01, 0.02, 0.00])
    >>> round(moments.sharpe, 4), round(moments.skewness, 4), round(moments.kurtosis, 4)
    (0.3873, 0.0, 1.64)
    """
    series = return_series(returns)
    n = series.size
    if n < 2:
        return ReturnMoments(n, math.nan, math.nan, math.nan)
    mean = math.fsum(series) / n
    rest = series - mean
    deviation = math.sqrt(float(np.mean(rest**2)))
    if deviation * math.sqrt(n / (n - 1)) < FLAT:
        return ReturnMoments(n, math.nan, math.nan, math.nan)
    z = rest / deviation
    square = z * z
    return ReturnMoments(
        n_returns=n,
        sharpe=mean / (deviation * math.sqrt(n / (n - 1))),
        skewness=float(np.mean(square * z)),
        kurtosis=float(np.mean(square * square)),
    )


def probabilistic_sharpe_ratio(moments: ReturnMoments, benchmark: float = 0.0) -> float:
    """Return the probability that the true Sharpe ratio exceeds a benchmark (PSR).

    Parameters
    ----------
    moments : ReturnMoments
        Moments of the bar returns.
    benchmark : float
        Sharpe ratio to beat, per bar.

    Returns
    -------
    float
        ``Phi((SR - SR*) sqrt(T - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2))``, 0..1. NaN for fewer than two returns,
        for an undefined Sharpe ratio or benchmark, and where the standard error vanishes.

    References
    ----------
    Bailey, D. H. and Lopez de Prado, M. (2012). "The Sharpe Ratio Efficient Frontier". Journal of Risk 15(2):
    the probabilistic Sharpe ratio.

    Examples
    --------
    >>> round(probabilistic_sharpe_ratio(ReturnMoments(24, 0.458, skewness=-2.448, kurtosis=10.164)), 3)
    0.913
    """
    z = (moments.sharpe - benchmark) / math.sqrt(moments.squared_error)
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def minimum_track_record_length(moments: ReturnMoments, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    """Return how many bars a record must have for its Sharpe ratio to beat a benchmark with confidence (MinTRL).

    Parameters
    ----------
    moments : ReturnMoments
        Moments of the bar returns; the length already there plays no part.
    benchmark : float
        Sharpe ratio to beat, per bar.
    confidence : float
        Probability wanted, between 0.5 and 1, both excluded.

    Returns
    -------
    float
        ``1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (Z / (SR - SR*))^2`` in bars, not rounded: the length at which the PSR
        equals `confidence`. NaN where the Sharpe ratio is undefined or not measurably above the benchmark: no length
        would do.

    Raises
    ------
    EvidenceError
        If `confidence` is not between 0.5 and 1.

    References
    ----------
    Bailey, D. H. and Lopez de Prado, M. (2012). "The Sharpe Ratio Efficient Frontier". Journal of Risk 15(2):
    the minimum track record length.

    Examples
    --------
    A Sharpe ratio of 2 against 1, both annualised, from normal daily returns needs 2.73 years:

    >>> year = 250
    >>> bars = minimum_track_record_length(ReturnMoments(year, 2 / year**0.5), benchmark=1 / year**0.5)
    >>> round(bars / year, 2)
    2.73
    """
    if not 0.5 < confidence < 1.0:
        raise EvidenceError(f"confidence must be between 0.5 and 1, both excluded, was {confidence}")
    lead = moments.sharpe - benchmark
    if not lead > 0.0:
        return math.nan
    ratio = NormalDist().inv_cdf(confidence) / lead
    length = 1.0 + moments._spread * ratio * ratio
    return length if math.isfinite(length) else math.nan
