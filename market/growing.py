"""A candle file that grows while it is read: the file and its tail as one, each read again only when it changed."""

from pathlib import Path

from market.candles import Candles
from market.errors import CandleFileError
from market.reading import read_file
from market.tail import Tail, file_stamp, read_tail, tail_path

_ATTEMPTS = 20


class GrowingFile:
    """The candles of a file, whoever is writing it.

    A new candle costs a look at the tail, not the file: a hundredth of what `market.read_candles` costs.

    Parameters
    ----------
    path : str or Path
        As for `market.read_candles`.
    symbol, timeframe : str, optional
        As there.
    """

    def __init__(self, path: str | Path, symbol: str | None = None, timeframe: str | None = None) -> None:
        self.path = Path(path)
        self._labels = symbol, timeframe
        self._file_seen: tuple[int, ...] = ()
        self._tail_seen: tuple[int, ...] | None = None
        self._file: Candles | None = None
        self._whole: Candles | None = None

    def read(self) -> Candles:
        """Return the candles as they are now.

        Returns
        -------
        Candles
            The very same object as before as long as nothing changed.

        Raises
        ------
        CandleFileError
            If the file never stays the same for as long as reading it takes; and every error of `read_candles`.
        """
        for _ in range(_ATTEMPTS):
            # The order is that of `read_candles`, and there for the same reason.
            file_stands, tail_stands = file_stamp(self.path), file_stamp(tail_path(self.path))
            if self._whole is not None and (file_stands, tail_stands) == (self._file_seen, self._tail_seen):
                return self._whole
            whole = self._laid_over(file_stands, read_tail(self.path))
            if file_stands and file_stamp(self.path) == file_stands:
                self._tail_seen, self._whole = tail_stands, whole
                return whole
        raise CandleFileError(f"{self.path}: keeps being replaced while it is read; stop one of its writers")

    def _laid_over(self, file_stands: tuple[int, ...], tail: Tail) -> Candles:
        if self._file is None or not file_stands or file_stands != self._file_seen:
            self._tail_seen = None
            self._file = read_file(self.path, *self._labels)
            self._file_seen = file_stands
        return tail.laid_over(self._file)
