"""Trend following: take the side of a regression slope that stands out from the noise."""

from collections.abc import Mapping

import numpy as np
from numba import njit
from typing_extensions import override

from strategies.exact_sum import deviation_of, mean_of, new_partials, sum_add, sum_value
from strategies.parameter import Parameter
from strategies.price_columns import PriceColumns
from strategies.strategy_type import StrategyType

__all__ = ["TrendFollowing"]

_UNIT = 2.0**-53  # unit roundoff of float64
_SHORTEST_BLOCK = 256  # bars between two fresh starts of the sliding sums


@njit(cache=True, nogil=True, error_model="numpy")
def _exact_ratio(log_close: np.ndarray, log_return: np.ndarray, t: int, lookback: int) -> float:
    """Return slope over deviation at bar t in the canonical arithmetic."""
    start = t - lookback + 1
    deviation = deviation_of(log_return, start, t + 1, mean_of(log_return, start, t + 1))
    if deviation < 1e-12:
        return 0.0
    centre = (lookback - 1) / 2.0
    mean = mean_of(log_close, start, t + 1)
    products = new_partials()
    for j in range(lookback):
        sum_add(products, (j - centre) * (log_close[start + j] - mean))
    slope = sum_value(products) / (lookback * (float(lookback) * lookback - 1.0) / 12.0)
    return slope / deviation


@njit(cache=True, nogil=True, error_model="numpy")
def _sides(
    log_close: np.ndarray,
    log_return: np.ndarray,
    unchanged: np.ndarray,
    lookback: int,
    threshold: float,
    out: np.ndarray,
) -> None:
    """Decide from sliding sums whose rounding errors are bounded; the canonical arithmetic settles the rest.

    With y = ln C - reference over the window, a = sum y and b = sum j y (j = 0..L-1): slope = (b - (L-1)/2 a) / D,
    D = L (L^2-1)/12. With r the log returns, q = L var = sum r^2 - (sum r)^2 / L. So |ratio| > threshold is
    (D slope)^2 > threshold^2 D^2 / L q. The sums start afresh every block, so errors stay small.
    """
    n = log_close.size
    out[:lookback] = 0
    size = float(lookback)
    centre = (size - 1.0) / 2.0
    weight = (threshold * size * (size * size - 1.0) / 12.0) ** 2 / size
    t = lookback
    while t < n:
        reference = log_close[t]
        end = min(n, t + max(lookback, _SHORTEST_BLOCK))
        a = 0.0
        b = 0.0
        r1 = 0.0
        r2 = 0.0
        spread = 0.0
        jump = 0.0
        for j in range(lookback):
            y = log_close[t - lookback + 1 + j] - reference
            r = log_return[t - lookback + 1 + j]
            a += y
            b += j * y
            r1 += r
            r2 += r * r
            spread = max(spread, abs(y))
            jump = max(jump, abs(r))
        for j in range(t + 1, end):
            spread = max(spread, abs(log_close[j] - reference))
            jump = max(jump, abs(log_return[j]))
        block = float(end - t)
        spread += 1e-15 * abs(reference)  # the logarithms themselves are rounded
        en = _UNIT * spread * size * (size + block) * (6.0 * size + 4.0 * block)
        steps = _UNIT * (size + 4.0 * block)
        e1 = steps * size * jump
        eq = steps * size * jump * jump + 2.0 * jump * e1
        flat = 4e-24 * size + 2.0 * eq  # below this, deviation < 1e-12 cannot be excluded
        while True:
            if unchanged[t] >= lookback:
                side = 0
            else:
                slope = b - centre * a
                q = r2 - r1 * r1 / size
                left = slope * slope
                right = weight * q
                slack = 4e-9 * (left + right) + weight * eq + en * (2.0 * abs(slope) + en)
                if q > flat and left - right > slack:
                    side = 1 if slope > 0.0 else -1
                elif q > flat and left - right < -slack:
                    side = 0
                else:
                    ratio = _exact_ratio(log_close, log_return, t, lookback)
                    side = int(ratio > threshold) - int(ratio < -threshold)
            out[t] = side
            t += 1
            if t >= end:
                break
            old = log_close[t - lookback] - reference
            new = log_close[t] - reference
            b += (size - 1.0) * new - (a - old)
            a += new - old
            old = log_return[t - lookback]
            new = log_return[t]
            r1 += new - old
            r2 += new * new - old * old


class TrendFollowing(StrategyType):
    """Side of the OLS slope of log closes once it exceeds a multiple of the returns' deviation (DESIGN section 3)."""

    name = "trend_following"
    summary = "take the side of a regression slope that stands out from the noise"
    own_parameters = (
        Parameter("lookback_period", 2, 5000, 10, 2000, "bars", "bars of the regression",
                  integer=True, log=True),
        Parameter("trend_threshold", 1e-4, 10.0, 2e-3, 1.0, "slope per deviation of a bar", "slope that is followed",
                  log=True),
    )  # fmt: skip

    @override
    def warm_up(self, parameters: Mapping[str, float]) -> int:
        return int(parameters["lookback_period"])

    @override
    def columns(self, prices: PriceColumns) -> tuple[np.ndarray, ...]:
        return (prices.log_close, prices.log_return, prices.unchanged)

    @override
    def sides(
        self,
        columns: tuple[np.ndarray, ...],
        parameters: Mapping[str, float],
        one_way_cost: float,
        out: np.ndarray,
    ) -> None:
        log_close, log_return, unchanged = columns
        _sides(log_close, log_return, unchanged, int(parameters["lookback_period"]), parameters["trend_threshold"], out)
