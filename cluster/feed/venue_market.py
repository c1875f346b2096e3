"""One market at a venue: when to ask for what, and what the answers mean."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cluster.feed.back_off import BackOff
from cluster.feed.feed_market import FeedMarket
from cluster.feed.gaps import Gaps
from cluster.feed.source import Arrival
from market import Candles, Clock, Ticker
from market.download import Stretch, stretches
from market.errors import BrokenPageError, MarketError, VenueRefusedError
from market.instants import iso
from market.pages import Page
from market.spans import Span, union
from market.symbols import market_type_of
from market.timeframe import floor_time
from market.validation import COLUMNS
from market.venue_tickers import TickerSource
from market.venues import CandleSource

__all__ = ["VenueMarket"]

MARGIN_S = 1.5
"""Seconds that a venue is given to publish a candle after its close; up to one more at random."""

OVERLAP = 5
"""Closed candles that are asked for again with every new one, to notice corrections."""

TICKER_EVERY_S = 10.0
LATE_AFTER_S = 20.0
LATE_FIRST_S, LATE_MOST_S = 1.5, 15.0
LONGEST_WAIT_S = 30.0
RECENT_BARS = 120
"""Candles back from the newest in which a hole may still be filled: what is older does not exist."""

_logger = logging.getLogger(__name__)


class VenueMarket:
    """What is known of a market that a venue publishes, and what is to be asked next. It makes one request at a time.

    Parameters
    ----------
    market : FeedMarket
        Whose candles.
    stored : Candles or None
        What is stored.
    history : int
        Candles to begin with where nothing is stored.
    clock : Clock
        Our time.
    jitter : callable
        Returns numbers in [0, 1).
    """

    def __init__(
        self, market: FeedMarket, stored: Candles | None, history: int, clock: Clock, jitter: Callable[[], float]
    ) -> None:
        self.market = market
        self._clock = clock
        self._jitter = jitter
        self._history = history
        self._candles: CandleSource | None = None
        self._tickers: TickerSource | None = None
        self._walk: Iterator[Stretch] | None = None
        self._grid: int | None = None
        self.last: int | None = None
        self.gaps = Gaps(market.length_ms)
        self._page_bars = 0
        self._candle_at = self._ticker_at = clock.monotonic()
        self._not_before_ms = 0
        self._is_first = True
        self._late_ms: int | None = None
        self._late = BackOff(LATE_FIRST_S, LATE_MOST_S, jitter)
        self._trouble = BackOff(5.0, 120.0, jitter)
        self._ticker_trouble = BackOff(TICKER_EVERY_S, 300.0, jitter)
        if stored is not None:
            self._grid, self.last = int(stored.timestamp[0]), int(stored.timestamp[-1])
            recent = stored[-min(RECENT_BARS, len(stored)) :]
            holes = [each for gap in recent.gaps for each in range(gap.start, gap.end, market.length_ms)]
            self.gaps.add(holes, clock.monotonic())

    def connect(self, candles: CandleSource, tickers: TickerSource | None) -> None:
        """Take sources of a new connection; a walk through history starts over behind what has come in."""
        self._candles, self._tickers, self._walk = candles, tickers, None
        candles.anchor = self._grid
        self._page_bars = candles.limit
        self._candle_at, self._is_first = self._clock.monotonic(), True

    @property
    def due_at(self) -> float:
        """When the next request is due, in seconds of the monotonic clock."""
        return min(self._candle_at, self._ticker_at if self._tickers else float("inf"), self.gaps.due_at)

    def serve(self) -> list[Arrival | Ticker]:
        """Make the request that is due, candles before gaps before tickers.

        Returns
        -------
        list of Arrival and Ticker
            What came; a `VenueUnavailableError` concerns the whole venue and is left to the caller.
        """
        now = self._clock.monotonic()
        if min(self._candle_at, self.gaps.due_at) > now:
            return self._ask_ticker(now)
        try:
            arrival = self._ask_candles() if self._candle_at <= now else self._ask_gap()
        except (BrokenPageError, VenueRefusedError) as error:
            self._told_once(error, self._trouble)
            again = now + self._trouble.fail()
            self._candle_at = max(self._candle_at, again)
            self.gaps.postpone(again)
            return []
        return [arrival] if arrival else []

    def report(self) -> dict[str, Any]:
        """Return how it is, as JSON values."""
        return {
            "symbol": self.market.symbol,
            "missing": len(self.gaps),
            "given_up": self.gaps.given_up,
            "late_ms": self._late_ms,
            "failures": self._trouble.failures,
        }

    def _ask_candles(self) -> Arrival | None:
        """Ask for the newest candles, or for the next piece of history where more than a page is missing."""
        source, length = self._source, self.market.length_ms
        now_ms = source.now()
        if 0 < self._not_before_ms - now_ms < 2 * length + 5_000:  # anything else: a clock was set
            self._sleep_until(self._not_before_ms, now_ms)
            return None
        grid = floor_time(now_ms, self.market.timeframe) if self._grid is None else self._grid
        newest = now_ms - (now_ms - grid) % length - length
        if self.last is None or newest - self.last > (self._page_bars - OVERLAP - 2) * length:
            return self._walk_on(now_ms)
        self._walk = None
        if newest <= self.last and not self._is_first:
            self._await_close(newest, now_ms)
            return None
        since = max(self.last - (OVERLAP - 1) * length, grid)
        source.limit = min(self._page_bars, max(0, newest - since) // length + OVERLAP)
        page = source.ask(since, None)
        self._is_first = False
        self._trouble.succeed()
        arrival = self._taken(page)
        if self.last < newest:
            self._await_late(newest, now_ms)
        else:
            self._await_close(newest, now_ms)
        return arrival

    def _taken(self, page: Page) -> Arrival | None:
        """Return an answer as an arrival, with the bars that it left out noted as missing."""
        if not len(page):
            return None
        opens, length = page.timestamp.tolist(), self.market.length_ms
        self._tell("missing candles of %s have come after all", self.gaps.fill(opens), logging.INFO)
        if self.last is not None and page.last > self.last:
            holes = sorted(set(range(self.last + length, page.last, length)) - set(opens))
            self._tell(
                "%s lacks candles, they are asked for again",
                self.gaps.add(holes, self._clock.monotonic()),
                logging.WARNING,
            )
        return self._arrival(page, union((each, each + length) for each in opens))

    def _arrival(self, page: Page, asked: tuple[Span, ...]) -> Arrival:
        self.last = page.last if self.last is None else max(self.last, page.last)
        self._grid = page.first if self._grid is None else self._grid
        candles = Candles(
            timestamp=page.timestamp,
            **dict(zip(COLUMNS, page.values.T, strict=True)),
            symbol=self.market.symbol,
            timeframe=self.market.timeframe,
            venue=self.market.venue,
            market_type=market_type_of(self.market.symbol, self.market.venue),
            origin=self.market.origin,
        )
        return Arrival(self.market, candles, asked)

    def _walk_on(self, now_ms: int) -> Arrival | None:
        """Ask for the next piece of history."""
        source, length = self._source, self.market.length_ms
        if self._walk is None:
            source.limit = self._page_bars
            first = floor_time(now_ms, self.market.timeframe) - self._history * length
            self._walk = stretches(source, (first if self.last is None else self.last + length, now_ms))
        try:
            stretch = next(self._walk, None)
        except MarketError:
            self._walk = None  # a generator that has raised is finished
            raise
        if stretch is None:
            self._walk = None
            self._candle_at = self._clock.monotonic() + LONGEST_WAIT_S
            _logger.warning("%s has no newer candles", self.market, extra={"fields": {"last_open": self.last}})
            return None
        self._trouble.succeed()
        recent = max(stretch.span[0], now_ms - RECENT_BARS * length)
        holes = set(range(stretch.page.last, recent - 1, -length)) - set(stretch.page.timestamp.tolist())
        self.gaps.add(sorted(holes), self._clock.monotonic())
        return self._arrival(stretch.page, (stretch.span,))

    def _ask_gap(self) -> Arrival | None:
        """Ask once more for bars that were left out."""
        source, now = self._source, self._clock.monotonic()
        span = self.gaps.span(self._page_bars)
        source.limit = self._page_bars
        page = source.ask(*span).before(span[1])
        self._trouble.succeed()
        came = np.isin(page.timestamp, self.gaps.fill(page.timestamp.tolist()))
        filled = Page(page.timestamp[came], page.values[came], page.full)
        self._tell("missing candles of %s have come after all", filled.timestamp.tolist(), logging.INFO)
        self._tell("candles of %s do not exist at its venue", self.gaps.asked(span, now), logging.WARNING)
        length = self.market.length_ms
        opens = filled.timestamp.tolist()
        return self._arrival(filled, union((each, each + length) for each in opens)) if opens else None

    def _await_close(self, newest: int, now_ms: int) -> None:
        """Come back when the bar that is open now has closed, and a little later."""
        if self._late_ms is not None:
            fields = {"late_s": (now_ms - self._late_ms) / 1000.0}
            _logger.info("late candles of %s have come", self.market, extra={"fields": fields})
        self._late_ms = None
        self._late.succeed()
        margin_ms = round((MARGIN_S + self._jitter()) * 1000.0)
        self._not_before_ms = newest + 2 * self.market.length_ms + margin_ms
        self._sleep_until(self._not_before_ms, now_ms)

    def _await_late(self, newest: int, now_ms: int) -> None:
        """Come back soon: a candle should be there and is not."""
        closed = newest + self.market.length_ms
        if self._late_ms is None and now_ms - closed > LATE_AFTER_S * 1000.0:
            self._late_ms = closed
            _logger.warning("a candle of %s is late", self.market, extra={"fields": {"open": newest}})
        self._not_before_ms = 0
        self._candle_at = self._clock.monotonic() + self._late.fail()

    def _sleep_until(self, time_ms: int, now_ms: int) -> None:
        self._candle_at = self._clock.monotonic() + min((time_ms - now_ms) / 1000.0, LONGEST_WAIT_S)

    def _ask_ticker(self, now: float) -> list[Arrival | Ticker]:
        """Ask for the ticker; one that cannot be used delays the next one, and no candle."""
        assert self._tickers is not None
        self._ticker_at = now + TICKER_EVERY_S * (0.9 + 0.2 * self._jitter())
        try:
            ticker = self._tickers.ask()
        except (BrokenPageError, VenueRefusedError) as error:
            self._told_once(error, self._ticker_trouble)
            self._ticker_at = now + self._ticker_trouble.fail()
            return []
        self._ticker_trouble.succeed()
        return [ticker]

    def _told_once(self, error: MarketError, trouble: BackOff) -> None:
        if not trouble.failures:
            _logger.warning("%s", error)

    def _tell(self, text: str, opens: list[int], level: int) -> None:
        if opens:
            fields = {"bars": len(opens), "first": iso(opens[0]), "last": iso(opens[-1])}
            _logger.log(level, text, self.market, extra={"fields": fields})

    @property
    def _source(self) -> CandleSource:
        assert self._candles is not None
        return self._candles
