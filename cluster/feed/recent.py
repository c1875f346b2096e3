"""The newest candles of a market as they were stored: what has come in is new, repeated, or a correction."""

from collections import OrderedDict
from dataclasses import dataclass

from market import Candles
from market.validation import COLUMNS

__all__ = ["Changes", "Correction", "Recent"]

_KEPT = 512

Values = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A candle that its venue has changed after it was closed.

    Attributes
    ----------
    open_ms : int
        When the bar opens, ms UTC.
    before, after : tuple of float
        open, high, low, close and volume, as stored and as they are now.
    """

    open_ms: int
    before: Values
    after: Values


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different once some candles have come in.

    Attributes
    ----------
    candles : Candles or None
        Those to be stored; None when all were known.
    new : int
        How many of them were not there.
    corrections : tuple of Correction
        The others of them.
    repeated : int
        Candles that were known already.
    """

    candles: Candles | None
    new: int
    corrections: tuple[Correction, ...]
    repeated: int


class Recent:
    """What is known of the last few hundred candles of a market.

    Parameters
    ----------
    candles : Candles or None
        Everything that is stored.
    """

    def __init__(self, candles: Candles | None) -> None:
        self._rows: OrderedDict[int, Values] = OrderedDict()
        if candles is not None:
            self.note(candles)

    @property
    def last(self) -> int | None:
        """Open of the newest candle, ms UTC."""
        return max(self._rows) if self._rows else None

    @property
    def last_close(self) -> float | None:
        """Close of the newest candle."""
        last = self.last
        return None if last is None else self._rows[last][3]

    def compare(self, candles: Candles) -> Changes:
        """Return what would change if these candles were stored.

        Parameters
        ----------
        candles : Candles
            What has come in. What is older than everything remembered counts as new.

        Returns
        -------
        Changes
            Nothing is remembered yet.
        """
        changed, corrections, repeated = [], [], 0
        for row, (time, values) in enumerate(_rows(candles)):
            before = self._rows.get(time)
            if before == values:
                repeated += 1
                continue
            changed.append(row)
            if before is not None:
                corrections.append(Correction(time, before, values))
        return Changes(
            _picked(candles, changed) if changed else None,
            len(changed) - len(corrections),
            tuple(corrections),
            repeated,
        )

    def note(self, candles: Candles) -> None:
        """Remember candles as stored.

        Parameters
        ----------
        candles : Candles
            Those that were written.
        """
        for time, values in _rows(candles[-_KEPT:]):
            self._rows[time] = values
        while len(self._rows) > _KEPT:
            del self._rows[min(self._rows)]


def _rows(candles: Candles) -> list[tuple[int, Values]]:
    columns = zip(*(getattr(candles, name).tolist() for name in COLUMNS), strict=True)
    return list(zip(candles.timestamp.tolist(), columns, strict=True))


def _picked(candles: Candles, rows: list[int]) -> Candles:
    if len(rows) == len(candles):
        return candles
    return Candles(
        timestamp=candles.timestamp[rows],
        **{name: getattr(candles, name)[rows] for name in COLUMNS},
        symbol=candles.symbol,
        timeframe=candles.timeframe,
        venue=candles.venue,
        market_type=candles.market_type,
        origin=candles.origin,
    )
