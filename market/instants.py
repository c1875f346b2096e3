"""Points in time: integer ms UTC inside, ISO 8601 outside."""

from datetime import UTC, datetime

import numpy as np

from market.errors import MarketError

Instant = int | str | datetime
"""A time as a caller may give it: ms UTC, ISO 8601 text, or a datetime; without a zone it is UTC."""

LAST_MS = 253_402_300_799_999
"""The last ms of the year 9999, beyond which a time cannot be written as ISO 8601."""


def instant_ms(value: Instant) -> int:
    """Return a point in time as ms UTC since 1970.

    Parameters
    ----------
    value : int, str or datetime
        ms UTC; ISO 8601 such as "2024-03-01" or "2024-03-01T12:00:00+02:00"; or a datetime. Without a zone it is UTC.

    Returns
    -------
    int
        ms UTC since 1970, rounded down.

    Raises
    ------
    MarketError
        If the text is not ISO 8601 or the time lies outside the years 1970 to 9999.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise MarketError(
                f"a time must be ISO 8601 such as 2024-03-01 or 2024-03-01T12:00:00Z, was {value!r}"
            ) from None
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        since_epoch = aware - datetime(1970, 1, 1, tzinfo=UTC)
        value = since_epoch.days * 86_400_000 + since_epoch.seconds * 1000 + since_epoch.microseconds // 1000
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise MarketError(f"a time must be ms UTC, ISO 8601 text or a datetime, was {value!r}")
    if not 0 <= value <= LAST_MS:
        raise MarketError(f"a time must lie in the years 1970 to 9999, was {value} ms; is it in another unit?")
    return int(value)


def iso(ms: int) -> str:
    """Return a point in time as ISO 8601 in UTC, to the second or, where it matters, to the ms.

    Parameters
    ----------
    ms : int
        ms UTC since 1970.

    Returns
    -------
    str
        Such as "2024-03-01T12:00:00Z"; the bare number where it lies outside the years 1970 to 9999.
    """
    if not 0 <= ms <= LAST_MS:
        return f"{ms} ms"
    text = str(np.datetime64(int(ms), "ms"))
    return text.removesuffix(".000") + "Z"
