"""Reading candles from a Parquet, CSV or Feather file, whoever wrote it."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

from market.candles import Candles, resolve_timeframe
from market.errors import CandleFileError, LabelError, MarketError
from market.names import Labels, labels_of_name
from market.symbols import UNKNOWN, real_origin
from market.tables import find_columns, float_column, time_column
from market.tail import file_stamp, read_tail
from market.timeframe import canonical
from market.validation import COLUMNS

CCXT_COLUMNS = ("timestamp", *COLUMNS)
"""Order of ccxt's rows, and of a CSV without a header."""

_LONGEST_HEADER = 100_000  # characters
_ATTEMPTS = 20  # to read a file and its tail while a writer does not replace them

METADATA_PREFIX = "evoq."
"""Schema metadata keys of our own files: evoq.venue, evoq.symbol, evoq.timeframe, evoq.origin."""


def read_candles(path: str | Path, symbol: str | None = None, timeframe: str | None = None) -> Candles:
    """Return the candles of a file.

    Parameters
    ----------
    path : str or Path
        A .parquet, .csv or .feather file with the columns of ccxt or freqtrade; a CSV may lack the header.
    symbol : str, optional
        Unified symbol, where the file does not state one. By default what the file states, else "unknown".
    timeframe : str, optional
        Where the file does not state one. By default the smallest difference of the timestamps.

    Returns
    -------
    Candles
        Venue, symbol and origin are those of the file's metadata or of a name such as
        `binance__BTC-USDT__1h.parquet`; see `market.names`. The newest candles of a `CandleStore` lie in a small file
        beside the Parquet file (`market.tail`) and belong to it.

    Notes
    -----
    Everything wrong is one `MarketError` that opens with the path: `CandleFileError` where the file is missing,
    unreadable or holds something else, `LabelError` where it states another symbol or timeframe than the caller,
    `CandleError` where a row breaks a rule (the first one, counted from 0), `UnknownNameError` for the timeframe.

    Raises
    ------
    CandleFileError
        If `path` is no path.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise CandleFileError(f"a path must be text or a Path, was of type {type(path).__name__}; name a file")
    path = Path(path)
    for _ in range(_ATTEMPTS):
        # A writer replaces the file first and removes its tail then. So a tail that was read while the file stayed the
        # same holds all that the file lacks.
        before = file_stamp(path)
        tail = read_tail(path)
        candles = read_file(path, symbol, timeframe)
        if file_stamp(path) == before:
            break
    return tail.laid_over(candles)


def read_file(path: Path, symbol: str | None = None, timeframe: str | None = None) -> Candles:
    """Return the candles of a file without those of its tail.

    Parameters
    ----------
    path : Path
        As for `read_candles`.
    symbol, timeframe : str, optional
        As there.

    Returns
    -------
    Candles
        And every error as there.
    """
    wanted = canonical(timeframe) if timeframe is not None else None
    try:
        table = read_table(path)
        stated, stated_by_metadata = _stated_labels(path, table.schema.metadata or {})
        return _candles(table, stated, stated_by_metadata, symbol, wanted)
    except MarketError as error:
        raise type(error)(f"{path}: {error}") from None


def read_table(path: Path) -> pa.Table:
    """Return a file as an Arrow table.

    Parameters
    ----------
    path : Path
        A .parquet, .csv or .feather file.

    Returns
    -------
    pyarrow.Table
        As the file holds it; columns of a CSV are text.

    Raises
    ------
    CandleFileError
        If it is missing, not a file, empty, of an unknown kind, damaged, or not readable by this user.
    """
    reader = _READERS.get(path.suffix.lower())
    if path.is_dir():
        raise CandleFileError("is a folder; name one file in it")
    if not path.exists():
        raise CandleFileError("does not exist; check the name")
    if reader is None:
        raise CandleFileError(
            f"a file of candles must end in one of {', '.join(_READERS)}, was {path.suffix!r}; convert or rename it"
        )
    try:
        if path.stat().st_size:
            return reader(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        reason = (getattr(error, "strerror", None) or str(error)).strip().splitlines()[0][:200]
        kind = path.suffix[1:].lower()
        raise CandleFileError(f"cannot be read as {kind} ({reason}); fetch or export it again") from None
    raise CandleFileError("is empty; fetch or export it again")


def _candles(
    table: pa.Table, stated: Labels | None, stated_by_metadata: bool, symbol: str | None, timeframe: str | None
) -> Candles:
    columns = find_columns(table.column_names)
    times = time_column(table[columns["timestamp"]])
    if not len(times):
        raise CandleFileError("holds no candle; fetch or export it again")
    if stated is not None:
        _check_agreement("symbol", stated.symbol, symbol)
        _check_agreement("timeframe", stated.timeframe, timeframe)
        if stated_by_metadata or len(times) == 1:
            timeframe = timeframe or stated.timeframe
    labels = stated or Labels(UNKNOWN, symbol or UNKNOWN, timeframe, real_origin(UNKNOWN))
    return Candles.from_arrays(
        times,
        *(float_column(name, table[columns[name]]) for name in COLUMNS),
        symbol=labels.symbol,
        timeframe=resolve_timeframe(times, timeframe),
        venue=labels.venue,
        origin=labels.origin,
    )


def _check_agreement(what: str, stated: str | None, wanted: str | None) -> None:
    if wanted is not None and stated is not None and stated != wanted:
        raise LabelError(
            f"the file says {what} {stated}, you say {wanted}; leave {what} out, or name the file that holds {wanted}"
        )


def _stated_labels(path: Path, metadata: dict[bytes, bytes]) -> tuple[Labels | None, bool]:
    """Return what metadata or else the name says, and whether it was metadata; both must agree where both speak."""
    by_name = labels_of_name(path.stem)
    values = {
        key.decode().removeprefix(METADATA_PREFIX): value.decode()
        for key, value in metadata.items()
        if key.startswith(METADATA_PREFIX.encode())
    }
    if not {"venue", "symbol", "timeframe", "origin"} <= values.keys():
        return by_name, False
    own = Labels(values["venue"], values["symbol"], values["timeframe"], values["origin"])
    if by_name is not None and by_name != own:
        raise LabelError(
            f"its name says {by_name.symbol} {by_name.timeframe} {by_name.origin} at {by_name.venue}, its contents say "
            f"{own.symbol} {own.timeframe} {own.origin} at {own.venue}; give the file its old name back"
        )
    return own, True


def _read_parquet(path: Path) -> pa.Table:
    # ParquetFile, unlike read_table, takes no column from a folder named like key=value.
    with pyarrow.parquet.ParquetFile(path) as file:
        return file.read()


def _read_feather(path: Path) -> pa.Table:
    return pyarrow.feather.read_table(path, memory_map=False)


def _read_csv(path: Path) -> pa.Table:
    """Return a CSV with every column as text: so each number is parsed once, exactly, and a misfit can be named."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = next(csv.reader(io.StringIO(file.readline(_LONGEST_HEADER))), [])
    if len(first) > 1 and all(_is_number(field) for field in first[1:]):
        if len(first) != len(CCXT_COLUMNS):
            raise CandleFileError(
                f"a CSV without a header must have the {len(CCXT_COLUMNS)} columns {', '.join(CCXT_COLUMNS)}, "
                f"has {len(first)}; add a header line"
            )
        names, skip = list(CCXT_COLUMNS), 0
    else:
        names, skip = first, 1
    wanted = list(find_columns(names).values())
    return pyarrow.csv.read_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(column_names=names, skip_rows=skip),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted
        ),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_READERS: MappingProxyType[str, Callable[[Path], pa.Table]] = MappingProxyType(
    {".parquet": _read_parquet, ".pq": _read_parquet, ".csv": _read_csv, ".feather": _read_feather}
)
