"""Prices as a desk tells of them: candles in columns, and tickers."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ui.frames import times_of
from ui.page import Milliseconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CandleSeries", "Ticker"]


@dataclass(frozen=True, kw_only=True)
class CandleSeries:
    """Candles of one market, in columns.

    Attributes
    ----------
    origin : str
        ``real:VENUE`` or ``simulated:SEED``.
    bars_per_point : int
        Candles merged into each point; extremes are kept.
    time : tuple of int
        When each point opens, ms UTC.
    age_s : float
        Since the newest candle was stored.
    """

    venue: str
    symbol: str
    timeframe: str
    origin: str
    bars_per_point: int
    time: tuple[Milliseconds, ...]
    open: tuple[float, ...]
    high: tuple[float, ...]
    low: tuple[float, ...]
    close: tuple[float, ...]
    volume: tuple[float, ...]
    age_s: float
    as_of: Milliseconds

    def frame(self) -> "pd.DataFrame":
        """Return the candles as a table, by time."""
        import pandas as pd

        names = ("open", "high", "low", "close", "volume")
        columns = {name: list(getattr(self, name)) for name in names}
        return pd.DataFrame(columns, dtype=float).set_index(times_of(list(self.time))).rename_axis("time")


@dataclass(frozen=True, kw_only=True)
class Ticker:
    """What a market would pay and take; `age_s` is since it was received."""

    venue: str
    symbol: str
    timeframe: str
    origin: str
    bid: Decimal | None
    ask: Decimal | None
    last: Decimal
    receive_ts: Milliseconds
    venue_ts: Milliseconds | None
    age_s: float
