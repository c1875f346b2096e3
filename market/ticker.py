"""What a market would pay and take just now."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from market.errors import CandleError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The last price of a market, and the best bid and ask around it.

    Attributes
    ----------
    venue, symbol, timeframe, origin : str
        Of the candles it belongs to, as on `Candles`.
    last : float
        Price of the last trade, in quote currency.
    bid, ask : float or None
        Best prices of the book; None where the venue does not tell.
    receive_ts : int
        When it was received, ms UTC by our clock.
    venue_ts : int or None
        What time it was at the venue, ms UTC; None where it does not tell. A simulated market has a time of its own.

    Raises
    ------
    CandleError
        If a price is not positive and finite, or the bid is above the ask.
    """

    venue: str
    symbol: str
    timeframe: str
    origin: str
    last: float
    bid: float | None
    ask: float | None
    receive_ts: int
    venue_ts: int | None

    def __post_init__(self) -> None:
        for name in ("last", "bid", "ask"):
            price = getattr(self, name)
            if price is None and name != "last":
                continue
            if price is None or not (math.isfinite(price) and price > 0):
                raise CandleError(f"{name} of {self.symbol} must be a positive price, was {price}")
        if self.bid is not None and self.ask is not None and self.bid > self.ask:
            raise CandleError(f"bid of {self.symbol} must not be above its ask {self.ask}, was {self.bid}")

    def as_json(self) -> dict[str, Any]:
        """Return the attributes as JSON values."""
        return asdict(self)
