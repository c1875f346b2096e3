"""Momentum: follow the price change over the lookback once it exceeds a threshold."""

from collections.abc import Mapping

import numpy as np
from numba import njit
from typing_extensions import override

from strategies.parameter import Parameter
from strategies.price_columns import PriceColumns
from strategies.strategy_type import StrategyType

__all__ = ["Momentum"]


@njit(cache=True, nogil=True, error_model="numpy")
def _sides(close: np.ndarray, lookback: int, threshold: float, out: np.ndarray) -> None:
    out[:lookback] = 0
    for t in range(lookback, close.size):
        change = close[t] / close[t - lookback] - 1.0
        out[t] = np.int8(change > threshold) - np.int8(change < -threshold)


class Momentum(StrategyType):
    """Long above ``+threshold``, short below ``-threshold``, flat between (DESIGN section 3)."""

    name = "momentum"
    summary = "follow the change over the lookback once it exceeds the threshold"
    own_parameters = (
        Parameter("lookback_period", 2, 5000, 5, 1000, "bars", "bars the change is measured over",
                  integer=True, log=True),
        Parameter("threshold", 1e-5, 1.0, 1e-3, 0.2, "fraction", "change beyond which the side is taken",
                  log=True),
    )  # fmt: skip

    @override
    def warm_up(self, parameters: Mapping[str, float]) -> int:
        return int(parameters["lookback_period"])

    @override
    def columns(self, prices: PriceColumns) -> tuple[np.ndarray, ...]:
        return (prices.close,)

    @override
    def sides(
        self,
        columns: tuple[np.ndarray, ...],
        parameters: Mapping[str, float],
        one_way_cost: float,
        out: np.ndarray,
    ) -> None:
        (close,) = columns
        _sides(close, int(parameters["lookback_period"]), parameters["threshold"], out)
