"""High frequency: bar-level micro mean reversion around a fast exponential average."""

import math
from collections.abc import Mapping

import numpy as np
from numba import njit
from typing_extensions import override

from strategies.parameter import Parameter
from strategies.price_columns import PriceColumns, frozen
from strategies.strategy_type import StrategyType

__all__ = ["HighFrequency"]

_WARM_UP = 20
_ALPHA = 2.0 / 21.0


@njit(cache=True, nogil=True, error_model="numpy")
def _deviation_columns(log_close: np.ndarray, log_return: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distance from the exponential average and exponentially weighted volatility of every bar."""
    n = log_close.size
    distance = np.zeros(n)
    volatility = np.zeros(n)
    average = log_close[0]
    variance = 0.0
    for t in range(1, n):
        average = _ALPHA * log_close[t] + (1.0 - _ALPHA) * average
        square = log_return[t] * log_return[t]
        variance = square if t == 1 else _ALPHA * square + (1.0 - _ALPHA) * variance
        distance[t] = log_close[t] - average
        volatility[t] = math.sqrt(variance)
    return distance, volatility


@njit(cache=True, nogil=True)
def _sides(
    distance: np.ndarray, volatility: np.ndarray, hurdle: float, volatility_threshold: float, out: np.ndarray
) -> None:
    out[:_WARM_UP] = 0
    side = 0
    for t in range(_WARM_UP, distance.size):
        d = distance[t]
        calm = volatility[t] < volatility_threshold
        if side != 0:
            if side * d >= 0.0 or not calm:
                side = 0
        elif calm and abs(d) > hurdle:
            side = -1 if d > 0.0 else 1
        out[t] = side


class HighFrequency(StrategyType):
    """Fade a distance that pays for the round trip, while the market is calm (DESIGN section 3)."""

    name = "high_frequency"
    summary = "fade short excursions that pay for their costs, while the market is calm"
    own_parameters = (
        Parameter("min_profit", 0.0, 1.0, 0.0, 0.03, "fraction", "profit asked for beyond the cost of a round trip"),
        Parameter("volatility_threshold", 1e-6, 10.0, 2e-4, 0.1, "log return per bar", "volatility that ends trading",
                  log=True),
    )  # fmt: skip

    @override
    def warm_up(self, parameters: Mapping[str, float]) -> int:
        return _WARM_UP

    @override
    def columns(self, prices: PriceColumns) -> tuple[np.ndarray, ...]:
        distance, volatility = _deviation_columns(prices.log_close, prices.log_return)
        return (frozen(distance), frozen(volatility))

    @override
    def sides(
        self,
        columns: tuple[np.ndarray, ...],
        parameters: Mapping[str, float],
        one_way_cost: float,
        out: np.ndarray,
    ) -> None:
        distance, volatility = columns
        hurdle = parameters["min_profit"] + 2.0 * one_way_cost
        _sides(distance, volatility, hurdle, parameters["volatility_threshold"], out)
