"""Prices: candles and tickers of the desk's markets."""

from ui.calls import Calls
from ui.price_answers import CandleSeries, Feed, Ticker
from ui.queries import Instant, span

__all__ = ["PriceCalls"]


class PriceCalls(Calls):
    """Asks for prices."""

    def candles(
        self,
        symbol: str | None = None,
        timeframe: str | None = None,
        venue: str | None = None,
        *,
        since: Instant | None = None,
        until: Instant | None = None,
        points: int = 500,
    ) -> CandleSeries:
        """Return candles of one market: the latest ones, or those of a span.

        Parameters
        ----------
        symbol, timeframe, venue : str, optional
            Which market; the symbol is needed where there are several.
        since, until : int or datetime, optional
            From and before when.
        points : int
            At most so many, 1 to 5,000; a longer span is merged, extremes are kept.

        Returns
        -------
        CandleSeries
            In columns; its `frame` is a table.
        """
        asked = {"symbol": symbol, "timeframe": timeframe, "venue": venue, "points": points}
        return self._read(CandleSeries, "/api/market/candles", asked | span(since, until))

    def tickers(
        self, symbol: str | None = None, timeframe: str | None = None, venue: str | None = None
    ) -> tuple[Ticker, ...]:
        """Return what markets would pay and take, each with its age."""
        asked = {"symbol": symbol, "timeframe": timeframe, "venue": venue}
        return self._page(Ticker, "/api/market/tickers", asked).items

    def feed(self) -> Feed:
        """Return what the feed brings: every market that has candles, with its gaps and its next candle."""
        return self._read(Feed, "/api/market/feed")
