"""Prices as a desk tells of them: candles in columns, tickers, and what the feed brings."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ui.frames import times_of
from ui.overview_answers import FeedState
from ui.page import Milliseconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CandleGap", "CandleSeries", "FedMarket", "Feed", "Ticker"]


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


@dataclass(frozen=True, kw_only=True)
class CandleGap:
    """Candles that are missing: from the first one that is, until the first one that is there again."""

    since: Annotated[Milliseconds, Field(alias="from")]
    until: Annotated[Milliseconds, Field(alias="to")]
    missing: int


@dataclass(frozen=True, kw_only=True)
class FedMarket:
    """What is there of a market.

    Attributes
    ----------
    followed : bool
        Whether the feed brings new candles of it.
    first_time, last_time : int
        Opens of the first and the newest candle, ms UTC.
    n_gaps, n_missing : int
        Runs of missing candles, and how many candles these lack together.
    gaps : tuple of CandleGap
        The latest of them, oldest first.
    age_s : float
        Since the newest candle was stored.
    next_close_ts : int or None
        When the next candle closes by the desk's clock; None where the feed does not follow it.
    """

    symbol: str
    venue: str
    timeframe: str
    origin: str
    followed: bool
    first_time: Milliseconds
    last_time: Milliseconds
    n_candles: int
    n_gaps: int
    n_missing: int
    gaps: tuple[CandleGap, ...]
    age_s: float
    next_close_ts: Milliseconds | None


@dataclass(frozen=True, kw_only=True)
class Feed(FeedState):
    """What the feed brings, and what is missing; `state` is as the feed says."""

    state: str | None
    symbols: tuple[FedMarket, ...]
    as_of: Milliseconds
