"""What may go into the database, and as what: the one rule for all tables.

- A number that is not finite (NaN, inf) becomes NULL, in columns and inside JSON alike: undefined is absent.
- Values of numpy become Python's.
- A time is an aware `datetime` or an int of milliseconds since 1970 (UTC), as candles have it.
- Inside JSON a number is a number: a whole float may come back as an int. Columns keep every bit.
- Text has no NUL character and no lone surrogate: PostgreSQL could not store them.
"""

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.errors import InvalidValueError

__all__ = ["check_names", "moment", "plain", "plain_row"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plain(value: object) -> Any:
    """Return a value as it may be stored.

    Parameters
    ----------
    value : object
        None, a bool, a number, text, bytes, an aware datetime, a value or array of numpy, or a list or
        mapping of such.

    Returns
    -------
    object
        The same in Python's own types, with None for every number that is not finite.

    Raises
    ------
    InvalidValueError
        If it is nothing of these.
    """
    if value is None or isinstance(value, (bool, int, bytes)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        if "\x00" in value or not _is_encodable(value):
            raise InvalidValueError(f"text must have no NUL and no lone surrogate, was {value!r}: remove it")
        return str(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy's scalars and arrays, which we need not import to know
        return plain(value.tolist())
    raise InvalidValueError(f"a stored value must be plain (number, text, list, mapping), was {type(value).__name__}")


def moment(value: object) -> datetime:
    """Return a time as it is stored.

    Parameters
    ----------
    value : datetime or int
        An aware datetime, or milliseconds since 1970 (UTC).

    Returns
    -------
    datetime
        The same time in UTC.

    Raises
    ------
    InvalidValueError
        If it is neither.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return _EPOCH + timedelta(milliseconds=value)
        except OverflowError:
            pass
    raise InvalidValueError(f"a time must be an aware datetime or integer ms UTC, was {value!r}")


def plain_row(
    what: str, row: Mapping[str, object], allowed: Collection[str], required: Collection[str]
) -> dict[str, Any]:
    """Return a row as it may be stored, after a check of its names.

    Parameters
    ----------
    what : str
        What the row is, in the words of messages.
    row : mapping of str to object
        The row.
    allowed : collection of str
        The names it may have.
    required : collection of str
        The names it must have.

    Returns
    -------
    dict
        All allowed names, None where the row has none.
    """
    check_names(what, row, allowed, required)
    return {name: plain(row.get(name)) for name in allowed}


def check_names(what: str, row: Mapping[str, object], allowed: Collection[str], required: Collection[str]) -> None:
    """Refuse a row with unknown or missing names.

    Parameters
    ----------
    what : str
        What the row is, in the words of messages.
    row : mapping of str to object
        The row.
    allowed : collection of str
        The names it may have.
    required : collection of str
        The names it must have.

    Raises
    ------
    InvalidValueError
        If a name is unknown or a required one is missing or None.
    """
    unknown = sorted(str(name) for name in row if name not in allowed)
    if unknown:
        raise InvalidValueError(f"{what} has no {', '.join(unknown)}: it has {', '.join(sorted(allowed))}")
    missing = sorted(name for name in required if row.get(name) is None)
    if missing:
        raise InvalidValueError(f"{what} needs {', '.join(missing)}: add a value")


def _is_encodable(value: str) -> bool:
    """Return whether text can be written as UTF-8."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
