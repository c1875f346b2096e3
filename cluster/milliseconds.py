"""Milliseconds: how a time of the database is written wherever programs read it."""

from datetime import UTC, datetime, timedelta

__all__ = ["milliseconds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Return a time as ms UTC since 1970.

    Parameters
    ----------
    moment : datetime
        Aware.

    Returns
    -------
    int
        Whole milliseconds; what is left is cut off.
    """
    return (moment - _EPOCH) // _MILLISECOND
