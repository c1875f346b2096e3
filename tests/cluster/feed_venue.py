"""A venue in memory that publishes candles as time passes, with every vice that a feed must live with."""

from collections.abc import Callable, Mapping
from typing import Any

import ccxt

from market import Candles, CandleStore, ManualClock, synthetic_candles
from market.validation import COLUMNS

MINUTE = 60_000
WHOLE = synthetic_candles(symbol="BTC/USDT", timeframe="1m", bars=6_000, seed=3, venue="fake")
"""Relabelled as real: what the venue will ever publish."""


def truth(candles: Candles = WHOLE) -> dict[int, tuple[float, ...]]:
    """Return candles as values by open."""
    rows = zip(*(getattr(candles, name).tolist() for name in COLUMNS), strict=True)
    return dict(zip(candles.timestamp.tolist(), rows, strict=True))


class FakeVenue:
    """An exchange in the manner of ccxt's objects.

    Parameters
    ----------
    clock : ManualClock
        What time it is here; there it is `skew_ms` later.
    symbols : tuple of str
        What it lists; all have the same prices.
    """

    id = "fake"
    timeframes: Mapping[str, str] = {"1m": "1m", "1h": "1h"}

    def __init__(self, clock: ManualClock, symbols: tuple[str, ...] = ("BTC/USDT",), skew_ms: int = 0) -> None:
        self.clock, self.symbols, self.skew_ms = clock, symbols, skew_ms
        self.has = {"fetchOHLCV": True, "fetchTicker": True, "fetchTime": True}
        self.rows = truth()
        self.delay_ms = 500
        self.visible_from: dict[int, int] = {}
        self.corrected: dict[int, tuple[int, tuple[float, ...]]] = {}
        self.failure: Callable[[int], BaseException | None] = lambda now: None
        self.answer: Callable[[int], Any] = lambda now: None
        self.requests: list[tuple[int, str, int | None, int | None]] = []
        self.opened = 0

    @property
    def now(self) -> int:
        return self.clock.now_ms() + self.skew_ms

    def open(self) -> "FakeVenue":
        self.opened += 1
        return self

    def feature_value(self, symbol: str, method: str, name: str, default: object) -> int:
        return 500

    def load_markets(self) -> dict[str, Any]:
        self._arrive("markets")
        return {symbol: {} for symbol in self.symbols}

    def fetch_time(self) -> int:
        self._arrive("time")
        return self.now

    def fetch_ticker(self, symbol: str) -> dict[str, Any]:
        self._arrive("ticker")
        close = self.rows[self.now - self.now % MINUTE][3]
        return {"symbol": symbol, "last": close, "bid": close * 0.999, "ask": close * 1.001, "timestamp": self.now}

    def fetch_ohlcv(
        self, symbol: str, timeframe: str, since: int | None, limit: int | None, params: dict[str, Any]
    ) -> list[list[Any]]:
        self._arrive("candles", since, limit)
        scripted = self.answer(self.clock.now_ms())
        if scripted is not None:
            return scripted
        return [[time, *self.shown(time)] for time in self.rows if (since or 0) <= time and self.published(time)][
            :limit
        ]

    def published(self, time: int) -> bool:
        """Tell whether a candle can be seen: the open one, and a closed one once its delay is over."""
        if time > self.now or self.now < self.visible_from.get(time, 0):
            return False
        return self.now < time + MINUTE or self.now >= time + MINUTE + self.delay_ms

    def shown(self, time: int) -> tuple[float, ...]:
        opening, high, low, close, volume = self.rows[time]
        if self.now < time + MINUTE:  # still open: other values, and a volume that tells it apart
            return opening, max(opening, close), min(opening, close), close, -0.0 + volume / 3
        start, values = self.corrected.get(time, (0, ()))
        return values if values and self.now >= start else (opening, high, low, close, volume)

    def _arrive(self, what: str, since: int | None = None, limit: int | None = None) -> None:
        self.requests.append((self.clock.now_ms(), what, since, limit))
        self.clock.advance(0.2)
        failure = self.failure(self.clock.now_ms())
        if failure is not None:
            raise failure


def outage(start: int, stop: int, kind: type[BaseException] = ccxt.NetworkError) -> Callable[[int], Any]:
    """Return what fails between two times."""
    return lambda now: kind("down") if start <= now < stop else None


def held(store: CandleStore, symbol: str = "BTC/USDT", venue: str = "fake") -> dict[int, tuple[float, ...]]:
    """Return what a store holds as values by open."""
    return truth(store.read(venue, symbol, "1m"))
