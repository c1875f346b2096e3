"""Candle files that grow: what they hold now, without candles that are still open."""

from collections.abc import Sequence
from pathlib import Path

from cluster.markets import read_markets
from market import Candles, Clock

__all__ = ["CandleFiles"]


class CandleFiles:
    """Reads the candle files of a run again when they have changed.

    Parameters
    ----------
    paths : sequence of Path
        One file a market.
    symbol, timeframe : str or None
        For a single file that does not say.
    clock : Clock
        Tells which candles are closed.
    """

    def __init__(self, paths: Sequence[Path], symbol: str | None, timeframe: str | None, clock: Clock) -> None:
        self._paths = paths
        self._symbol, self._timeframe = symbol, timeframe
        self._clock = clock
        self._seen: list[tuple[int, int]] = []
        self._candles: tuple[Candles, ...] = ()

    def read(self) -> Sequence[Candles]:
        """Return the closed candles of every market.

        Returns
        -------
        sequence of Candles
            As long as no file has changed, the same as before: a file that is being replaced is read the next time.
        """
        try:
            seen = [(status.st_mtime_ns, status.st_size) for status in (path.stat() for path in self._paths)]
        except FileNotFoundError:
            return tuple(map(self._closed, self._candles))
        if seen != self._seen:
            self._candles, self._seen = read_markets(self._paths, self._symbol, self._timeframe).candles, seen
        return tuple(map(self._closed, self._candles))

    def _closed(self, candles: Candles) -> Candles:
        """Leave out a last candle that is still open; the exchange may yet change it."""
        return candles[:-1] if candles.close_time > self._clock.now_ms() and len(candles) > 1 else candles
