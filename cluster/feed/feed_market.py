"""One market that is followed."""

from dataclasses import dataclass
from pathlib import Path

from market import CandleStore
from market.timeframe import KNOWN

__all__ = ["FeedMarket"]


@dataclass(frozen=True, slots=True)
class FeedMarket:
    """Whose candles arrive.

    Attributes
    ----------
    venue, symbol, timeframe, origin : str
        As on `market.Candles`.
    """

    venue: str
    symbol: str
    timeframe: str
    origin: str

    @property
    def length_ms(self) -> int:
        """Length of a candle in ms."""
        return KNOWN[self.timeframe]

    def path(self, store: CandleStore) -> Path:
        """Return the file of its candles in a store."""
        return store.path(self.venue, self.symbol, self.timeframe, self.origin)

    def __str__(self) -> str:
        return f"{self.symbol} {self.timeframe} of {self.venue}"
