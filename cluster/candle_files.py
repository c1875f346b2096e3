"""Candle files that grow: what they hold now, without candles that are still open."""

from collections.abc import Sequence
from pathlib import Path

from market import Candles, Clock, GrowingFile

__all__ = ["CandleFiles"]


class CandleFiles:
    """Reads the candle files of a run again when they have changed.

    Parameters
    ----------
    paths : sequence of Path
        One file a market.
    symbol, timeframe : str or None
        For a single file that does not say.
    clock : Clock or None
        Tells which candles are closed; None where whoever writes the files stores closed ones only, as the feed does,
        whose simulated time is not ours.
    """

    def __init__(
        self, paths: Sequence[Path], symbol: str | None = None, timeframe: str | None = None, clock: Clock | None = None
    ) -> None:
        self._files = [GrowingFile(path, symbol, timeframe) for path in paths]
        self._clock = clock
        self._candles: list[Candles] = []

    def read(self) -> Sequence[Candles]:
        """Return the closed candles of every market.

        Returns
        -------
        sequence of Candles
            In the order of the files; the same as before while a file is away, being replaced for instance.
        """
        if not self._candles or all(file.path.exists() for file in self._files):
            self._candles = [file.read() for file in self._files]
        return [self._closed(candles) for candles in self._candles]

    def _closed(self, candles: Candles) -> Candles:
        """Leave out a last candle that is still open; the exchange may yet change it."""
        is_open = self._clock is not None and candles.close_time > self._clock.now_ms() and len(candles) > 1
        return candles[:-1] if is_open else candles
