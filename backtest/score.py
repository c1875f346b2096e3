"""The SCS (0-100): five parts that reward only what luck is unlikely to give.

The formulas are those of DESIGN section 3. They run inside kernels, so that a score is the same number wherever it
is computed.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from backtest.errors import ScoreError

__all__ = ["PARTS", "WEIGHTS", "Score", "score_parts", "score_statistics", "wilson_lower_bound"]

PARTS = ("win_rate", "sharpe", "profit_factor", "max_drawdown", "volatility")
WEIGHTS = (0.30, 0.25, 0.20, 0.15, 0.10)

_Z95 = 1.6448536269514722  # one-sided 95 % quantile of the normal distribution
_FLAT = 1e-12  # a standard deviation below this is no variation


@dataclass(frozen=True, slots=True)
class Score:
    """The SCS and its parts.

    Attributes
    ----------
    total : float
        The SCS, 0..100; always finite.
    win_rate, sharpe, profit_factor, max_drawdown, volatility : float
        The parts, 0..1, before weighting.
    """

    total: float
    win_rate: float
    sharpe: float
    profit_factor: float
    max_drawdown: float
    volatility: float


@njit(cache=True, nogil=True)
def _clip(x: float) -> float:
    return min(max(x, 0.0), 1.0)


@njit(cache=True, nogil=True)
def _wilson(wins: int, n: int) -> float:
    rate = wins / n
    z2 = _Z95 * _Z95
    spread = _Z95 * math.sqrt(rate * (1.0 - rate) / n + z2 / (4.0 * n * n))
    return (rate + z2 / (2.0 * n) - spread) / (1.0 + z2 / n)


@njit(cache=True, nogil=True, error_model="numpy")
def score_parts(
    n_trades: int,
    wins: int,
    gain: float,
    loss: float,
    mean: float,
    deviation: float,
    skewness: float,
    kurtosis: float,
    n_returns: int,
    bars_per_year: float,
    drawdown: float,
    ruined: bool,
    out: np.ndarray,
) -> None:
    """Write the SCS and its five parts to ``out[0:6]``; the arguments are those of `score_statistics`."""
    out[:6] = 0.0
    if n_trades == 0 or ruined:
        return
    evidence = n_trades / (n_trades + 20.0)
    others = n_trades - wins
    if wins > 0:
        average_win = gain / wins
        average_loss = loss / others if others > 0 else 0.0
        break_even = average_loss / (average_win + average_loss)
        out[1] = evidence * _clip((_wilson(wins, n_trades) - break_even) / 0.10)
    if deviation >= _FLAT and n_returns > 1:
        x = mean / deviation
        variance = 1.0 - skewness * x + (kurtosis - 1.0) / 4.0 * x * x
        error = math.sqrt(max(0.0, variance) / (n_returns - 1.0))
        out[2] = _clip((x - error) * math.sqrt(bars_per_year) / 2.0)
    honest = 0.0
    if wins > 0:
        if loss > 0.0:
            factor = gain / loss
            out[3] = evidence * _clip((factor / (1.0 + factor) - 0.5) / 0.25)
            honest = evidence * _clip((factor - 1.0) / 0.25)
        else:
            out[3] = evidence
            honest = evidence
    out[4] = honest * _clip(1.0 - drawdown / 0.30)
    out[5] = honest * _clip((1.0 - deviation * math.sqrt(bars_per_year)) / 0.90)
    total = 0.0
    for part in range(5):
        total += WEIGHTS[part] * out[1 + part]
    out[0] = 100.0 * total


def score_statistics(
    *,
    n_trades: int,
    wins: int,
    gain: float,
    loss: float,
    mean: float,
    deviation: float,
    skewness: float,
    kurtosis: float,
    n_returns: int,
    bars_per_year: float,
    drawdown: float,
    ruined: bool = False,
) -> Score:
    """Return the SCS of a strategy described by its statistics, all net of costs.

    Parameters
    ----------
    n_trades, wins : int
        Closed trades, and how many of them have a net profit above zero.
    gain, loss : float
        Sum of the returns of the winning trades, and absolute sum of those of the others.
    mean, deviation : float
        Mean and standard deviation (ddof=1) of the bar returns.
    skewness, kurtosis : float
        Population skewness and raw kurtosis (3 for a normal distribution) of the bar returns; they matter only
        where `deviation` is at least 1e-12.
    n_returns : int
        Number of bar returns.
    bars_per_year : float
        Bars in a year of 365 days.
    drawdown : float
        Maximum drawdown of the index, as a fraction.
    ruined : bool
        Whether the index ever fell to zero or below.

    Returns
    -------
    Score
        The total, 0..100, and the parts, 0..1.

    Raises
    ------
    ScoreError
        If a number is not finite or the counts contradict each other.
    """
    named = {
        "gain": gain, "loss": loss, "mean": mean, "deviation": deviation, "skewness": skewness,
        "kurtosis": kurtosis, "bars_per_year": bars_per_year, "drawdown": drawdown,
    }  # fmt: skip
    for name, value in named.items():
        if not math.isfinite(value):
            raise ScoreError(f"{name} must be finite to be scored, was {value}")
    if not 0 <= wins <= n_trades:
        raise ScoreError(f"wins must be in [0, n_trades], was {wins} of {n_trades}")
    out = np.empty(6)
    score_parts(
        n_trades, wins, gain, loss, mean, deviation, skewness, kurtosis, n_returns, bars_per_year, drawdown, ruined,
        out,
    )  # fmt: skip
    return Score(*out.tolist())


def wilson_lower_bound(wins: int, n: int) -> float:
    """Return the one-sided 95 % lower bound of a success rate.

    Parameters
    ----------
    wins : int
        Successes.
    n : int
        Trials, at least 1.

    Returns
    -------
    float
        The bound, 0..1.

    Raises
    ------
    ScoreError
        If `n` is below 1 or `wins` is not in ``[0, n]``.

    References
    ----------
    Wilson, E. B. (1927). "Probable Inference, the Law of Succession, and Statistical Inference". Journal of the
    American Statistical Association 22(158).

    Examples
    --------
    >>> round(wilson_lower_bound(110, 200), 4)
    0.4919
    """
    if n < 1 or not 0 <= wins <= n:
        raise ScoreError(f"wins must be in [0, n] and n at least 1, was {wins} of {n}")
    return float(_wilson(wins, n))
