"""The simulated source: the endless market of a seed at a chosen speed, the same whether or not it was ever stopped."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cluster.errors import SettingError
from cluster.feed.feed_market import FeedMarket
from cluster.feed.settings import FeedSettings
from cluster.feed.simulated_time import SimulatedTime
from cluster.feed.source import Arrival
from market import Candles, Clock, EndlessMarket, Ticker
from market.endless import BLOCK_BARS
from market.instants import iso
from market.intrabar import price_inside, quote_around
from market.validation import COLUMNS

__all__ = ["SimulatedSource"]

TICKER_EVERY_S = 1.0
LONGEST_PAUSE_BARS = 250_000
"""Candles that a pause of the desk is made up for, at most: more than a week at the usual speed."""

_COMPARED = 1_000


class SimulatedSource:
    """Candles and tickers of the endless market.

    Parameters
    ----------
    settings : FeedSettings
        Seed, symbols, timeframe, speed and history.
    folder : Path
        Where the market's time is remembered.
    clock : Clock
        Our time.
    """

    def __init__(self, settings: FeedSettings, folder: Path, clock: Clock) -> None:
        self.markets: Sequence[FeedMarket] = settings.markets
        self._settings = settings
        self._clock = clock
        self._made = {
            market: EndlessMarket(market.symbol, market.timeframe, settings.seed) for market in settings.markets
        }
        self._next = dict.fromkeys(self.markets, 0)
        self._tickers_due = 0.0
        name = f"feed-simulated-{settings.seed}-{settings.timeframe}.json"
        self._time = SimulatedTime(folder / name, clock, settings.speed)

    def begin(self, stored: Mapping[FeedMarket, Candles]) -> None:
        """Go on where the clock is; what was missed meanwhile comes first.

        Parameters
        ----------
        stored : mapping of FeedMarket to Candles
            What is there.
        """
        length = self.markets[0].length_ms
        start = self._made[self.markets[0]].start_ms
        reached = start + self._settings.history * length
        for market in self.markets:
            candles = stored.get(market)
            if candles is None:
                self._next[market] = 0
                continue
            made = self._made[market]
            made.recall(candles)
            _check_same(market, candles, made)
            self._next[market] = made.closed_at(candles.close_time)
            reached = max(reached, candles.close_time)
        self._time.begin(reached, LONGEST_PAUSE_BARS * length)

    def poll(self) -> Iterable[Arrival | Ticker]:
        """Return the candles that have closed since, a block of each market at most, and tickers every second.

        Yields
        ------
        Arrival or Ticker
            Candles first.
        """
        now = self._time.now_ms()
        for market, made in self._made.items():
            first, stop = self._next[market], made.closed_at(now)
            stop = min(stop, first + BLOCK_BARS)
            if first < stop:
                candles = made.candles(first, stop)
                self._next[market] = stop
                yield Arrival(market, candles, ((int(candles.timestamp[0]), candles.close_time),))
        if self._clock.monotonic() >= self._tickers_due:
            self._tickers_due = self._clock.monotonic() + TICKER_EVERY_S
            for market in self.markets:
                yield self._ticker(market, now)

    def wait_s(self) -> float:
        """Return how many seconds of ours it is until a candle closes or a ticker moves."""
        closing = min(
            self._time.wait_s(made.start_ms + (self._next[market] + 1) * made.length_ms)
            for market, made in self._made.items()
        )
        return max(0.0, min(closing, self._tickers_due - self._clock.monotonic()))

    def report(self) -> Mapping[str, Any]:
        """Return how it is."""
        return {
            "state": "running",
            "market_ms": self._time.now_ms(),
            "speed": self._settings.speed,
            "skew_ms": None,
            "latency_ms": None,
            "seed": self._settings.seed,
            "edges": {
                market.symbol: made.has_edge(made.closed_at(self._time.now_ms())) for market, made in self._made.items()
            },
        }

    def _ticker(self, market: FeedMarket, now: int) -> Ticker:
        made = self._made[market]
        number = made.closed_at(now)
        bar = made.candles(number, number + 1)
        opening, high, low, close = (float(getattr(bar, name)[0]) for name in COLUMNS[:4])
        share = (now - int(bar.timestamp[0])) / market.length_ms
        last = price_inside((opening, high, low, close), share)
        bid, ask = quote_around(last)
        return Ticker(
            venue=market.venue,
            symbol=market.symbol,
            timeframe=market.timeframe,
            origin=market.origin,
            last=float(f"{last:.9g}"),
            bid=bid,
            ask=ask,
            receive_ts=self._clock.now_ms(),
            venue_ts=now,
        )


def _check_same(market: FeedMarket, candles: Candles, made: EndlessMarket) -> None:
    """Refuse stored candles that this market did not make.

    Parameters
    ----------
    market : FeedMarket
        Whose they are said to be.
    candles : Candles
        As stored.
    made : EndlessMarket
        The market.

    Raises
    ------
    SettingError
        If they differ.
    """
    cure = f"move the stored candles of {market} away, or choose another EVOQ_SEED"
    first = int(candles.timestamp[0])
    if first != made.start_ms or candles.gaps:
        raise SettingError(
            f"stored candles of {market.origin} must be those of the feed, begin at {iso(first)}; {cure}"
        )
    held = candles[-min(_COMPARED, len(candles)) :]
    expected = made.candles(len(candles) - len(held), len(candles))
    if held != expected:
        row = next(row for row in range(len(held)) if held[row : row + 1] != expected[row : row + 1])
        at = iso(int(held.timestamp[row]))
        raise SettingError(f"stored candles of {market.origin} must be those of the feed, differ at {at}; {cure}")
