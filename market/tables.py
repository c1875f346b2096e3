"""Arrow tables as others write them, turned into the columns of candles.

Known are the columns of ccxt (timestamp, open, high, low, close, volume) and of freqtrade (date, open, ...), in any
order and case, beside any others. Times are integers in s, ms, us or ns (which one is clear from their size),
datetimes, or ISO 8601 text; without a zone they are UTC.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from market.errors import CandleFileError
from market.validation import COLUMNS

TIME_COLUMNS = ("timestamp", "date", "datetime", "time", "open_time", "__index_level_0__")
"""Names of a column of bar opens; "timestamp" wins, and of the others there may be one."""

_PER_SECOND = (("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000))
_SMALLEST_S = 100_000_000  # 1973: from here to the year 5138 a number of s, ms, us or ns has a size of its own


def find_columns(names: Sequence[str]) -> dict[str, str]:
    """Return which column of a table is which.

    Parameters
    ----------
    names : sequence of str
        Names of all columns of the table.

    Returns
    -------
    dict of str to str
        From "timestamp", "open", "high", "low", "close" and "volume" to the table's own names.

    Raises
    ------
    CandleFileError
        If one is missing, or more than one would do.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.strip().lower(), []).append(name)
    times = [name for name in TIME_COLUMNS if name in found]
    if times and times[0] != "timestamp" and len(times) > 1:
        raise CandleFileError(
            f"one column must hold the bar opens, but {' and '.join(times)} could; rename the right one to timestamp"
        )
    wanted = dict(zip(COLUMNS, COLUMNS, strict=True)) | {"timestamp": times[0] if times else "timestamp"}
    missing = [column for column, name in wanted.items() if name not in found]
    if missing:
        raise CandleFileError(
            f"candles need the columns timestamp (or date), {', '.join(COLUMNS)}; "
            f"missing: {', '.join(sorted(missing))}; found: {', '.join(names) or 'none'}; rename or add them"
        )
    for name in wanted.values():
        if len(found[name]) > 1:
            raise CandleFileError(f"column {name} must occur once, found {' and '.join(found[name])}; drop one")
    return {column: found[name][0] for column, name in wanted.items()}


def float_column(name: str, column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return a column of numbers, or of text that spells numbers, as float64.

    Parameters
    ----------
    name : str
        Its name, for the message.
    column : pyarrow.ChunkedArray
        The column.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        Every text as the nearest double; an empty cell as NaN.

    Raises
    ------
    CandleFileError
        If a cell is not a number.
    """
    try:
        if pa.types.is_decimal(column.type):
            column = pc.cast(column, pa.string())  # a decimal's own cast is a bit off, text is parsed exactly
        values = pc.cast(_stripped(column), pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise CandleFileError(_first_misfit(name, column, pa.float64(), "a number")) from None
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def time_column(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return a column of times as ms UTC.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Integers, whole floats, datetimes, dates, or text that spells one of these.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        ms UTC since 1970.

    Raises
    ------
    CandleFileError
        If a cell is empty or not a time, or its unit is not clear.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if _is_text(column.type):
        column = _parsed_times(_stripped(column))
    kind = column.type
    if column.null_count:
        row = pc.index(pc.is_null(column), True).as_py()
        raise CandleFileError(f"row {row}: timestamp must not be empty; fill it in or drop the row")
    if pa.types.is_date(kind):
        return _ints(pc.cast(column, pa.timestamp("ms")))
    if pa.types.is_timestamp(kind):
        return _in_ms(_ints(column), dict(_PER_SECOND)[kind.unit])
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        floats = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        odd = ~(np.isfinite(floats) & (floats == np.floor(floats)) & (np.abs(floats) < 2**63))
        if odd.any():
            row = int(odd.argmax())
            raise CandleFileError(f"row {row}: timestamp must be a whole number of ms, was {floats[row]}; correct it")
        return _in_clear_unit(floats.astype(np.int64))
    if pa.types.is_integer(kind):
        return _in_clear_unit(_ints(column))
    raise CandleFileError(f"timestamp must be a column of times, was of type {kind}; convert it to ms UTC")


def _in_clear_unit(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    if not len(values):
        return values
    typical = int(np.sort(values)[len(values) // 2])
    for _, per_second in _PER_SECOND:
        if _SMALLEST_S * per_second <= typical < _SMALLEST_S * per_second * 1000:
            return _in_ms(values, per_second)
    raise CandleFileError(
        f"timestamps must be s, ms, us or ns since 1970 and later than 1973, was {typical}: its unit is not clear; "
        "convert them to ms UTC"
    )


def _in_ms(values: npt.NDArray[np.int64], per_second: int) -> npt.NDArray[np.int64]:
    if per_second < 1000:
        return values * (1000 // per_second)
    per_ms = per_second // 1000
    odd = values % per_ms != 0
    if odd.any():
        row = int(odd.argmax())
        raise CandleFileError(
            f"row {row}: timestamp must be a whole number of ms, was {values[row]} with {per_ms} to the ms; correct it"
        )
    return np.asarray(values // per_ms, dtype=np.int64)


def _parsed_times(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text that spells integers, floats or ISO 8601 times as a column of these."""
    for kind in (pa.int64(), pa.float64()):
        try:
            return pc.cast(column, kind)
        except pa.ArrowInvalid:
            continue
    if _spells(column[0], pa.float64()):
        raise CandleFileError(_first_misfit("timestamp", column, pa.float64(), "a whole number of ms as in row 0"))
    import pandas as pd  # slow to import, and only text needs it

    parsed = pd.to_datetime(pd.Series(column.to_pylist()), format="ISO8601", utc=True, errors="coerce")
    if parsed.isna().any():
        row = int(parsed.isna().to_numpy().argmax())
        raise CandleFileError(
            f"row {row}: timestamp must be ms UTC or ISO 8601 such as 2024-03-01T12:00:00Z, "
            f"was {column[row].as_py()!r}; convert it"
        )
    return pa.chunked_array([pa.array(parsed)])


def _first_misfit(name: str, column: pa.ChunkedArray, kind: pa.DataType, what: str) -> str:
    if not _is_text(column.type):
        return f"{name} must be a column of numbers, was of type {column.type}; convert it"
    for row, cell in enumerate(_stripped(column)):
        if not _spells(cell, kind):
            return f"row {row}: {name} must be {what}, was {cell.as_py()!r}; correct it or drop the row"
    raise AssertionError(f"{name} has no cell that is not {what}")


def _spells(cell: pa.Scalar, kind: pa.DataType) -> bool:
    try:
        cell.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _stripped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _is_text(column.type):
        return column
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _ints(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.asarray(pc.cast(column, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)
