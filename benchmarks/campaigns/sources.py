"""Where the bars of a campaign are from: files of real candles, or nothing, for which synthetic markets stand in."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from market import Candles, read_candles
from market.timeframe import YEAR_MS

__all__ = ["Source", "hourly_sources", "long_sources", "read_source"]

_LEAST_YEARS = 1.0


class Source(NamedTuple):
    """A file of candles.

    Attributes
    ----------
    file : str
        Its name without the suffix; empty where synthetic markets stand in.
    data : str
        Hash of the candles, so that a record belongs to them whatever the file is called.
    """

    file: str
    data: str


def hourly_sources(folder: Path, bars: int) -> tuple[Source, ...]:
    """Return the files of hourly candles that edge-less markets are made of.

    Parameters
    ----------
    folder : Path
        Of candle files.
    bars : int
        The fewest bars; shorter files are left out.

    Returns
    -------
    tuple of Source
        One that is empty where there is no such file.
    """
    return tuple(_sources(folder, "*__1h.parquet", bars)) or (Source("", ""),)


def long_sources(folder: Path, bars: int) -> tuple[Source, ...]:
    """Return the files of candles that are long enough for out-of-sample scores.

    Parameters
    ----------
    folder : Path
        Of candle files.
    bars : int
        The fewest bars; they must also span a year.

    Returns
    -------
    tuple of Source
        Perhaps none.
    """
    return tuple(
        one for one in _sources(folder, "*.parquet", bars) if _years(read_source(folder, one.file)) >= _LEAST_YEARS
    )


@lru_cache(maxsize=32)
def read_source(folder: Path, file: str) -> Candles:
    """Return the candles of a source that is a file.

    Parameters
    ----------
    folder : Path
        Of candle files.
    file : str
        Name without the suffix.

    Returns
    -------
    Candles
        All of them.
    """
    return read_candles(folder / f"{file}.parquet")


def _sources(folder: Path, pattern: str, bars: int) -> list[Source]:
    files = [path.stem for path in sorted(folder.glob(pattern))]
    return [
        Source(file, candles.data_hash[:16])
        for file, candles in ((file, read_source(folder, file)) for file in files)
        if len(candles) >= bars
    ]


def _years(candles: Candles) -> float:
    return float(candles.timestamp[-1] - candles.timestamp[0]) / YEAR_MS
