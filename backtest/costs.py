"""What trading costs: the taker fee and the slippage of every fill."""

import hashlib
import math
from dataclasses import dataclass

from backtest.errors import CostError

__all__ = ["Costs", "checked_costs"]

_BPS = 10_000.0


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of one fill, in basis points of its notional.

    Parameters
    ----------
    fee_bps : float
        Taker fee, 0..1,000 (10 is 0.1 %).
    slippage_bps : float
        Distance of the fill from the open, against us, 0..1,000.

    Raises
    ------
    CostError
        If a value is not a number from 0 to 1,000.
    """

    fee_bps: float = 10.0
    slippage_bps: float = 5.0

    def __post_init__(self) -> None:
        for name in ("fee_bps", "slippage_bps"):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not (number and math.isfinite(value) and 0.0 <= value <= 1000.0):
                raise CostError(f"{name} must be in [0, 1000] basis points, was {value!r}")

    @property
    def fee(self) -> float:
        """Taker fee as a fraction of the notional."""
        return self.fee_bps / _BPS

    @property
    def slippage(self) -> float:
        """Slippage as a fraction of the price."""
        return self.slippage_bps / _BPS

    @property
    def cost_hash(self) -> str:
        """SHA-256 (hex) of the costs: scores compare only where it is equal."""
        return hashlib.sha256(f"fee={self.fee!r} slippage={self.slippage!r}".encode()).hexdigest()


def checked_costs(costs: Costs | None) -> Costs:
    """Return the costs, the defaults for None, or raise `CostError` where they are none."""
    if not (costs is None or isinstance(costs, Costs)):
        raise CostError(f"costs must be Costs(fee_bps, slippage_bps), was of type {type(costs).__name__}")
    return Costs() if costs is None else costs
