"""Behaviour: how a strategy trades, whatever its parameters are."""

import math
from dataclasses import dataclass

__all__ = ["EXPOSURE_BINS", "HOLDING_BINS", "Behaviour", "Cell"]

HOLDING_BINS = 12
"""Bins of the holding time: up to 2 bars, up to 4, ... , 2,048 bars and more."""

EXPOSURE_BINS = 10
"""Bins of the exposure, a tenth each."""

Cell = tuple[int, int]
"""Bin of the holding time, and bin of the exposure."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Two numbers that tell scalpers from holders, and the often invested from the seldom.

    Attributes
    ----------
    holding_time : float
        Mean bars from entry to exit of a trade; NaN without trades.
    exposure : float
        Share of the bars with a position, 0..1.
    """

    holding_time: float
    exposure: float

    @property
    def cell(self) -> Cell | None:
        """Where it lies on the grid; None for a strategy that never traded or whose behaviour is not defined."""
        if not (math.isfinite(self.holding_time) and self.holding_time > 0.0 and 0.0 <= self.exposure <= 1.0):
            return None
        _, exponent = math.frexp(self.holding_time)  # exact: no logarithm decides about an edge
        holding = min(max(exponent - 1, 0), HOLDING_BINS - 1)
        return holding, min(int(self.exposure * EXPOSURE_BINS), EXPOSURE_BINS - 1)
