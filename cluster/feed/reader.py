"""The reading side of the feed: what the desk knows of prices, for whoever shows them."""

import contextlib
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster.bus import Bus
from cluster.feed.coverage import Coverage, coverage_of
from cluster.feed.feed_market import FeedMarket
from cluster.feed.settings import candle_folder
from market import Candles, CandleStore, Clock, GrowingFile, MarketError, SystemClock, Ticker
from market.errors import UnknownNameError
from market.names import labels_of_name

__all__ = ["CandleSeries", "FeedReader", "TickerReading"]

MOST_POINTS = 5_000
MOST_FILES = 64
"""Files of candles that are kept in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleSeries:
    """Candles to be drawn.

    Attributes
    ----------
    venue, symbol, timeframe, origin : str
        As on `market.Candles`.
    bars_per_point : int
        Candles merged into each point: 1 shows every one.
    time : list of int
        When each point opens, ms UTC.
    open, high, low, close, volume : list of float
        First open, highest high, lowest low, last close and whole volume of each point.
    age_s : float
        Seconds since the newest candle of the market was stored.
    """

    venue: str
    symbol: str
    timeframe: str
    origin: str
    bars_per_point: int
    time: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    age_s: float

    def as_json(self) -> dict[str, Any]:
        """Return the attributes as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TickerReading:
    """A ticker, and how old it is.

    Attributes
    ----------
    ticker : Ticker
        As it was received. Without a cache it is made of the newest candle, and has neither bid nor ask.
    age_s : float
        Seconds since then, by our clock.
    """

    ticker: Ticker
    age_s: float

    def as_json(self) -> dict[str, Any]:
        """Return the ticker and its age as JSON values."""
        return {**self.ticker.as_json(), "age_s": self.age_s}


class FeedReader:
    """What is known of the prices of a desk; safe to share among threads, and never in the way of the feed.

    Parameters
    ----------
    home : Path
        EVOQ_HOME.
    bus : Bus, optional
        Where tickers are shown; without one they come from the newest candles.
    clock : Clock, optional
        By default the machine's.
    """

    def __init__(self, home: Path, bus: Bus | None = None, clock: Clock | None = None) -> None:
        self._store = CandleStore(candle_folder(home))
        self._bus = bus
        self._clock = SystemClock() if clock is None else clock
        self._files: dict[Path, GrowingFile] = {}
        self._lock = threading.Lock()

    def markets(self) -> tuple[FeedMarket, ...]:
        """Return the markets that have candles, by file name."""
        return tuple(self._paths())

    def coverage(self, most_gaps: int = 200) -> tuple[Coverage, ...]:
        """Return which candles are there; a file that cannot be read is left out.

        Parameters
        ----------
        most_gaps : int
            How many gaps of a market to tell of, at most.

        Returns
        -------
        tuple of Coverage
            By file name.
        """
        found = []
        for market, path in self._paths().items():
            with contextlib.suppress(MarketError):
                found.append(coverage_of(market, self._read(path), self._age_s(path), most_gaps))
        return tuple(found)

    def candles(
        self,
        symbol: str,
        timeframe: str | None = None,
        venue: str | None = None,
        *,
        start: int | None = None,
        stop: int | None = None,
        points: int = 500,
    ) -> CandleSeries:
        """Return candles of a market, merged where there are more than can be drawn.

        Parameters
        ----------
        symbol : str
            Unified symbol.
        timeframe, venue : str, optional
            Where several markets fit, the one whose candles came last is taken.
        start, stop : int, optional
            Only candles that open from `start` on and before `stop`, ms UTC. Without a start the newest ones: as many
            as there are points.
        points : int
            Most points to return, 1..5000. Extremes are kept: a point spans the highest high and the lowest low.

        Returns
        -------
        CandleSeries
            Possibly without a point, where no candle opens in that time.

        Raises
        ------
        MarketError
            If `points` is out of range, or there is no such market (`UnknownNameError`).
        """
        if not 1 <= points <= MOST_POINTS:
            raise MarketError(f"points must be from 1 to {MOST_POINTS}, was {points}")
        market, path = self._chosen(symbol, timeframe, venue)
        held = self._read(path)
        first, after = np.searchsorted(held.timestamp, [start or 0, held.close_time if stop is None else stop]).tolist()
        if start is None:
            first = max(first, after - points)
        age_s = self._age_s(path)
        if first >= after:
            return _series(market, held[:1], 1, age_s, empty=True)
        return _series(market, held[first:after], points, age_s)

    def tickers(self, venue: str | None = None, symbol: str | None = None) -> tuple[TickerReading, ...]:
        """Return the last price of each market, with its age.

        Parameters
        ----------
        venue, symbol : str, optional
            Only of these.

        Returns
        -------
        tuple of TickerReading
            One for each venue and symbol that has candles; what is older than 30 s comes from the newest candle.
        """
        wanted: dict[tuple[str, str], tuple[FeedMarket, Path]] = {}
        for market, path in self._newest_first():
            if venue in (None, market.venue) and symbol in (None, market.symbol):
                wanted.setdefault((market.venue, market.symbol), (market, path))
        shown = self._bus.tickers(wanted) if self._bus is not None else {}
        now = self._clock.now_ms()
        found = []
        for key in sorted(wanted):
            ticker = shown.get(key) or self._of_candle(*wanted[key])
            if ticker is not None:
                found.append(TickerReading(ticker, max(0.0, (now - ticker.receive_ts) / 1000.0)))
        return tuple(found)

    def _paths(self) -> dict[FeedMarket, Path]:
        found = {}
        for path in self._store.files():
            labels = labels_of_name(path.stem)
            if labels is not None and labels.timeframe is not None:
                found[FeedMarket(labels.venue, labels.symbol, labels.timeframe, labels.origin)] = path
        return found

    def _newest_first(self) -> list[tuple[FeedMarket, Path]]:
        return sorted(self._paths().items(), key=lambda item: self._store.changed_ms(item[1]), reverse=True)

    def _chosen(self, symbol: str, timeframe: str | None, venue: str | None) -> tuple[FeedMarket, Path]:
        known = self._newest_first()
        for market, path in known:
            if symbol == market.symbol and timeframe in (None, market.timeframe) and venue in (None, market.venue):
                return market, path
        asked = " ".join(each for each in (symbol, timeframe, venue and f"of {venue}") if each)
        raise UnknownNameError(f"there are no candles of {asked}; there are {_listed(market for market, _ in known)}")

    def _read(self, path: Path) -> Candles:
        with self._lock:
            file = self._files.pop(path, None) or GrowingFile(path)
            self._files[path] = file
            while len(self._files) > MOST_FILES:
                del self._files[next(iter(self._files))]
            return file.read()

    def _age_s(self, path: Path) -> float:
        return max(0.0, (self._clock.now_ms() - self._store.changed_ms(path)) / 1000.0)

    def _of_candle(self, market: FeedMarket, path: Path) -> Ticker | None:
        """Return a ticker made of the newest candle; None where its file cannot be read."""
        try:
            candles = self._read(path)
        except MarketError:
            return None
        return Ticker(
            venue=market.venue,
            symbol=market.symbol,
            timeframe=market.timeframe,
            origin=market.origin,
            last=float(candles.close[-1]),
            bid=None,
            ask=None,
            receive_ts=self._store.changed_ms(path),
            venue_ts=candles.close_time,
        )


def _series(market: FeedMarket, candles: Candles, points: int, age_s: float, *, empty: bool = False) -> CandleSeries:
    # `backtest.downsample` does the same for figures, but brings the kernels along, which no feed needs.
    width = -(-len(candles) // points)
    start = np.arange(0, len(candles), width)
    last = np.append(start[1:], len(candles)) - 1
    merged = (
        candles.timestamp[start],
        candles.open[start],
        np.maximum.reduceat(candles.high, start),
        np.minimum.reduceat(candles.low, start),
        candles.close[last],
        np.add.reduceat(candles.volume, start),
    )
    columns = [[] if empty else each.tolist() for each in merged]
    return CandleSeries(
        venue=market.venue,
        symbol=market.symbol,
        timeframe=market.timeframe,
        origin=market.origin,
        bars_per_point=width,
        **dict(zip(("time", "open", "high", "low", "close", "volume"), columns, strict=True)),
        age_s=age_s,
    )


def _listed(markets: Iterable[FeedMarket]) -> str:
    return ", ".join(str(market) for market in markets) or "none yet"
