"""Prices for answers: the candles that the desk keeps, and the tickers that its feed shows."""

import threading
from pathlib import Path
from typing import NamedTuple

from cluster.api.problems import Problem
from cluster.bus import Bus
from market import Candles, GrowingFile, MarketError, Ticker

__all__ = ["Market", "Prices"]

_MOST_FILES = 1_000


class Market(NamedTuple):
    """What one set of candles is of.

    Attributes
    ----------
    venue, symbol, timeframe : str
        As on `Candles`.
    """

    venue: str
    symbol: str
    timeframe: str


class Prices:
    """The candles of a folder, read again only where they changed, and the tickers of the cache.

    Parameters
    ----------
    folder : Path
        Of the feed's candles.
    bus : Bus
        The cache; tickers fall back to the last close without it.
    """

    def __init__(self, folder: Path, bus: Bus) -> None:
        self._folder = folder
        self._bus = bus
        self._lock = threading.Lock()
        self._files: dict[Path, GrowingFile] = {}

    def candles(self, venue: str | None, symbol: str | None, timeframe: str | None) -> Candles:
        """Return the candles of one market.

        Parameters
        ----------
        venue, symbol, timeframe : str or None
            Which one; what is None may be left out where it is clear.

        Returns
        -------
        Candles
            All that are kept.

        Raises
        ------
        Problem
            404 if there are none, 422 if there are several.
        """
        found = [one for one in self._all() if _fits(_market(one), venue, symbol, timeframe)]
        if not found:
            raise Problem(404, "no_candles", f"there are no such candles; there are {self._names()}")
        if len(found) > 1:
            names = ", ".join(" ".join(_market(one)) for one in found[:10])
            raise Problem(422, "invalid_value", f"venue, symbol and timeframe must mean one market, mean {names}")
        return found[0]

    def tickers(self, venue: str | None, symbol: str | None, timeframe: str | None) -> list[Ticker]:
        """Return the tickers of the markets that are kept.

        Parameters
        ----------
        venue, symbol, timeframe : str or None
            Only of these.

        Returns
        -------
        list of Ticker
            One for each venue and symbol; where the feed shows none that is fresh, the close of the last candle.
        """
        kept: dict[tuple[str, str], Candles] = {}
        for one in self._all():
            market = _market(one)
            if _fits(market, venue, symbol, timeframe):
                known = kept.get(market[:2])
                if known is None or one.timeframe_ms < known.timeframe_ms:
                    kept[market[:2]] = one
        shown = self._bus.tickers(kept)
        return [shown.get(market) or self._last_close(candles) for market, candles in sorted(kept.items())]

    def _last_close(self, candles: Candles) -> Ticker:
        return Ticker(
            venue=candles.venue,
            symbol=candles.symbol,
            timeframe=candles.timeframe,
            origin=candles.origin,
            last=float(candles.close[-1]),
            bid=None,
            ask=None,
            receive_ts=candles.close_time,
            venue_ts=candles.close_time,
        )

    def _names(self) -> str:
        return ", ".join(" ".join(_market(one)) for one in self._all()[:10]) or "none yet"

    def _all(self) -> list[Candles]:
        """Return all candles that can be read."""
        found = []
        with self._lock:
            paths = sorted(path for path in self._folder.glob("*.parquet") if not path.name.startswith("."))
            for gone in self._files.keys() - set(paths):
                del self._files[gone]
            for path in paths[:_MOST_FILES]:
                file = self._files.setdefault(path, GrowingFile(path))
                try:
                    found.append(file.read())
                except MarketError:
                    continue  # the feed tells of files that are damaged
        return found


def _market(candles: Candles) -> Market:
    return Market(candles.venue, candles.symbol, candles.timeframe)


def _fits(market: Market, *wanted: str | None) -> bool:
    return all(one is None or one == is_ for one, is_ in zip(wanted, market, strict=True))
