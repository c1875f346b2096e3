"""One answer of a venue, checked before anything of it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.errors import BrokenPageError, CandleError
from market.instants import LAST_MS, iso
from market.timeframe import KNOWN
from market.validation import COLUMNS, check_rows

Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Page:
    """Closed candles of one answer, oldest first; possibly none.

    Attributes
    ----------
    timestamp : ndarray of int64, shape (n_rows,)
        Bar opens, ms UTC, strictly rising.
    values : ndarray of float64, shape (n_rows, 5)
        open, high, low, close, volume.
    full : bool
        Whether the answer had as many rows as were asked for, so that there may be more.
    """

    timestamp: npt.NDArray[np.int64]
    values: Rows
    full: bool

    def __len__(self) -> int:
        return len(self.timestamp)

    @property
    def first(self) -> int:
        """Open of the first candle, ms UTC."""
        return int(self.timestamp[0])

    @property
    def last(self) -> int:
        """Open of the last candle, ms UTC."""
        return int(self.timestamp[-1])

    def before(self, end: int) -> "Page":
        """Return the candles that open before a time."""
        kept = self.timestamp < end
        return Page(self.timestamp[kept], self.values[kept], self.full)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be true of an answer.

    Attributes
    ----------
    timeframe : str
        The timeframe asked for.
    since : int
        The time asked for, ms UTC: nothing may open before it.
    now : int
        The time, ms UTC, not later than it is at the venue: a candle that closes after it is not used.
    latest : int
        ms UTC, not earlier than it is at the venue: nothing may open after it.
    anchor : int or None
        A bar open that the venue published before: all others lie on its grid.
    limit : int
        How many rows were asked for.
    """

    timeframe: str
    since: int
    now: int
    latest: int
    anchor: int | None
    limit: int


def checked_page(answer: object, expected: Expectation) -> Page:
    """Return the closed candles of an answer.

    Parameters
    ----------
    answer : object
        What ccxt made of it: rows of timestamp, open, high, low, close, volume.
    expected : Expectation
        What must be true of it.

    Returns
    -------
    Page
        Its candles; rows that occur twice in the same words are taken once.

    Raises
    ------
    BrokenPageError
        If it cannot be true: not rows of numbers, unsorted, twice with different values, outside the range, off the
        grid, or a candle that breaks a rule.
    """
    timestamp, values = _numbers(answer)
    full = len(timestamp) >= expected.limit
    repeated = np.zeros(len(timestamp), dtype=bool)
    repeated[1:] = (np.diff(timestamp) == 0) & (values[1:] == values[:-1]).all(axis=1)
    timestamp, values = timestamp[~repeated], values[~repeated]
    if not len(timestamp):
        return Page(timestamp, values, full)
    outside = (timestamp < expected.since) | (timestamp > expected.latest)
    if outside.any():
        found = int(timestamp[outside.argmax()])
        raise BrokenPageError(
            f"candles must open from {iso(expected.since)} on, as asked for, and not after {iso(expected.latest)}, "
            f"one opens at {iso(found)}"
        )
    length = KNOWN[expected.timeframe]
    if expected.anchor is not None and (int(timestamp[0]) - expected.anchor) % length:
        raise BrokenPageError(
            f"candles must lie a whole number of {expected.timeframe} bars from {iso(expected.anchor)}, "
            f"one opens at {iso(int(timestamp[0]))}"
        )
    try:
        columns = dict(zip(COLUMNS, values.T, strict=True))
        check_rows(timestamp, columns, expected.timeframe, length)
    except CandleError as error:
        raise BrokenPageError(str(error).partition(";")[0]) from None  # its cure is for the owner of a file
    return Page(timestamp, values, full).before(expected.now - length + 1)


def _numbers(answer: object) -> tuple[npt.NDArray[np.int64], Rows]:
    if not isinstance(answer, Sequence) or isinstance(answer, str | bytes):
        raise BrokenPageError(f"an answer must be a list of candles, was {_shown(answer)}")
    for position, row in enumerate(answer):
        numbers = row[: len(COLUMNS) + 1] if isinstance(row, Sequence) else ()
        sound = len(numbers) == len(COLUMNS) + 1 and all(
            isinstance(number, int | float) and not isinstance(number, bool) for number in numbers
        )
        if not sound or not 0 <= numbers[0] <= LAST_MS or int(numbers[0]) != numbers[0]:
            raise BrokenPageError(
                f"row {position}: a candle must be six numbers, the first of them ms UTC, was {_shown(row)}"
            )
    timestamp = np.array([row[0] for row in answer], dtype=np.int64)
    values = np.array([row[1 : len(COLUMNS) + 1] for row in answer], dtype=np.float64)
    return timestamp, values.reshape(len(timestamp), len(COLUMNS))


def _shown(value: object) -> str:
    return repr(value)[:80]
