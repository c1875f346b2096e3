"""The venue source: candles and tickers of a real exchange through ccxt, polled one request at a time."""

import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from cluster.feed.back_off import BackOff
from cluster.feed.feed_market import FeedMarket
from cluster.feed.source import Arrival
from cluster.feed.venue_market import VenueMarket
from market import Candles, Clock, MarketError, Ticker
from market.errors import BrokenPageError, RateLimitError, UnknownNameError, VenueRefusedError, VenueUnavailableError
from market.venue_tickers import TickerSource
from market.venues import CandleSource, Exchange

__all__ = ["VenueSource"]

SYNCHRONISE_EVERY_S = 600.0
SKEW_MS = 2_000
"""Difference between our clock and the venue's that is worth a warning."""

RECONNECT_AFTER = 3
"""Failures in a row after which the connection is made anew."""

LIMITED = 5.0
"""How many times as long a rest is after a venue said that it was asked too often."""

_logger = logging.getLogger(__name__)


class VenueSource:
    """Candles and tickers that a venue publishes.

    Parameters
    ----------
    markets : sequence of FeedMarket
        Of one venue.
    history : int
        Candles of each market to begin with.
    opening : callable
        Returns a new client of the venue, that keeps to its rate limit.
    clock : Clock
        Our time.
    jitter : callable
        Returns numbers in [0, 1): a thousand desks must not ask in the same instant.
    """

    def __init__(
        self,
        markets: Sequence[FeedMarket],
        history: int,
        opening: Callable[[], Exchange],
        clock: Clock,
        jitter: Callable[[], float] = random.random,  # noqa: S311  # no secret, only spread
    ) -> None:
        self.markets = markets
        self._history = history
        self._opening = opening
        self._clock = clock
        self._jitter = jitter
        self._exchange: Exchange | None = None
        self._followed: list[VenueMarket] = []
        self._sources: list[CandleSource] = []
        self._rest = BackOff(2.0, 60.0, jitter)
        self._resume_at = self._synchronise_at = clock.monotonic()
        self._lost_at: float | None = None
        self._was_connected = False
        self._skewed = False
        self._latency_ms: float | None = None

    def begin(self, stored: Mapping[FeedMarket, Candles]) -> None:
        """Follow the markets behind what is stored, over a new connection."""
        self._hang_up()
        self._followed = [
            VenueMarket(market, stored.get(market), self._history, self._clock, self._jitter) for market in self.markets
        ]

    def poll(self) -> Iterable[Arrival | Ticker]:
        """Make one request, if one is due, and return what came of it."""
        now = self._clock.monotonic()
        if now < self._resume_at:
            return []
        try:
            if self._exchange is None:
                self._connect()
                return []
            if now >= self._synchronise_at:
                self._synchronise()
                return []
            due = min(self._followed, key=lambda each: each.due_at)
            if due.due_at > now:
                return []
            found = due.serve()
            self._latency_ms = (self._clock.monotonic() - now) * 1000.0
        except VenueUnavailableError as error:
            self._fail(error)
            return []
        if found:
            self._recovered()
        return found

    def wait_s(self) -> float:
        """Return how many seconds it is until something is due."""
        due_at = self._resume_at
        if self._exchange is not None:
            due_at = max(due_at, min(self._synchronise_at, *(each.due_at for each in self._followed)))
        return max(0.0, due_at - self._clock.monotonic())

    def report(self) -> Mapping[str, Any]:
        """Return how it is."""
        down = self._lost_at is not None or self._exchange is None
        return {
            "state": ("reconnecting" if self._was_connected else "connecting") if down else "running",
            "market_ms": self._clock.now_ms(),
            "speed": 1.0,
            "latency_ms": self._latency_ms,
            "skew_ms": self._sources[0].ahead_ms if self._sources else None,
            "failures": self._rest.failures,
            "followed": [each.report() for each in self._followed],
        }

    def _connect(self) -> None:
        """Open a client and check the markets with it."""
        exchange = self._opening()
        try:
            self._sources = [
                CandleSource(exchange, market.symbol, market.timeframe, self._clock, attempts=1)
                for market in self.markets
            ]
        except UnknownNameError as error:
            if not self._was_connected:
                raise  # the user's mistake; later on it is an outage that looks like one
            raise VenueUnavailableError(str(error)) from None
        except VenueUnavailableError:
            raise
        except MarketError as error:
            raise VenueUnavailableError(str(error)) from None
        for followed, source in zip(self._followed, self._sources, strict=True):
            followed.connect(source, self._ticker_source(exchange, followed.market))
        self._exchange, self._was_connected = exchange, True
        self._synchronise_at = self._clock.monotonic() + SYNCHRONISE_EVERY_S
        self._check_skew()

    def _ticker_source(self, exchange: Exchange, market: FeedMarket) -> TickerSource | None:
        try:
            return TickerSource(
                exchange, market.symbol, market.timeframe, self._clock, venue=market.venue, origin=market.origin,
                attempts=1,
            )  # fmt: skip
        except UnknownNameError:
            return None  # candles matter, tickers are display

    def _synchronise(self) -> None:
        self._synchronise_at = self._clock.monotonic() + SYNCHRONISE_EVERY_S
        with suppress(VenueRefusedError, BrokenPageError):
            self._sources[0].synchronise()
            for source in self._sources[1:]:
                source.ahead_ms = self._sources[0].ahead_ms
        self._check_skew()

    def _check_skew(self) -> None:
        ahead_ms = self._sources[0].ahead_ms
        is_skewed = abs(ahead_ms) > SKEW_MS
        if is_skewed != self._skewed:
            self._skewed = is_skewed
            text = "our clock and the venue's differ" if is_skewed else "our clock and the venue's agree again"
            _logger.warning(text, extra={"fields": {"ahead_ms": ahead_ms}})

    def _fail(self, error: VenueUnavailableError) -> None:
        """Leave the venue in peace for a while."""
        now = self._clock.monotonic()
        if self._lost_at is None:
            self._lost_at = now
            _logger.warning("%s", error)
        self._resume_at = now + self._rest.fail() * (LIMITED if isinstance(error, RateLimitError) else 1.0)
        if self._rest.failures % RECONNECT_AFTER == 0:
            self._hang_up()

    def _recovered(self) -> None:
        if self._lost_at is not None:
            fields = {"failures": self._rest.failures, "down_s": self._clock.monotonic() - self._lost_at}
            _logger.info("the venue answers again", extra={"fields": fields})
        self._lost_at = None
        self._rest.succeed()

    def _hang_up(self) -> None:
        exchange, self._exchange = self._exchange, None
        session = getattr(exchange, "session", None)
        if session is not None:
            with suppress(Exception):  # of ccxt, for a connection that is lost already; the next one is new
                session.close()
