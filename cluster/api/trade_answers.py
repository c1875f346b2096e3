"""Trades of a strategy in the form of answers: those of its backtest, or stored ones."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field

from cluster.api.problems import Problem
from cluster.api.strategy_answers import Kind
from cluster.api.values import Answer, Milliseconds, Money, milliseconds, money

if TYPE_CHECKING:
    from backtest import Report

__all__ = ["Trade", "report_trades", "stored_trade", "trade_page"]

_SORTS = ("exit_time", "-exit_time")
_AMOUNTS = ("entry_price", "exit_price", "quantity", "fees", "pnl")
_EXAMPLE: dict[str, Any] = {
    "id": 17,
    "side": 1,
    "entry_time": 1_767_225_600_000,
    "exit_time": 1_767_232_800_000,
    "entry_price": "84000.5",
    "exit_price": "84310.25",
    "quantity": "0.01",
    "fees": "1.683",
    "pnl": "1.4145",
    "return": 0.001684,
    "money": "simulated",
    "venue": "simulated",
    "internal": False,
}


class Trade(Answer):
    """A closed trade."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: int
    side: int = Field(description="1 long, -1 short")
    entry_time: Milliseconds
    exit_time: Milliseconds
    entry_price: Money
    exit_price: Money
    quantity: Money = Field(description="base units")
    fees: Money = Field(description="of both legs, in quote currency")
    pnl: Money = Field(description="net, in quote currency")
    net_return: float | None = Field(alias="return", description="net P&L over the entry notional")
    money: Kind
    venue: str
    internal: bool = Field(description="whether the other side was another strategy of the desk")


def stored_trade(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored trade in the form of an answer.

    Parameters
    ----------
    row : mapping
        Of the table `strategy_trades`.

    Returns
    -------
    dict
        What `Trade` says.
    """
    return {
        **{name: row[name] for name in ("id", "side", "money", "venue", "internal")},
        **{name: money(row[name]) for name in _AMOUNTS},
        **{name: milliseconds(row[name]) for name in ("entry_time", "exit_time")},
        "return": row["net_return"],
    }


def report_trades(report: "Report", row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the trades of a backtest in the form of answers.

    Parameters
    ----------
    report : Report
        The backtest.
    row : mapping
        Of the table `strategies`.

    Returns
    -------
    list of dict
        What `Trade` says, in the order of their exits; the id is the number in this order.
    """
    trades = report.trades
    times = {name: trades[name].astype("datetime64[ms, UTC]").astype("int64") for name in ("entry_time", "exit_time")}
    columns = [*(times[name].tolist() for name in times), *(trades[name].tolist() for name in (*_AMOUNTS, "side"))]
    returns = trades["return"].tolist()
    return [
        {
            "id": number,
            "entry_time": entered,
            "exit_time": left,
            **{name: money(amount) for name, amount in zip(_AMOUNTS, amounts, strict=True)},
            "side": side,
            "return": returns[number] if math.isfinite(returns[number]) else None,
            "money": row["money"],
            "venue": row["venue"],
            "internal": False,
        }
        for number, (entered, left, *amounts, side) in enumerate(zip(*columns, strict=True))
    ]


def trade_page(trades: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of the trades of a backtest.

    Parameters
    ----------
    trades : sequence of mapping
        From `report_trades`.
    asked : mapping
        `limit`, `cursor`, `sort`, `since` and `until`.

    Returns
    -------
    dict
        `items`, `next_cursor` and `total`.

    Raises
    ------
    Problem
        422 if the cursor or the sort is none.
    """
    sort, cursor = asked["sort"] or "-exit_time", asked["cursor"]
    if sort not in _SORTS:
        raise Problem(422, "invalid_value", f"sort must be exit_time or -exit_time, was {sort!r}")
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 12):
        raise Problem(
            422, "invalid_value", "cursor must be the next_cursor of the same list: leave it out to begin again"
        )
    since, until = asked["since"] or 0, math.inf if asked["until"] is None else asked["until"]
    wanted = [one for one in trades if since <= one["exit_time"] < until]
    if sort.startswith("-"):
        wanted.reverse()
    left = wanted
    if cursor is not None:
        last = int(cursor)
        left = [one for one in wanted if (one["id"] < last if sort.startswith("-") else one["id"] > last)]
    shown = left[: asked["limit"]]
    following = str(shown[-1]["id"]) if len(left) > len(shown) else None
    return {"items": shown, "next_cursor": following, "total": len(wanted)}
