"""Cursors: where a list goes on, as opaque text.

A cursor holds the sort and the last row's values of it, and a digest of them and of the list with its
filters. So it goes on in the same list only, and one that was damaged, cut or made up is refused before the
database hears of it. It holds no secret and grants nothing: its values are compared, never executed.
"""

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Double, Integer, Text

from storage.errors import InvalidValueError
from storage.values import plain

__all__ = ["decode_cursor", "encode_cursor", "typed"]

_LONGEST = 4_000
_DIGEST_BYTES = 12
_INTEGERS = range(-(2**63), 2**63)
_REFUSAL = "cursor must be the next_cursor of the same list with the same filters: leave it out to begin again"


def encode_cursor(purpose: str, sort: str, values: Sequence[object]) -> str:
    """Return the cursor behind a row.

    Parameters
    ----------
    purpose : str
        The list and its filters.
    sort : str
        The sort asked for.
    values : sequence
        The row's values of the columns that the list is ordered by.

    Returns
    -------
    str
        Letters, digits, - and _.
    """
    told = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in values]
    body = json.dumps([sort, told], separators=(",", ":"), allow_nan=False).encode()
    return base64.urlsafe_b64encode(_digest(purpose, body) + body).decode("ascii").rstrip("=")


def decode_cursor(purpose: str, cursor: str) -> tuple[str, list[object]]:
    """Return what a cursor holds; `typed` checks the values.

    Parameters
    ----------
    purpose : str
        The list and its filters.
    cursor : str
        What `encode_cursor` gave.

    Returns
    -------
    str
        The sort.
    list
        The last row's values.

    Raises
    ------
    InvalidValueError
        If it is not a cursor of this list.
    """
    if len(cursor) > _LONGEST:
        raise InvalidValueError(_REFUSAL)
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        digest, body = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        sort, values = json.loads(body)
        told = str(sort), list(values)
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidValueError(_REFUSAL) from error
    if digest != _digest(purpose, body):
        raise InvalidValueError(_REFUSAL)
    return told


def typed(values: Sequence[object], columns: Sequence[ColumnElement[Any]]) -> list[Any]:
    """Return a cursor's values as values of columns.

    Parameters
    ----------
    values : sequence
        From `decode_cursor`.
    columns : sequence of columns
        What the list is ordered by; the first one may have no value.

    Returns
    -------
    list
        As the database takes them.

    Raises
    ------
    InvalidValueError
        If they do not fit the columns.
    """
    if len(values) != len(columns):
        raise InvalidValueError(_REFUSAL)
    return [
        None if value is None and position == 0 else _typed(value, column)
        for position, (value, column) in enumerate(zip(values, columns, strict=True))
    ]


def _typed(value: object, column: ColumnElement[Any]) -> object:
    """Return one value as a value of a column."""
    kind = column.type
    if isinstance(kind, DateTime) and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise InvalidValueError(_REFUSAL) from error
        if moment.tzinfo is not None:
            return moment
    elif isinstance(kind, Double) and isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    elif isinstance(kind, Integer) and isinstance(value, int) and value in _INTEGERS:
        return int(value)
    elif isinstance(kind, Text) and isinstance(value, str):
        return plain(value)
    raise InvalidValueError(_REFUSAL)


def _digest(purpose: str, body: bytes) -> bytes:
    """Return what binds a cursor's body to its list."""
    return hashlib.sha256(purpose.encode() + b"\0" + body).digest()[:_DIGEST_BYTES]
