"""Closed trades: no digit is lost, pages follow an index, real money stays apart."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

import storage

BEGAN = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.fixture
def trades(database: storage.Database) -> storage.TradeRepository:
    return storage.TradeRepository(database.engine)


@pytest.fixture
def traders(database: storage.Database, run_id: str, make_strategy) -> list[str]:
    strategies = storage.StrategyRepository(database.engine)
    strategies.replace_population(run_id, [make_strategy(child) for child in range(2)])
    return list(strategies.beginning_with(""))


def trade(strategy: str, number: int = 0, **changes: object) -> dict[str, object]:
    entered = BEGAN + timedelta(hours=number)
    row = {
        "strategy_id": strategy,
        "money": "simulated",
        "venue": "simulated",
        "side": 1,
        "entry_time": entered,
        "exit_time": entered + timedelta(minutes=30),
        "entry_price": Decimal("84000.10"),
        "exit_price": Decimal("84000.123456789012345678"),
        "quantity": Decimal("0.001"),
        "fees": Decimal("0.1680"),
        "pnl": Decimal("-0.145"),
        "net_return": -0.0017,
    }
    return row | changes


def test_trade_comes_back_with_every_digit(trades, traders):
    assert trades.add([trade(traders[0])]) == 1
    (found,) = trades.page(traders[0], real=False).items
    assert found["exit_price"] == Decimal("84000.123456789012345678")
    assert str(found["fees"]) == "0.1680"
    assert {name: found[name] for name in trade(traders[0])} == trade(traders[0])
    assert found["internal"] is False


def test_pages_hold_every_trade_of_one_strategy_once(trades, traders):
    rows = [trade(traders[number % 2], number // 4) for number in range(200)]  # two at each moment
    trades.add(rows)
    seen, cursor = [], None
    while True:
        page = trades.page(traders[0], real=False, limit=7, cursor=cursor)
        assert page.total == 100
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len({one["id"] for one in seen}) == 100
    assert [one["exit_time"] for one in seen] == sorted((one["exit_time"] for one in seen), reverse=True)


def test_real_money_is_told_apart(trades, traders):
    kinds = ("simulated", "paper", "real")
    trades.add([trade(traders[0], number, money=money) for number, money in enumerate(kinds)])
    assert [one["money"] for one in trades.page(traders[0], real=True).items] == ["real"]
    assert [one["money"] for one in trades.page(traders[0], real=False, sort="exit_time").items] == list(kinds[:2])
    span = {"since": BEGAN + timedelta(hours=1), "until": BEGAN + timedelta(hours=2)}
    assert [one["money"] for one in trades.page(traders[0], real=False, **span).items] == ["paper"]


@pytest.mark.parametrize(
    "wrong", [{"pnl": Decimal("NaN")}, {"fees": None}, {"quantity": Decimal("Infinity")}, {"colour": "red"}]
)
def test_trade_that_is_none_is_refused_with_all_others(trades, traders, wrong):
    with pytest.raises(storage.InvalidValueError):
        trades.add([trade(traders[0]), trade(traders[0]) | wrong])
    assert trades.page(traders[0], real=False).total == 0


def test_page_follows_the_index(database, trades, traders):
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(
            text(
                "EXPLAIN SELECT * FROM strategy_trades WHERE strategy_id = :one AND money <> 'real'"
                " ORDER BY exit_time DESC, id DESC LIMIT 50"
            ),
            {"one": traders[0]},
        ).scalars()
        shown = " ".join(plan)
    assert "Index Scan Backward using ix_strategy_trades_strategy_id_exit_time_id" in shown
    assert "Sort" not in shown
