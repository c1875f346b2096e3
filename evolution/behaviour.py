"""Behaviour: how a strategy trades, whatever its parameters are."""

import math
from dataclasses import dataclass

__all__ = ["CELLS", "CORRELATION_BINS", "EXPOSURE_BINS", "HOLDING_BINS", "Behaviour", "Cell"]

HOLDING_BINS = 12
"""Bins of the holding time: up to 2 bars, up to 4, ... , 2,048 bars and more."""

EXPOSURE_BINS = 10
"""Bins of the exposure, a tenth each."""

CORRELATION_BINS = 5
"""Bins of the correlation with the market, each 0.4 wide: against it, rather against, apart, rather with, with it."""

CELLS = HOLDING_BINS * EXPOSURE_BINS * CORRELATION_BINS
"""Cells of a grid. Not all can be reached: who is always invested is not long for two bars only."""

Cell = tuple[int, int, int]
"""Bins of the holding time, of the exposure and of the correlation."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Three numbers that tell scalpers from holders, the often invested from the seldom, followers from fighters.

    Attributes
    ----------
    holding_time : float
        Mean bars from entry to exit of a trade; NaN without trades.
    exposure : float
        Share of the bars with a position, 0..1.
    correlation : float
        Correlation of the strategy's returns with the market's, -1..1; NaN where either never varies.
    """

    holding_time: float
    exposure: float
    correlation: float

    @property
    def cell(self) -> Cell | None:
        """Where it lies on the grid; None for a strategy that never traded or whose behaviour is not defined."""
        if not (math.isfinite(self.holding_time) and self.holding_time > 0.0 and 0.0 <= self.exposure <= 1.0):
            return None
        if not -1.0 <= self.correlation <= 1.0:
            return None
        _, exponent = math.frexp(self.holding_time)  # exact: no logarithm decides about an edge
        holding = min(max(exponent - 1, 0), HOLDING_BINS - 1)
        exposure = min(int(self.exposure * EXPOSURE_BINS), EXPOSURE_BINS - 1)
        return holding, exposure, min(int((self.correlation + 1.0) / 2.0 * CORRELATION_BINS), CORRELATION_BINS - 1)
