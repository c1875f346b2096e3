"""Metrics and the SCS score of the reference engine, from bar returns and closed trades, in plain Python."""

import math
from collections.abc import Sequence
from itertools import pairwise

ONE_SIDED_95 = 1.6448536269514722  # the 95 % quantile of the normal distribution
FLAT = 1e-12  # a standard deviation below it counts as none
WEIGHTS = {"win_rate": 0.30, "sharpe": 0.25, "profit_factor": 0.20, "max_drawdown": 0.15, "volatility": 0.10}


def clip(value: float) -> float:
    """Return `value` limited to [0, 1]."""
    return min(1.0, max(0.0, value))


def mean_of(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def sample_std(values: Sequence[float]) -> float:
    """Return the standard deviation with ddof 1; NaN where there are fewer than two values."""
    if len(values) < 2:
        return math.nan
    mean = mean_of(values)
    return math.sqrt(math.fsum((v - mean) * (v - mean) for v in values) / (len(values) - 1))


def central_moment(values: Sequence[float], order: int) -> float:
    mean = mean_of(values)
    return math.fsum((v - mean) ** order for v in values) / len(values)


def wilson_lower_bound(wins: int, n: int) -> float:
    """Return the one-sided 95 % lower bound of a win rate (Wilson, 1927)."""
    p = wins / n
    z2 = ONE_SIDED_95 * ONE_SIDED_95
    centre = p + z2 / (2.0 * n)
    spread = ONE_SIDED_95 * math.sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n))
    return (centre - spread) / (1.0 + z2 / n)


def profit_factor(trade_returns: Sequence[float]) -> float:
    """Return what was won over what was lost: inf when nothing was lost, NaN when nothing was won either."""
    won = math.fsum(r for r in trade_returns if r > 0.0)
    lost = abs(math.fsum(r for r in trade_returns if r <= 0.0))
    if lost > 0.0:
        return won / lost
    return math.inf if won > 0.0 else math.nan


def break_even_rate(trade_returns: Sequence[float]) -> float:
    """Return the win rate at which average win and average loss cancel; asks for at least one win."""
    wins = [r for r in trade_returns if r > 0.0]
    others = [r for r in trade_returns if r <= 0.0]
    if not others:
        return 0.0
    average_loss = abs(mean_of(others))
    return average_loss / (mean_of(wins) + average_loss)


def is_ruined(index: Sequence[float]) -> bool:
    """Tell whether a bar lost everything; that leaves 0 or 1e-17 of the index by rounding alone, so both count."""
    return any(after <= 1e-12 * before for before, after in pairwise(index))


def max_drawdown(index: Sequence[float]) -> float:
    """Return the largest fall from a peak of the index, as a share of the peak; 1 on ruin."""
    if is_ruined(index):
        return 1.0
    peak = index[0]
    worst = 0.0
    for value in index:
        peak = max(peak, value)
        worst = max(worst, 1.0 - value / peak)
    return worst


def sharpe_ratio(returns: Sequence[float], bars_per_year: float) -> float:
    std = sample_std(returns)
    if math.isnan(std) or std < FLAT:
        return math.nan
    return mean_of(returns) / std * math.sqrt(bars_per_year)


def skewness(returns: Sequence[float]) -> float:
    std = sample_std(returns)
    if math.isnan(std) or std < FLAT:
        return math.nan
    return central_moment(returns, 3) / math.pow(central_moment(returns, 2), 1.5)


def kurtosis(returns: Sequence[float]) -> float:
    """Return the kurtosis of the population; a normal distribution has 3."""
    std = sample_std(returns)
    if math.isnan(std) or std < FLAT:
        return math.nan
    m2 = central_moment(returns, 2)
    return central_moment(returns, 4) / (m2 * m2)


def sharpe_standard_error(returns: Sequence[float], bars_per_year: float) -> float:
    """Return the annualised standard error of the Sharpe ratio, skewness and kurtosis included."""
    x = mean_of(returns) / sample_std(returns)
    variance = 1.0 - skewness(returns) * x + (kurtosis(returns) - 1.0) / 4.0 * (x * x)
    return math.sqrt(max(0.0, variance) / (len(returns) - 1)) * math.sqrt(bars_per_year)


def score_parts(
    returns: Sequence[float], index: Sequence[float], trade_returns: Sequence[float], bars_per_year: float
) -> dict[str, float]:
    """Return the SCS (`total`, 0..100) and its five parts (0..1).

    Without trades and on ruin every part is 0, as the total is.
    """
    n = len(trade_returns)
    parts = dict.fromkeys(WEIGHTS, 0.0)
    if n > 0 and not is_ruined(index):
        wins = sum(r > 0.0 for r in trade_returns)
        evidence = n / (n + 20)
        factor = profit_factor(trade_returns)
        honesty = 0.0 if math.isnan(factor) else clip((factor - 1.0) / 0.25)
        if wins > 0:
            lead = wilson_lower_bound(wins, n) - break_even_rate(trade_returns)
            parts["win_rate"] = evidence * clip(lead / 0.10)
            won_share = 1.0 if math.isinf(factor) else clip((factor / (1.0 + factor) - 0.5) / 0.25)
            parts["profit_factor"] = evidence * won_share
        std = sample_std(returns)
        if std >= FLAT:
            sharpe = sharpe_ratio(returns, bars_per_year)
            parts["sharpe"] = clip((sharpe - sharpe_standard_error(returns, bars_per_year)) / 2.0)
        volatility = std * math.sqrt(bars_per_year)
        parts["max_drawdown"] = evidence * honesty * clip(1.0 - max_drawdown(index) / 0.30)
        parts["volatility"] = evidence * honesty * clip((1.00 - volatility) / 0.90)
    total = 100.0 * math.fsum(WEIGHTS[name] * part for name, part in parts.items())
    return {"total": total, **parts}
