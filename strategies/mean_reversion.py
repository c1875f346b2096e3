"""Mean reversion: trade against a close that lies many deviations from its moving average."""

from collections.abc import Mapping

import numpy as np
from numba import njit
from typing_extensions import override

from strategies.exact_sum import deviation_of, mean_of
from strategies.parameter import Parameter
from strategies.price_columns import PriceColumns
from strategies.strategy_type import StrategyType

__all__ = ["MeanReversion"]

_UNIT = 2.0**-53  # unit roundoff of float64
_SHORTEST_BLOCK = 256  # bars between two fresh starts of the sliding sums


@njit(cache=True, nogil=True, error_model="numpy")
def _exact_z(close: np.ndarray, unchanged: np.ndarray, t: int, lookback: int) -> float:
    """Return z at bar t in the canonical arithmetic: correctly rounded mean and deviation."""
    if unchanged[t] >= lookback - 1:
        return 0.0
    start = t - lookback + 1
    mean = mean_of(close, start, t + 1)
    deviation = deviation_of(close, start, t + 1, mean)
    return 0.0 if deviation < 1e-12 * mean else (close[t] - mean) / deviation


@njit(cache=True, nogil=True, error_model="numpy")
def _next_side(side: int, z: float, multiplier: float) -> int:
    if z < -multiplier:
        return 1
    if z > multiplier:
        return -1
    if (side > 0 and z >= 0.0) or (side < 0 and z <= 0.0):
        return 0
    return side


@njit(cache=True, nogil=True, error_model="numpy")
def _sides(close: np.ndarray, unchanged: np.ndarray, lookback: int, multiplier: float, out: np.ndarray) -> None:
    """Decide from sliding sums of closes, relative to a close nearby, whose rounding errors are bounded.

    With y = C - reference, s1 = sum y, s2 = sum y^2 over the window: d = C - mean = y_t - s1/L and
    q = L var = s2 - s1^2/L, so that |z| > k is L d^2 > k^2 q. Where the bound cannot tell (or the tie is exact) the
    canonical arithmetic decides. The sums start afresh every block, so errors stay small.
    """
    n = close.size
    out[: lookback - 1] = 0
    k2 = multiplier * multiplier
    side = 0
    t = lookback - 1
    while t < n:
        reference = close[t]
        end = min(n, t + max(lookback, _SHORTEST_BLOCK))
        s1 = 0.0
        s2 = 0.0
        spread = 0.0
        for j in range(t - lookback + 1, t + 1):
            y = close[j] - reference
            s1 += y
            s2 += y * y
            spread = max(spread, abs(y))
        for j in range(t + 1, end):
            spread = max(spread, abs(close[j] - reference))
        steps = _UNIT * (lookback + 4.0 * (end - t))
        e1 = steps * lookback * spread  # every partial sum is at most L * spread
        e2 = steps * lookback * spread * spread
        top = reference + spread
        ed = e1 / lookback + 8.0 * _UNIT * top
        eq = e2 + 2.0 * spread * e1 + lookback * (8.0 * _UNIT * top) ** 2
        flat = 4e-24 * lookback * top * top + 2.0 * eq  # below this, deviation < 1e-12 mean cannot be excluded
        while True:
            d = (close[t] - reference) - s1 / lookback
            q = s2 - s1 * s1 / lookback
            unsure = q <= flat
            if not unsure:
                if side > 0 and d < -ed:
                    pass  # z < 0: a long stays, whether or not it would be entered again
                elif side < 0 and d > ed:
                    pass
                elif side != 0 and abs(d) <= ed:
                    unsure = True
                else:
                    left = lookback * d * d
                    right = k2 * q
                    slack = 4e-9 * (left + right) + k2 * eq + lookback * ed * (2.0 * abs(d) + ed)
                    if left - right > slack:
                        side = 1 if d < 0.0 else -1
                    elif left - right < -slack:
                        side = 0  # flat stays flat; a held side met the other sign of z above
                    else:
                        unsure = True
            if unsure:
                side = _next_side(side, _exact_z(close, unchanged, t, lookback), multiplier)
            out[t] = side
            t += 1
            if t >= end:
                break
            new = close[t] - reference
            old = close[t - lookback] - reference
            s1 += new - old
            s2 += new * new - old * old


class MeanReversion(StrategyType):
    """Enter beyond ``std_multiplier`` deviations, leave at the mean (DESIGN section 3)."""

    name = "mean_reversion"
    summary = "trade against closes far from their moving average, until they are back"
    own_parameters = (
        Parameter("lookback_period", 2, 5000, 5, 1000, "bars", "bars of the moving average and deviation",
                  integer=True, log=True),
        Parameter("std_multiplier", 0.05, 10.0, 0.5, 5.0, "standard deviations", "distance that is traded against"),
    )  # fmt: skip

    @override
    def warm_up(self, parameters: Mapping[str, float]) -> int:
        return int(parameters["lookback_period"]) - 1

    @override
    def columns(self, prices: PriceColumns) -> tuple[np.ndarray, ...]:
        return (prices.close, prices.unchanged)

    @override
    def sides(
        self,
        columns: tuple[np.ndarray, ...],
        parameters: Mapping[str, float],
        one_way_cost: float,
        out: np.ndarray,
    ) -> None:
        close, unchanged = columns
        _sides(close, unchanged, int(parameters["lookback_period"]), parameters["std_multiplier"], out)
