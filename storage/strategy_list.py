"""Lists of strategies: what may be asked for, in which order, and what they have in common."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from storage.models import Strategy, table_of
from storage.pagination import Listing
from storage.values import check_names, plain

__all__ = [
    "LISTING",
    "SORTS",
    "StrategyCounts",
    "StrategyPage",
    "commonest_reason",
    "grade_reasons",
    "matching",
    "searched",
]

_table = table_of(Strategy)
_FILTERS = ("run_id", "type", "symbol", "timeframe", "venue", "grade", "state", "money", "species")
_SEARCHED = ("id", "type", "symbol", "timeframe", "venue")
_names = func.replace(func.concat_ws("\n", *(_table.c[name] for name in _SEARCHED)), "_", " ")
_OWN_VALUE = r" -?\d[\d.,e+]*(?=.*, needs )"  # the first number, where a bound follows it
_TIES = ("-scs", "species", "child", "id")  # the better one first, then the older child, whatever its run

SORTS = (
    "id",
    "type",
    "symbol",
    "timeframe",
    "venue",
    "grade",
    "state",
    "generation",
    "fitness",
    "scs",
    "oos_scs",
    "in_sample_scs",
    "n_trades",
    "oos_trades",
    "win_rate",
    "sharpe",
    "profit_factor",
    "max_drawdown",
    "volatility",
    "total_return",
    "exposure",
    "psr",
    "dsr",
    "dsr_raw",
    "excess_return",
    "created_at",
    "updated_at",
    "state_since",
)

LISTING = Listing(
    name="strategies",
    source=_table,
    sorts=SORTS,
    default="-oos_scs",
    ties=_TIES,
    filters=(*_FILTERS, "enabled", "finalist"),
    time="created_at",
    ties_follow=False,
    required=frozenset(name for name in SORTS if not _table.columns[name].nullable),
)


class StrategyPage(NamedTuple):
    """A part of a list of strategies.

    Attributes
    ----------
    items : sequence of mappings
        All columns of the table `strategies`.
    total : int
        How many there are on all pages.
    """

    items: Sequence[Mapping[str, Any]]
    total: int


class StrategyCounts(NamedTuple):
    """How many strategies pass which bar.

    Attributes
    ----------
    strategies : int
        All of them. Retired ones are not counted, here and below, unless the state was asked for.
    above_threshold : int
        With an SCS at or above the threshold.
    grade_a, grade_b : int
        With evidence.
    enabled, live : int
        In these states of the roster; one that was disabled is not counted as enabled.
    commonest_reason : str or None
        Why the likeliest candidates fail: the most frequent `grade_reason` of those at or above the threshold without
        grade A; where there are none, of the finalists without it; where there are none either, of all without it.
        Reasons count as the same whatever value they state, which is left out ("C: out-of-sample trades, needs 30").
        None where nobody has a reason.
    """

    strategies: int
    above_threshold: int
    grade_a: int
    grade_b: int
    enabled: int
    live: int
    commonest_reason: str | None


def matching(q: str | None, filters: Mapping[str, str | None], **flags: bool | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a strategy must fulfil.

    Parameters
    ----------
    q : str or None
        Words that are each in its id, type, symbol, timeframe or venue.
    filters : mapping
        Exact values of columns; None stands for any.
    **flags : bool or None
        Values of columns that are true or false; None stands for any.

    Returns
    -------
    list of ColumnElement
        All of them must hold.
    """
    check_names("a list of strategies", filters, _FILTERS, ())
    conditions = [_table.c[name] == plain(str(value)) for name, value in filters.items() if value is not None]
    conditions += [_table.c[name] == bool(value) for name, value in flags.items() if value is not None]
    return [*conditions, *searched(q)]


def searched(q: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a strategy has each word of a text in one of its names.

    Parameters
    ----------
    q : str or None
        Words, parted by blanks; an underscore is a blank within one. Any strategy will do where there are none.

    Returns
    -------
    list of ColumnElement
        One a word.
    """
    return [_names.icontains(word.replace("_", " "), autoescape=True) for word in plain(str(q or "")).split()]


def commonest_reason(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], above: ColumnElement[bool]
) -> str | None:
    """Return why most fail.

    Parameters
    ----------
    connection : Connection
        To the database.
    conditions : sequence of ColumnElement
        Which strategies are meant.
    above : ColumnElement
        That one is above the threshold.

    Returns
    -------
    str or None
        As `StrategyCounts.commonest_reason` says.
    """
    reasons = grade_reasons(connection, conditions, above, 1)
    return reasons[0][0] if reasons else None


def grade_reasons(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], above: ColumnElement[bool], most: int
) -> list[tuple[str, int]]:
    """Return why strategies fail: those above the threshold, else the finalists, else all.

    Parameters
    ----------
    connection : Connection
        To the database.
    conditions : sequence of ColumnElement
        Which strategies are meant.
    above : ColumnElement
        That one is above the threshold.
    most : int
        How many reasons at most.

    Returns
    -------
    list of (str, int)
        Each reason without its own value, and how many have it; the commonest first.
    """
    kind = func.regexp_replace(_table.c.grade_reason, _OWN_VALUE, "").label("kind")
    query = (
        select(kind, func.count())
        .where(*conditions, _table.c.grade != "A", _table.c.grade_reason.is_not(None))
        .group_by(kind)
        .order_by(func.count().desc(), kind)
        .limit(most)
    )
    for narrowed in (query.where(above), query.where(_table.c.finalist), query):
        found = [(str(reason), int(count)) for reason, count in connection.execute(narrowed)]
        if found:
            return found
    return []
