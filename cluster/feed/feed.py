"""The feed: asks its source for what is due, stores what is new, says what was corrected, shows tickers."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from cluster.bus import Bus
from cluster.feed.feed_market import FeedMarket
from cluster.feed.recent import Changes, Recent
from cluster.feed.source import Arrival, FeedSource
from market import Candles, CandleStore, Clock, Ticker, read_candles
from market.errors import StoreError
from market.instants import iso
from market.validation import COLUMNS

__all__ = ["Feed"]

HEARTBEAT_EVERY_S = 5.0
SUMMARY_EVERY_S = 60.0
LONGEST_SLEEP_S = 1.0
DISK_PAUSE_S = 5.0

_logger = logging.getLogger(__name__)


class Feed:
    """Candles of some markets into a store, for ever.

    Parameters
    ----------
    source : FeedSource
        Where they come from.
    store : CandleStore
        Where they go.
    clock : Clock
        Our time.
    bus : Bus, optional
        Where tickers are shown.
    heartbeat : callable, optional
        Called every few seconds with how the feed is, as JSON values. It must not block, and whatever it raises is
        logged and forgotten.
    """

    def __init__(
        self,
        source: FeedSource,
        store: CandleStore,
        clock: Clock,
        bus: Bus | None = None,
        heartbeat: Callable[[Mapping[str, Any]], None] = lambda report: None,
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._bus = bus
        self._heartbeat = heartbeat
        self._recent: dict[FeedMarket, Recent] = {}
        self._tallies = {market: {"candles": 0, "corrections": 0, "repeated": 0} for market in source.markets}
        self._summary = 0
        self._trouble: str | None = None
        self._is_behind = False
        self._resume_at = self._beat_at = self._heartbeat_failed_at = float("-inf")
        self._summary_at = clock.monotonic() + SUMMARY_EVERY_S

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Follow the markets until asked to stop, or until the process is interrupted; what is stored stays whole.

        Parameters
        ----------
        stop : callable, optional
            Asked before every step.
        """
        self.begin()
        while not stop():
            self._clock.sleep(self.step())

    def begin(self) -> None:
        """Look at what is stored, and let the source start behind it."""
        stored: dict[FeedMarket, Candles] = {}
        for market in self._source.markets:
            path = market.path(self._store)
            candles = read_candles(path) if path.exists() else None
            self._recent[market] = Recent(candles)
            if candles is not None:
                stored[market] = candles
        self._source.begin(stored)
        self._is_behind = False

    def step(self) -> float:
        """Do what is due.

        Returns
        -------
        float
            Seconds until there is something to do again; bounded, so that a clock that is set is noticed.
        """
        self._beat()
        if self._clock.monotonic() >= self._resume_at:
            try:
                if self._is_behind:
                    self.begin()
                self._poll()
            except StoreError as error:
                self._disk_refuses(error)
        wait = max(self._source.wait_s(), self._resume_at - self._clock.monotonic())
        return min(max(wait, 0.0), LONGEST_SLEEP_S)

    def report(self) -> dict[str, Any]:
        """Return how the feed is, as JSON values."""
        report: dict[str, Any] = dict(self._source.report())
        if self._trouble is not None:
            report |= {"state": "disk", "trouble": self._trouble}
        first = self._source.markets[0]
        report |= {"venue": first.venue, "origin": first.origin, "data_age_s": self._data_age_s(report)}
        report["markets"] = [
            {
                "venue": market.venue,
                "symbol": market.symbol,
                "timeframe": market.timeframe,
                "origin": market.origin,
                "last_open": recent.last,
                "last_close": recent.last_close,
                **self._tallies[market],
            }
            for market, recent in self._recent.items()
        ]
        return report

    def _data_age_s(self, report: Mapping[str, Any]) -> float | None:
        """Return how many seconds of ours ago the candle closed that every market has; None where one has none."""
        closes = [
            None if recent.last is None else recent.last + market.length_ms for market, recent in self._recent.items()
        ]
        known = [close for close in closes if close is not None]
        if not known or len(known) < len(closes):
            return None
        age_ms: float = (report["market_ms"] - min(known)) / report["speed"]
        return max(0.0, age_ms / 1000.0)

    def _poll(self) -> None:
        tickers = []
        for event in self._source.poll():
            if isinstance(event, Ticker):
                tickers.append(event)
            else:
                self._take(event)
        if self._bus is not None:
            self._bus.show_tickers(tickers)

    def _take(self, arrival: Arrival) -> None:
        """Store what has come in, as far as it changes anything."""
        recent, tally = self._recent[arrival.market], self._tallies[arrival.market]
        changes = recent.compare(arrival.candles)
        tally["repeated"] += changes.repeated
        if changes.candles is None:
            return
        self._store.append(changes.candles, arrival.asked)
        recent.note(changes.candles)
        if self._trouble is not None:
            self._trouble = None
            _logger.info("candles are stored again")
        tally["candles"] += changes.new
        tally["corrections"] += len(changes.corrections)
        self._summary += changes.new
        self._tell(arrival.market, changes)

    def _tell(self, market: FeedMarket, changes: Changes) -> None:
        for correction in changes.corrections:
            fields = {
                "market": str(market),
                "open": correction.open_ms,
                "before": dict(zip(COLUMNS, correction.before, strict=True)),
                "after": dict(zip(COLUMNS, correction.after, strict=True)),
            }
            at = iso(correction.open_ms)
            _logger.warning("%s was corrected by its venue at %s", market, at, extra={"fields": fields})

    def _disk_refuses(self, error: StoreError) -> None:
        if self._trouble is None:
            _logger.error("candles cannot be stored: %s", error)
        self._trouble, self._is_behind = str(error), True
        self._resume_at = self._clock.monotonic() + DISK_PAUSE_S

    def _beat(self) -> None:
        now = self._clock.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + HEARTBEAT_EVERY_S
            try:
                self._heartbeat(self.report())
            except Exception as error:  # whatever the listener does, candles go on
                if now - self._heartbeat_failed_at >= SUMMARY_EVERY_S:
                    self._heartbeat_failed_at = now
                    _logger.warning("the heartbeat was not heard (%s)", error)
        if now >= self._summary_at:
            self._summary_at, candles, self._summary = now + SUMMARY_EVERY_S, self._summary, 0
            lasts = {str(market): recent.last for market, recent in self._recent.items()}
            _logger.info("%d candles have come in", candles, extra={"fields": {"last_open": lasts}})
