"""The newest candles of a file, in a small file beside it that is only ever appended to.

A Parquet file cannot grow: one more candle means writing all of it anew, a second's work at half a million candles.
So new candles are records at the end of ``NAME.parquet.tail``, each with a checksum of its own, made durable before the
writer goes on. Whoever reads ``NAME.parquet`` with `market.read_candles` gets both. Once the tail is long it is merged
into the Parquet file, which is replaced in one step, and begins anew; a crash between the two leaves records that are
in both places, which changes nothing.

A record counts when every record before it is whole: what a crash tore off is not there, and the next writer cuts it.
"""

import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from market.candles import Candles
from market.errors import CandleError, CandleFileError
from market.spans import Span
from market.validation import COLUMNS

MOST_RECORDS = 4096
"""Records after which a tail is merged into its file."""

_CANDLE, _SPAN = 1, 2
_RECORD = np.dtype([("sum", "<u4"), ("kind", "<u4"), ("first", "<i8"), ("second", "<i8"), ("values", "<f8", (5,))])
_SALT = zlib.crc32(b"evoq tail 1")


@dataclass(frozen=True, slots=True)
class Tail:
    """What a tail says.

    Attributes
    ----------
    path : Path
        Its own file.
    timestamp : ndarray of int64, shape (n_rows,)
        Bar opens, ms UTC, strictly rising.
    values : ndarray of float64, shape (n_rows, 5)
        open, high, low, close and volume; of a bar that was written twice, the later ones.
    asked : tuple of (int, int)
        Spans that the venue has been asked for in full, ms UTC, end excluded.
    records : int
        Whole records in the file.
    """

    path: Path
    timestamp: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    asked: tuple[Span, ...]
    records: int

    def laid_over(self, candles: Candles) -> Candles:
        """Return candles with those of the tail added; where both have a bar, the tail's counts.

        Parameters
        ----------
        candles : Candles
            Those of the file itself.

        Returns
        -------
        Candles
            With the labels of the file.

        Raises
        ------
        CandleFileError
            If the two do not fit together.
        """
        if not len(self.timestamp):
            return candles
        try:
            if int(self.timestamp[0]) > int(candles.timestamp[-1]):
                return candles.followed_by(_relabelled(candles, self.timestamp, self.values))
            kept = ~np.isin(candles.timestamp, self.timestamp)
            times = np.concatenate([candles.timestamp[kept], self.timestamp])
            stored = np.column_stack([getattr(candles, name)[kept] for name in COLUMNS])
            order = np.argsort(times)
            return _relabelled(candles, times[order], np.concatenate([stored, self.values])[order])
        except CandleError as error:
            reason = str(error).partition(";")[0]
            raise CandleFileError(
                f"{self.path}: does not fit the file it belongs to ({reason}); move this one away"
            ) from None


def tail_path(path: Path) -> Path:
    """Return where the tail of a candle file is.

    Parameters
    ----------
    path : Path
        The Parquet file.

    Returns
    -------
    Path
        A file beside it.
    """
    return path.with_name(f"{path.name}.tail")


def file_stamp(path: Path) -> tuple[int, ...]:
    """Return numbers that change whenever a file does.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    tuple of int
        Empty where there is none.
    """
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_tail(path: Path) -> Tail:
    """Return the tail of a candle file.

    Parameters
    ----------
    path : Path
        The Parquet file.

    Returns
    -------
    Tail
        Without rows where there is no tail.
    """
    try:
        contents = tail_path(path).read_bytes()
    except FileNotFoundError:
        contents = b""
    count = _whole(contents)
    records = np.frombuffer(contents, dtype=_RECORD, count=count)
    candles, spans = records[records["kind"] == _CANDLE], records[records["kind"] == _SPAN]
    # Of equal opens np.unique gives the first one: reversed, that is the one written last.
    times, rows = np.unique(candles["first"][::-1], return_index=True)
    asked = tuple(zip(spans["first"].tolist(), spans["second"].tolist(), strict=True))
    return Tail(tail_path(path), times.astype(np.int64), candles["values"][::-1][rows].astype(np.float64), asked, count)


def extend_tail(path: Path, candles: Candles, asked: Iterable[Span]) -> int:
    """Append candles, and then what has been asked for, to the tail of a file; durable on return.

    Parameters
    ----------
    path : Path
        The Parquet file, whose lock the caller holds.
    candles : Candles
        Of the labels and the grid of the file.
    asked : iterable of (int, int)
        ms UTC, end excluded.

    Returns
    -------
    int
        Records the tail has now.

    Raises
    ------
    OSError
        If the disk refuses; then the tail is as it was.
    """
    spans = tuple(asked)
    records = np.zeros(len(candles) + len(spans), dtype=_RECORD)
    records["kind"] = _CANDLE
    records["first"][: len(candles)] = candles.timestamp
    records["values"][: len(candles)] = np.column_stack([getattr(candles, name) for name in COLUMNS])
    for record, (start, end) in zip(records[len(candles) :], spans, strict=True):
        record["kind"], record["first"], record["second"] = _SPAN, start, end
    raw = records.tobytes()
    size = _RECORD.itemsize
    sealed = b"".join(_sealed(raw[at + 4 : at + size]) for at in range(0, len(raw), size))
    is_new = not tail_path(path).exists()
    with tail_path(path).open("a+b", buffering=0) as file:
        file.seek(0)
        count = _whole(file.read())
        file.truncate(count * size)
        try:
            _write_all(file.fileno(), sealed)
            os.fsync(file.fileno())
        except OSError:
            file.truncate(count * size)
            raise
    if is_new:
        _sync_folder(path.parent)
    return count + len(records)


def drop_tail(path: Path) -> None:
    """Remove the tail of a file whose lock the caller holds.

    Parameters
    ----------
    path : Path
        The Parquet file; it holds what the tail said.
    """
    tail_path(path).unlink(missing_ok=True)


def _relabelled(candles: Candles, times: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> Candles:
    return Candles(
        timestamp=times,
        **dict(zip(COLUMNS, values.T, strict=True)),
        symbol=candles.symbol,
        timeframe=candles.timeframe,
        venue=candles.venue,
        market_type=candles.market_type,
        origin=candles.origin,
    )


def _sealed(body: bytes) -> bytes:
    return struct.pack("<I", zlib.crc32(body, _SALT)) + body


def _whole(contents: bytes) -> int:
    """Return how many records, from the first on, are as they were written."""
    size = _RECORD.itemsize
    count = 0
    for at in range(0, len(contents) - size + 1, size):
        if _sealed(contents[at + 4 : at + size])[:4] != contents[at : at + 4]:
            break
        count += 1
    return count


def _write_all(descriptor: int, contents: bytes) -> None:
    view = memoryview(contents)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
