"""Closed trades of strategies, by the million: written in bulk, read by strategy in pages."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import Engine

from storage.bulk import copy_rows
from storage.errors import InvalidValueError
from storage.models import table_of
from storage.pagination import Listing, Page, read_page
from storage.trade_models import StrategyTrade
from storage.values import check_names

__all__ = ["TradeRepository"]

_table = table_of(StrategyTrade)
_REQUIRED = tuple(column.name for column in _table.columns if column.name != "id" and column.server_default is None)
_OPTIONAL = ("internal",)
_LISTING = Listing(
    name="trades",
    source=_table,
    sorts=("exit_time",),
    default="-exit_time",
    ties=("id",),
    filters=("strategy_id", "venue", "money"),
    time="exit_time",
    required=frozenset({"exit_time"}),
)


class TradeRepository:
    """The closed trades.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, rows: Sequence[Mapping[str, object]]) -> int:
        """Append trades, all or none.

        Parameters
        ----------
        rows : sequence of mappings
            Columns of the table `strategy_trades` but the id. Amounts are `Decimal`; `internal` may be left out.

        Returns
        -------
        int
            How many; what is missing or not finite is refused with `InvalidValueError`.
        """
        values = []
        for row in rows:
            check_names("a trade", row, (*_REQUIRED, *_OPTIONAL), _REQUIRED)
            values.append([*(_written(name, row[name]) for name in _REQUIRED), bool(row.get("internal", False))])
        with self._engine.begin() as connection:
            copy_rows(connection, _table, (*_REQUIRED, *_OPTIONAL), values)
        return len(values)

    def page(
        self,
        strategy: str,
        *,
        real: bool,
        limit: int = 50,
        cursor: str | None = None,
        sort: str | None = None,
        since: object = None,
        until: object = None,
        venue: str | None = None,
        money: str | None = None,
    ) -> Page:
        """Return a page of a strategy's trades, the latest exit first.

        Parameters
        ----------
        strategy : str
            Its id.
        real : bool
            Those with real money, or the others.
        limit : int
            How many rows at most, 1..500.
        cursor : str, optional
            The `next_cursor` of the page before.
        sort : str, optional
            "-exit_time" or "exit_time".
        since, until : datetime or int, optional
            Only those that ended at or after `since` and before `until`: aware times or ms UTC.
        venue, money : str, optional
            Only those there, and with this money.

        Returns
        -------
        Page
            All columns of the table `strategy_trades`.
        """
        condition = _table.c.money == "real" if real else _table.c.money != "real"
        return read_page(
            self._engine,
            _LISTING,
            limit=limit,
            cursor=cursor,
            sort=sort,
            since=since,
            until=until,
            filters={"strategy_id": strategy, "venue": venue, "money": money},
            conditions=[condition],
            sought="real" if real else "paper",
        )


def _written(name: str, value: object) -> object:
    """Return a value as COPY is given it: a decimal as its digits, none of which is lost."""
    if not isinstance(value, Decimal):
        return value
    if not value.is_finite():
        raise InvalidValueError(f"{name} of a trade must be finite, was {value}")
    return f"{value:f}"
