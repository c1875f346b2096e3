"""Numbers and times as an explanation words them."""

import math
from datetime import UTC, datetime

__all__ = ["day", "moment", "number", "parameters_of"]


def number(value: float | None, form: str) -> str:
    """Return a number in a format, or a dash where it is not known.

    Parameters
    ----------
    value : float or None
        None and NaN are not known.
    form : str
        As for `format`.

    Returns
    -------
    str
        Text.

    Examples
    --------
    >>> number(0.5, ".0%"), number(None, ".0%")
    ('50%', '–')
    """
    return "–" if value is None or math.isnan(value) else format(value, form)


def moment(time: int | datetime | None) -> str:
    """Return a time to the minute.

    Parameters
    ----------
    time : int, datetime or None
        An aware time, or ms UTC.

    Returns
    -------
    str
        In UTC, which it does not say.

    Examples
    --------
    >>> moment(0)
    '1970-01-01 00:00'
    """
    if time is None:
        return "–"
    when = time if isinstance(time, datetime) else datetime.fromtimestamp(time / 1000.0, UTC)
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def day(time: int | None) -> str:
    """Return the day of a time (ms UTC)."""
    return moment(time)[:10]


def parameters_of(parameters: dict[str, float]) -> str:
    """Return the parameters of a strategy that are not switched off.

    Parameters
    ----------
    parameters : dict of str to float
        By name.

    Returns
    -------
    str
        Without the quantity, which changes no score.

    Examples
    --------
    >>> parameters_of({"quantity": 1.0, "lookback_period": 24.0, "stop_loss": 0.0, "threshold": 0.01})
    'lookback_period 24 · threshold 0.01'
    """
    shown = {name: value for name, value in parameters.items() if name != "quantity"}
    ordered = sorted(shown.items(), key=lambda pair: pair[0] in {"stop_loss", "take_profit"})
    return " · ".join(f"{name} {value:g}" for name, value in ordered if value)
