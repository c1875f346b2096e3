"""Lists in pages: each page begins behind the last row of the one before, whatever was added meanwhile.

An order is total: the sort asked for, then columns that make it unique. What has no value comes last in
both directions. Rows that are added while somebody turns pages neither repeat nor hide another one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Engine, FromClause, Select, and_, func, or_, select, tuple_

from storage.cursors import decode_cursor, encode_cursor, typed
from storage.errors import InvalidValueError
from storage.values import check_names, moment, plain

__all__ = ["MOST_COUNTED", "MOST_ROWS", "Listing", "Page", "order_of", "read_page"]

MOST_ROWS = 500
MOST_COUNTED = 100_000


class Page(NamedTuple):
    """A part of a list.

    Attributes
    ----------
    items : sequence of mappings
        The rows, all columns.
    next_cursor : str or None
        Where the next page begins; None on the last one.
    total : int
        How many rows there are on all pages; counted no further than `MOST_COUNTED`.
    """

    items: Sequence[Mapping[str, Any]]
    next_cursor: str | None
    total: int


@dataclass(frozen=True)
class Listing:
    """What a list is made of.

    Attributes
    ----------
    name : str
        In messages and cursors.
    source : FromClause
        A table, or a query as one.
    sorts : tuple of str
        The columns it may be sorted by.
    default : str
        The sort when none is asked for, "-" before it for descending.
    ties : tuple of str
        The columns that make every order unique; the last one always has a value of its own. With "-" before it, the
        highest first: a number that is never negative, or no value.
    filters : tuple of str
        The columns that may be asked for by value.
    time : str
        The column that `since` and `until` speak of.
    ties_follow : bool
        Whether ties are ordered in the direction of the sort, instead of always ascending.
    required : frozenset of str
        The sorts that always have a value.
    """

    name: str
    source: FromClause
    sorts: tuple[str, ...]
    default: str
    ties: tuple[str, ...]
    filters: tuple[str, ...]
    time: str = "ts"
    ties_follow: bool = True
    required: frozenset[str] = field(default_factory=lambda: frozenset({"ts"}))


def read_page(
    engine: Engine,
    listing: Listing,
    *,
    limit: int,
    cursor: str | None,
    sort: str | None,
    since: object = None,
    until: object = None,
    filters: Mapping[str, object],
    conditions: Sequence[ColumnElement[bool]] = (),
    sought: str = "",
) -> Page:
    """Return one page of a list.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    listing : Listing
        The list.
    limit : int
        How many rows at most, 1..500.
    cursor : str or None
        The `next_cursor` of the page before; None for the first page.
    sort : str or None
        A column, descending with "-" before it; None for that of the cursor, or of the list.
    since, until : datetime, int or None
        Only rows at or after `since` and before `until`: aware times or ms UTC.
    filters : mapping
        Exact values (text or bool) of columns; None stands for any.
    conditions : sequence of ColumnElement, optional
        More conditions.
    sought : str
        What those conditions depend on: a cursor goes on only under the same ones.

    Returns
    -------
    Page
        The rows.

    Raises
    ------
    InvalidValueError
        If a name, a number or the cursor is not one of this list.
    """
    check_names(f"a list of {listing.name}", filters, listing.filters, ())
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_ROWS:
        raise InvalidValueError(f"limit must be in [1, {MOST_ROWS}], was {limit!r}")
    columns = listing.source.c
    asked = {name: _filter(value) for name, value in sorted(filters.items()) if value is not None}
    times = [None if value is None else moment(value) for value in (since, until)]
    purpose = json.dumps([listing.name, asked, [when and when.isoformat() for when in times], sought])
    wanted = [columns[name] == value for name, value in asked.items()]
    wanted += [columns[listing.time] >= when for when in times[:1] if when is not None]
    wanted += [columns[listing.time] < when for when in times[1:] if when is not None]
    wanted += conditions
    last: list[object] | None = None
    if cursor is not None:
        cursor_sort, last = decode_cursor(purpose, str(cursor))
        if sort is not None and sort != cursor_sort:
            raise InvalidValueError(
                f"the cursor belongs to sort={cursor_sort}, not {sort}: leave one of them out, or begin again"
            )
        sort = cursor_sort
    order = _Order(listing, listing.default if sort is None else str(sort))
    query: Select[Any] = select(*columns).where(*wanted).order_by(*order.clauses()).limit(limit + 1)
    if last is not None:
        query = query.where(order.behind(typed(last, order.columns)))
    counted = select(columns[listing.ties[-1]]).where(*wanted).limit(MOST_COUNTED).subquery()
    with engine.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]
        total = int(connection.execute(select(func.count()).select_from(counted)).scalar_one())
    following = None
    if len(rows) > limit:
        rows.pop()
        following = encode_cursor(purpose, order.sort, order.values(rows[-1]))
    return Page(rows, following, total)


def order_of(listing: Listing, sort: str) -> list[ColumnElement[Any]]:
    """Return the order of a list, for a query.

    Parameters
    ----------
    listing : Listing
        The list.
    sort : str
        A column, descending with "-" before it.

    Returns
    -------
    list of ColumnElement
        The column that was asked for, what has no value last in both directions; then the ties. A column that the list
        is not sorted by is refused as by `read_page`.
    """
    return _Order(listing, sort).clauses()


class _Order:
    """The order of a list: the sort, then ties."""

    def __init__(self, listing: Listing, sort: str) -> None:
        name = sort.removeprefix("-")
        if name not in listing.sorts:
            raise InvalidValueError(
                f"sort must be one of {', '.join(listing.sorts)}, with - before it for descending, was {sort!r}"
            )
        columns = listing.source.c
        ties = [tie for tie in listing.ties if tie.removeprefix("-") != name]
        self.sort = sort
        self.descending = sort.startswith("-")
        self.ties_descend = self.descending and listing.ties_follow
        self.required = name in listing.required or name in listing.ties
        self.columns = [columns[name], *(_falling(columns[tie[1:]]) if tie[0] == "-" else columns[tie] for tie in ties)]
        self._names = [name, *ties]

    def clauses(self) -> list[ColumnElement[Any]]:
        """Return the order for a query."""
        first, *ties = self.columns
        wanted = first.desc() if self.descending else first.asc()
        if not self.required:
            wanted = wanted.nulls_last()
        return [wanted, *(tie.desc() if self.ties_descend else tie.asc() for tie in ties)]

    def behind(self, last: Sequence[Any]) -> ColumnElement[bool]:
        """Return the condition that a row comes behind one with these values."""
        first, *ties = self.columns
        value, *tied = last
        if not ties:
            return and_(first < value if self.descending else first > value)
        later = tuple_(*ties) < tuple_(*tied) if self.ties_descend else tuple_(*ties) > tuple_(*tied)
        if value is None:
            return and_(first.is_(None), later)
        beyond = first < value if self.descending else first > value
        at_least = first <= value if self.descending else first >= value
        if self.required:
            return and_(at_least, or_(beyond, later))  # the first part alone is what an index can follow
        return or_(beyond, first.is_(None), and_(first == value, later))

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """Return a row's values of the columns, as `behind` takes them."""
        first, *ties = self._names
        return [row[first], *(_fallen(row[tie[1:]]) if tie[0] == "-" else row[tie] for tie in ties)]


def _falling(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return what is the lower, the higher a column is, and highest without a value."""
    return -func.coalesce(column, -1.0)


def _fallen(value: float | None) -> float:
    """Return a value of `_falling`."""
    return 1.0 if value is None else -value


def _filter(value: object) -> bool | str:
    """Return a value to compare a column with."""
    return value if isinstance(value, bool) else str(plain(str(value)))
