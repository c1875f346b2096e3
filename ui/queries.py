"""What lists may be asked for, and how it is written in an address."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict
from urllib.parse import quote

from ui.errors import InvalidValueError

__all__ = [
    "AlertQuery",
    "ConfigQuery",
    "EvolutionQuery",
    "Instant",
    "ListQuery",
    "OperationsQuery",
    "StrategyQuery",
    "TradeQuery",
    "segment",
    "span",
]

Instant = int | datetime
"""A time: ms UTC, or one that knows its zone."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ListQuery(TypedDict, total=False):
    """What every list may be asked: 1 to 500 items of a page, from where, in which order, from and before when."""

    limit: int
    cursor: str | None
    sort: str | None
    since: Instant | None
    until: Instant | None


class StrategyQuery(ListQuery, total=False):
    """Which strategies; words of `q` are in id, type, symbol, timeframe or venue; `retired` False leaves those out."""

    type: str | None
    symbol: str | None
    timeframe: str | None
    venue: str | None
    grade: str | None
    state: str | None
    enabled: bool | None
    money: str | None
    retired: bool | None
    q: str | None


class TradeQuery(ListQuery, total=False):
    """Which trades: of the backtest, paper or live; `since` and `until` speak of exits."""

    source: str | None
    money: str | None


class EvolutionQuery(ListQuery, total=False):
    """Which rows of the evolution log."""

    run_id: str | None
    species: str | None
    event: str | None


class OperationsQuery(ListQuery, total=False):
    """Which rows of the operations log."""

    actor: str | None
    action: str | None
    target: str | None


class ConfigQuery(ListQuery, total=False):
    """Which changes of the configuration."""

    actor: str | None


class AlertQuery(ListQuery, total=False):
    """Which alerts: info, warning or critical; only those that go on, or only those that are over."""

    severity: str | None
    open: bool | None


def segment(name: str, what: str) -> str:
    """Return an id as a part of an address that cannot lead elsewhere.

    Parameters
    ----------
    name : str
        The id.
    what : str
        Of what, for the message.

    Returns
    -------
    str
        Quoted.

    Raises
    ------
    InvalidValueError
        If it is none.
    """
    if not isinstance(name, str) or name.strip(".") == "":
        raise InvalidValueError(f"the id of a {what} must be a word, was {name!r}")
    return quote(name, safe="")


def span(since: Instant | None, until: Instant | None) -> dict[str, Any]:
    """Return a span of time as parameters.

    Parameters
    ----------
    since, until : int or datetime, optional
        From and before when.

    Returns
    -------
    dict
        ms UTC, or None.
    """
    return {"from": _milliseconds(since, "since"), "to": _milliseconds(until, "until")}


def _milliseconds(moment: Instant | None, name: str) -> int | None:
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise InvalidValueError(f"{name} must know its zone, was {moment}: add tzinfo=UTC")
    return (moment - _EPOCH) // timedelta(milliseconds=1)
