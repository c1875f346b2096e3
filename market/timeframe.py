"""Timeframes: "5m", "1h", "1d" and the arithmetic of the grid of bar opens they span.

A timeframe is a number and a unit of fixed length: s, m (minutes), h, d, w. Months have no fixed length, so "1M" is not
one. `KNOWN` are those that venues publish; only these may label candles.
"""

import re
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from market.errors import UnknownNameError

YEAR_MS = 365 * 86_400_000
"""The year of every annualisation: 365 days."""

_UNIT_MS = MappingProxyType({"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000})
_NUMBERS = MappingProxyType(
    {
        "s": (1, 5, 10, 15, 30),
        "m": (1, 2, 3, 5, 10, 15, 20, 30, 45),
        "h": (1, 2, 3, 4, 6, 8, 12),
        "d": (1, 2, 3, 5),
        "w": (1, 2),
    }
)
_MONDAY_MS = 4 * 86_400_000  # 1970-01-05: weeks open on Monday at every venue that publishes them


KNOWN = MappingProxyType(
    {f"{number}{unit}": number * _UNIT_MS[unit] for unit, numbers in _NUMBERS.items() for number in numbers}
)
"""Every known timeframe and its length in ms, shortest first."""

_BY_LENGTH = MappingProxyType({length: name for name, length in KNOWN.items()})


def _length(name: str) -> int | None:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhdw])", name)
    return int(match[1]) * _UNIT_MS[match[2]] if match else None


def parse_timeframe(name: str) -> int:
    """Return the length of a known timeframe.

    Parameters
    ----------
    name : str
        Such as "5m", "1h" or "1d"; "60m" is "1h".

    Returns
    -------
    int
        Length in ms.

    Raises
    ------
    UnknownNameError
        If it is not a known timeframe.
    """
    length = _length(name.strip()) if isinstance(name, str) else None
    if length is None or length not in _BY_LENGTH:
        month = " (a month has no fixed length)" if name in {"1M", "1mo", "3M"} else ""
        raise UnknownNameError(f"timeframe must be one of {', '.join(KNOWN)}; was {name!r}{month}")
    return length


def canonical(name: str) -> str:
    """Return the usual name of a timeframe: "1h" for "60m".

    Parameters
    ----------
    name : str
        A known timeframe by any of its names; anything else raises as in `parse_timeframe`.

    Returns
    -------
    str
        Its key in `KNOWN`.
    """
    return _BY_LENGTH[parse_timeframe(name)]


def floor_time(ms: int, timeframe: str) -> int:
    """Return the open of the bar that contains a time, on the usual grid.

    Parameters
    ----------
    ms : int
        ms UTC.
    timeframe : str
        A known timeframe. Its bars are counted from 1970-01-01, weeks from a Monday.

    Returns
    -------
    int
        ms UTC of the bar's open, at most `ms`. A venue may keep another grid (days that open at 16:00 UTC):
        candles are held to the grid of their own first bar, not to this one.
    """
    length = parse_timeframe(timeframe)
    anchor = _MONDAY_MS if length % KNOWN["1w"] == 0 else 0
    return ms - (ms - anchor) % length


def infer_timeframe(timestamp: npt.NDArray[np.int64]) -> str | None:
    """Return the timeframe that strictly rising bar opens spell out.

    Parameters
    ----------
    timestamp : ndarray of int64, shape (n_bars,)
        Bar opens, ms UTC, strictly rising.

    Returns
    -------
    str or None
        The name of the smallest difference, where that is a known timeframe and divides every other; else None,
        and None for a single bar.
    """
    if len(timestamp) < 2:
        return None
    steps = np.diff(timestamp)
    smallest = int(steps.min())
    if smallest not in _BY_LENGTH or (steps % smallest).any():
        return None
    return _BY_LENGTH[smallest]
