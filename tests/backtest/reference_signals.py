"""Raw sides of the five strategy types, written down as slowly and as plainly as the rules themselves.

Part of the reference engine (`reference_engine.py`). Every number is a Python float, every mean and deviation
is an `math.fsum`, and every comparison stands as the rule states it: the decision of each bar starts again
from the closes of its own window, so nothing can drift. The raw side knows neither stops nor the sides that a
market allows.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

HIGH_FREQUENCY_ALPHA = 2.0 / 21.0
HIGH_FREQUENCY_FIRST_BAR = 20

Parameters = Mapping[str, float]


class Bars(NamedTuple):
    """The columns that decide, oldest bar first."""

    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]


def momentum(parameters: Parameters, bars: Bars, cost: float) -> list[int]:
    """Follow the return over the lookback."""
    close = bars.close
    lookback = int(parameters["lookback_period"])
    threshold = parameters["threshold"]
    sides = [0] * len(close)
    for t in range(lookback, len(close)):
        change = close[t] / close[t - lookback] - 1.0
        if change > threshold:
            sides[t] = 1
        elif change < -threshold:
            sides[t] = -1
    return sides


def z_score(window: Sequence[float]) -> float:
    """Return the distance of the last price from the mean of its window, in standard deviations."""
    mean = math.fsum(window) / len(window)
    std = math.sqrt(math.fsum((price - mean) * (price - mean) for price in window) / len(window))
    if std < 1e-12 * mean:
        return 0.0
    return (window[-1] - mean) / std


def mean_reversion(parameters: Parameters, bars: Bars, cost: float) -> list[int]:
    """Buy what is far below its mean, sell what is far above, and leave at the mean."""
    close = bars.close
    lookback = int(parameters["lookback_period"])
    multiplier = parameters["std_multiplier"]
    sides = [0] * len(close)
    for t in range(lookback - 1, len(close)):
        previous = sides[t - 1] if t > 0 else 0
        z = z_score(close[t - lookback + 1 : t + 1])
        if z < -multiplier:
            sides[t] = 1
        elif z > multiplier:
            sides[t] = -1
        elif (previous == 1 and z >= 0.0) or (previous == -1 and z <= 0.0):
            sides[t] = 0
        else:
            sides[t] = previous
    return sides


def breakout(parameters: Parameters, bars: Bars, cost: float) -> list[int]:
    """Follow a close outside the range of the bars before it; stop and reverse."""
    close = bars.close
    lookback = int(parameters["lookback_period"])
    margin = parameters["breakout_threshold"]
    sides = [0] * len(close)
    for t in range(lookback, len(close)):
        highest = max(bars.high[t - lookback : t])
        lowest = min(bars.low[t - lookback : t])
        if close[t] > highest * (1.0 + margin):
            sides[t] = 1
        elif close[t] < lowest * (1.0 - margin):
            sides[t] = -1
        else:
            sides[t] = sides[t - 1]
    return sides


def trend_ratio(closes: Sequence[float]) -> float:
    """Return slope over noise of the last L closes; `closes` has L + 1 of them, for L one-bar log returns."""
    lookback = len(closes) - 1
    y = [math.log(price) for price in closes[1:]]
    y_mean = math.fsum(y) / lookback
    x_mean = math.fsum(range(lookback)) / lookback
    covariance = math.fsum((x - x_mean) * (y[x] - y_mean) for x in range(lookback))
    slope = covariance / math.fsum((x - x_mean) * (x - x_mean) for x in range(lookback))
    returns = [math.log(closes[i] / closes[i - 1]) for i in range(1, lookback + 1)]
    mean = math.fsum(returns) / lookback
    std = math.sqrt(math.fsum((r - mean) * (r - mean) for r in returns) / lookback)
    if std < 1e-12:
        return 0.0
    return slope / std


def trend_following(parameters: Parameters, bars: Bars, cost: float) -> list[int]:
    """Follow the slope of the log price where it stands out of the noise."""
    close = bars.close
    lookback = int(parameters["lookback_period"])
    threshold = parameters["trend_threshold"]
    sides = [0] * len(close)
    for t in range(lookback, len(close)):
        ratio = trend_ratio(close[t - lookback : t + 1])
        if ratio > threshold:
            sides[t] = 1
        elif ratio < -threshold:
            sides[t] = -1
    return sides


def high_frequency(parameters: Parameters, bars: Bars, cost: float) -> list[int]:
    """Fade the distance from an exponential mean while the market is calm; `cost` is fee plus slippage."""
    close = bars.close
    volatility_threshold = parameters["volatility_threshold"]
    entry = parameters["min_profit"] + 2.0 * cost
    alpha = HIGH_FREQUENCY_ALPHA
    sides = [0] * len(close)
    mean = math.log(close[0])
    variance = 0.0
    for t in range(1, len(close)):
        mean = alpha * math.log(close[t]) + (1.0 - alpha) * mean
        change = math.log(close[t] / close[t - 1])
        variance = change * change if t == 1 else alpha * (change * change) + (1.0 - alpha) * variance
        if t < HIGH_FREQUENCY_FIRST_BAR:
            continue
        distance = math.log(close[t]) - mean
        volatility = math.sqrt(variance)
        previous = sides[t - 1]
        if previous != 0:
            leave = previous * distance >= 0.0 or volatility >= volatility_threshold
            sides[t] = 0 if leave else previous
        elif volatility < volatility_threshold and abs(distance) > entry:
            sides[t] = -1 if distance > 0.0 else 1
    return sides


RAW_SIDES: dict[str, Callable[[Parameters, Bars, float], list[int]]] = {
    "momentum": momentum,
    "mean_reversion": mean_reversion,
    "breakout": breakout,
    "trend_following": trend_following,
    "high_frequency": high_frequency,
}
