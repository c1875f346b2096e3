"""Numbers, money and times as people read them: units, separators, fixed decimals; what is absent is "–".

>>> number(1234567.891, 2), number(-0.5, 1, "pp"), number(None)
('1,234,567.89', '−0.5 pp', '–')
>>> percent(0.12345), money("1234.5", "USDT"), significant(-12_345.678)
('12.3%', '1,234.50 USDT', '−12,345.7')
>>> from ui.panel.catalogue import catalogue
>>> [duration(7_380, catalogue(language).text) for language in ("en", "zh")]
['2 h 03 min', '2 小时 03 分']
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

__all__ = ["ABSENT", "clock_time", "duration", "moment", "money", "number", "percent", "significant", "zone_of"]

ABSENT = "–"
_MINUS = "−"
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def number(value: float | Decimal | None, decimals: int = 0, unit: str = "", *, signed: bool = False) -> str:
    """Return a number.

    Parameters
    ----------
    value : float, Decimal or None
        Absent if None, or no finite number.
    decimals : int
        How many digits stand after the point.
    unit : str
        Follows the number, after a space.
    signed : bool
        Whether what is above 0 has a plus.

    Returns
    -------
    str
        With thousands separators and a true minus.
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    text = f"{value:+,.{decimals}f}" if signed else f"{value:,.{decimals}f}"
    if not any(digit in "123456789" for digit in text):
        text = text.lstrip("+-")  # a zero has no sign
    return text.replace("-", _MINUS) + (f" {unit}" if unit else "")


def percent(ratio: float | None, decimals: int = 1, *, signed: bool = False) -> str:
    """Return a ratio in per cent.

    Parameters
    ----------
    ratio : float or None
        0.01 is one per cent.
    decimals : int
        How many digits stand after the point.
    signed : bool
        Whether what is above 0 has a plus.

    Returns
    -------
    str
        "–" if it is absent.
    """
    shown = number(None if ratio is None else 100.0 * ratio, decimals, signed=signed)
    return shown if shown == ABSENT else f"{shown}%"


def money(amount: Decimal | str | None, currency: str, decimals: int = 2, *, signed: bool = False) -> str:
    """Return an amount of money.

    Parameters
    ----------
    amount : Decimal, str or None
        Decimal text; never a float.
    currency : str
        Such as USDT.
    decimals : int
        How many digits stand after the point.
    signed : bool
        Whether what is above 0 has a plus.

    Returns
    -------
    str
        "–" if it is absent or no number.
    """
    try:
        exact = None if amount is None else Decimal(amount)
    except InvalidOperation:
        exact = None
    return number(exact, decimals, currency, signed=signed)


def significant(value: float | None, digits: int = 6) -> str:
    """Return a number of any size with so many significant digits.

    Parameters
    ----------
    value : float or None
        Absent if None, or no finite number.
    digits : int
        How many are shown at most; zeros at the end are left out.

    Returns
    -------
    str
        With thousands separators and a true minus.
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    return f"{value:,.{digits}g}".replace("-", _MINUS)


def duration(seconds: float | None, text: Callable[..., str]) -> str:
    """Return a length of time in its two largest units.

    Parameters
    ----------
    seconds : float or None
        Its length; what is below 0 counts as 0.
    text : callable
        Gives the words of the viewer's language: `Catalogue.text`.

    Returns
    -------
    str
        Such as 12 s, 3 min 05 s, 2 h 05 min or 4 d 03 h in English; "–" if it is absent.
    """
    if seconds is None or not math.isfinite(seconds):
        return ABSENT
    whole = int(max(seconds, 0.0))
    if whole < _MINUTE:
        return text("duration.seconds", s=whole)
    if whole < _HOUR:
        return text("duration.minutes", min=whole // _MINUTE, s=f"{whole % _MINUTE:02d}")
    if whole < _DAY:
        return text("duration.hours", h=whole // _HOUR, min=f"{whole % _HOUR // _MINUTE:02d}")
    return text("duration.days", d=number(whole // _DAY), h=f"{whole % _DAY // _HOUR:02d}")


def zone_of(name: str | None) -> ZoneInfo:
    """Return a time zone by its name, such as Asia/Shanghai; UTC where there is none of that name."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; odd names are the others
        return ZoneInfo("UTC")


def moment(ms: int | None, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """Return a date and a time.

    Parameters
    ----------
    ms : int or None
        ms UTC since 1970.
    zone : ZoneInfo
        In which it is told.
    seconds : bool
        Whether seconds are told.

    Returns
    -------
    str
        Such as 2026-01-31 08:05; the header of every page says in which zone.
    """
    return _told(ms, zone, "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def clock_time(ms: int | None, zone: ZoneInfo) -> str:
    """Return a time of day with seconds.

    Parameters
    ----------
    ms : int or None
        ms UTC since 1970.
    zone : ZoneInfo
        In which it is told.

    Returns
    -------
    str
        Such as 08:05:09.
    """
    return _told(ms, zone, "%H:%M:%S")


def _told(ms: int | None, zone: ZoneInfo, form: str) -> str:
    if ms is None:
        return ABSENT
    try:
        return datetime.fromtimestamp(ms / 1_000, UTC).astimezone(zone).strftime(form)
    except (OverflowError, ValueError, OSError):  # beyond the years that there are
        return ABSENT
