"""Breakout: stop and reverse when the close leaves the range of the bars before it."""

from collections.abc import Mapping

import numpy as np
from numba import njit
from typing_extensions import override

from strategies.parameter import Parameter
from strategies.price_columns import PriceColumns, frozen
from strategies.strategy_type import StrategyType

__all__ = ["Breakout"]


@njit(cache=True, nogil=True)
def _beyond(extreme: np.ndarray, close: np.ndarray, sign: int) -> tuple[np.ndarray, np.ndarray]:
    """Chain the extremes of the past, and find how far back each close was last reached.

    With sign +1 `extreme` is the highs, with -1 the lows.

    Returns
    -------
    previous : ndarray of int32
        The last bar before t whose extreme lies beyond that of t; -1 if none.
    since : ndarray of int32
        Bars back from t to the last extreme at or beyond the close of t; t + 1 if none.
    """
    n = close.size
    previous = np.empty(n, np.int32)
    since = np.empty(n, np.int32)
    for t in range(n):
        j = t - 1
        while j >= 0 and sign * extreme[j] < sign * close[t]:
            j = previous[j]
        since[t] = t - j
        j = t - 1
        while j >= 0 and sign * extreme[j] <= sign * extreme[t]:
            j = previous[j]
        previous[t] = j
    return previous, since


@njit(cache=True, nogil=True)
def _range_extreme(extreme: np.ndarray, previous: np.ndarray, t: int, lookback: int) -> float:
    """Return the most extreme value over bars t-lookback..t-1, walking the chain of ever more extreme bars."""
    j = t - 1
    while previous[j] >= t - lookback:
        j = previous[j]
    return float(extreme[j])


@njit(cache=True, nogil=True)
def _sides(
    close: np.ndarray,
    high: np.ndarray,
    low: np.ndarray,
    higher: np.ndarray,
    above: np.ndarray,
    lower: np.ndarray,
    below: np.ndarray,
    lookback: int,
    threshold: float,
    out: np.ndarray,
) -> None:
    """Only a close beyond every high (low) of the window can break out, and that is a table look-up."""
    out[:lookback] = 0
    up = 1.0 + threshold
    down = 1.0 - threshold
    side = 0
    for t in range(lookback, close.size):
        if above[t] > lookback:
            if side != 1 and close[t] > _range_extreme(high, higher, t, lookback) * up:
                side = 1
        elif below[t] > lookback and side != -1 and close[t] < _range_extreme(low, lower, t, lookback) * down:
            side = -1
        out[t] = side


class Breakout(StrategyType):
    """Long above the highest high, short below the lowest low, by a margin; hold otherwise (DESIGN section 3)."""

    name = "breakout"
    summary = "stop and reverse when the close leaves the range of the lookback"
    own_parameters = (
        Parameter("lookback_period", 2, 5000, 5, 2000, "bars", "bars of the range that is left",
                  integer=True, log=True),
        Parameter("breakout_threshold", 0.0, 1.0, 0.0, 0.05, "fraction", "margin beyond the range"),
    )  # fmt: skip

    @override
    def warm_up(self, parameters: Mapping[str, float]) -> int:
        return int(parameters["lookback_period"])

    @override
    def columns(self, prices: PriceColumns) -> tuple[np.ndarray, ...]:
        higher, above = map(frozen, _beyond(prices.high, prices.close, 1))
        lower, below = map(frozen, _beyond(prices.low, prices.close, -1))
        return (prices.close, prices.high, prices.low, higher, above, lower, below)

    @override
    def sides(
        self,
        columns: tuple[np.ndarray, ...],
        parameters: Mapping[str, float],
        one_way_cost: float,
        out: np.ndarray,
    ) -> None:
        close, high, low, higher, above, lower, below = columns
        _sides(
            close,
            high,
            low,
            higher,
            above,
            lower,
            below,
            int(parameters["lookback_period"]),
            parameters["breakout_threshold"],
            out,
        )
