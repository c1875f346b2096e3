"""What a strategy did over HTTP: trades in pages, the price with its marks, and what it returned."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from api_desk import CANDLES, FINALISTS, SPLIT

from backtest import run
from storage import TradeRepository
from strategies import StrategySpec

Q = "/api/quantitative/strategies"


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client("read") as client:
        yield client


@pytest.fixture(scope="module")
def report(client, api_desk):
    parameters = client.get(f"{Q}/{api_desk.ids[0]}").json()["parameters"]
    return run(StrategySpec("momentum", parameters), CANDLES)


def every_page(client, path, **parameters):
    items, cursor = [], None
    while True:
        page = client.get(path, params={**parameters, **({} if cursor is None else {"cursor": cursor})}).json()
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items, page["total"]


def in_ms(times):
    return [int(moment.timestamp() * 1_000) for moment in times]


def test_trades_of_a_backtest_are_those_of_the_report(client, api_desk, report):
    items, total = every_page(client, f"{Q}/{api_desk.ids[0]}/trades", sort="exit_time", limit=7)
    assert total == len(items) == len(report.trades)
    assert [one["id"] for one in items] == list(range(total))
    assert [one["entry_time"] for one in items] == in_ms(report.trades["entry_time"])
    assert [one["exit_time"] for one in items] == in_ms(report.trades["exit_time"])
    for name in ("entry_price", "exit_price", "quantity", "fees", "pnl"):
        assert [float(one[name]) for one in items] == report.trades[name].tolist()
    assert [one["return"] for one in items] == report.trades["return"].tolist()
    assert {(one["money"], one["venue"], one["internal"]) for one in items} == {("simulated", CANDLES.venue, False)}


def test_trades_are_shown_latest_first_and_by_time_of_exit(client, api_desk, report):
    path = f"{Q}/{api_desk.ids[0]}/trades"
    newest, _ = every_page(client, path, limit=9)
    assert [one["id"] for one in newest] == list(reversed(range(len(report.trades))))
    middle = in_ms(report.trades["exit_time"])[len(report.trades) // 2]
    later, total = every_page(client, path, **{"from": middle})
    assert total == len(later) == sum(exit_ms >= middle for exit_ms in in_ms(report.trades["exit_time"]))
    assert client.get(path, params={"to": middle}).json()["total"] == len(report.trades) - total


@pytest.mark.parametrize("wrong", [{"sort": "pnl"}, {"cursor": "x"}, {"cursor": "-1"}, {"source": "oos"}])
def test_trades_that_cannot_be_asked_for_are_refused(client, api_desk, wrong):
    answer = client.get(f"{Q}/{api_desk.ids[0]}/trades", params=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")


def test_stored_trades_are_told_apart_by_money(client, api_desk):
    began = datetime(2026, 3, 14, tzinfo=UTC)
    rows = [
        {
            "strategy_id": api_desk.ids[1],
            "money": money,
            "venue": "binance",
            "side": -1,
            "entry_time": began,
            "exit_time": began + timedelta(hours=number),
            "entry_price": Decimal("84000.10"),
            "exit_price": Decimal("83000.123456789012"),
            "quantity": Decimal("0.001"),
            "fees": Decimal("0.1"),
            "pnl": Decimal("0.9"),
            "net_return": 0.0107,
        }
        for number, money in enumerate(["paper", "simulated", "real"])
    ]
    TradeRepository(api_desk.database.engine).add(rows)
    path = f"{Q}/{api_desk.ids[1]}/trades"
    for asked, expected in [
        ({"source": "paper"}, ["simulated", "paper"]),
        ({"source": "live"}, ["real"]),
        ({"money": "real"}, ["real"]),
        ({"money": "paper"}, ["paper"]),
        ({"source": "live", "money": "paper"}, []),
    ]:
        items = client.get(path, params=asked).json()["items"]
        assert [one["money"] for one in items] == expected
    (live,) = client.get(path, params={"source": "live"}).json()["items"]
    assert (live["exit_price"], live["entry_price"], live["side"]) == ("83000.123456789012", "84000.10", -1)
    assert live["exit_time"] - live["entry_time"] == 7_200_000
    first = client.get(path, params={"source": "paper", "limit": 1}).json()
    rest = client.get(path, params={"source": "paper", "limit": 1, "cursor": first["next_cursor"]}).json()
    assert [one["money"] for one in first["items"] + rest["items"]] == ["simulated", "paper"]
    assert client.get(path, params={"limit": 500}).json()["total"] > 3  # of the backtest, unless told otherwise


def test_chart_in_full_has_every_candle_and_the_side_held(client, api_desk, report):
    chart = client.get(f"{Q}/{api_desk.ids[0]}/chart", params={"points": 2_000}).json()
    assert chart["bars_per_point"] == 1
    assert chart["time"] == CANDLES.timestamp.tolist()
    assert chart["high"] == CANDLES.high.tolist()
    assert chart["side"] == [0, *report.positions[:-1].tolist()]
    assert chart["n_trades_in_range"] == len(chart["entries"]) == len(report.trades)
    assert [mark["time"] for mark in chart["entries"]] == in_ms(report.trades["entry_time"])
    assert [mark["price"] for mark in chart["exits"]] == report.trades["exit_price"].tolist()
    assert [mark["return"] for mark in chart["exits"]] == report.trades["return"].tolist()


def test_chart_of_fewer_points_keeps_the_extremes_of_its_range(client, api_desk, report):
    since, until = int(CANDLES.timestamp[100]), int(CANDLES.timestamp[1_100])
    chart = client.get(f"{Q}/{api_desk.ids[0]}/chart", params={"from": since, "to": until, "points": 60}).json()
    assert chart["bars_per_point"] == 17
    assert len(chart["time"]) == 59
    assert (chart["time"][0], chart["open"][0]) == (since, float(CANDLES.open[100]))
    assert chart["close"][-1] == float(CANDLES.close[1_099])
    assert max(chart["high"]) == float(CANDLES.high[100:1_100].max())
    assert min(chart["low"]) == float(CANDLES.low[100:1_100].min())
    entered = [moment for moment in in_ms(report.trades["entry_time"]) if since <= moment < until]
    assert chart["n_trades_in_range"] == len(entered)
    assert all(mark["time"] < until for mark in chart["exits"])


def test_chart_beyond_the_candles_is_empty(client, api_desk):
    chart = client.get(f"{Q}/{api_desk.ids[0]}/chart", params={"from": CANDLES.close_time + 1}).json()
    assert chart["time"] == chart["side"] == chart["entries"] == []


def test_monthly_returns_are_those_of_the_index(client, api_desk, report):
    answer = client.get(f"{Q}/{api_desk.ids[0]}/returns").json()
    index = pd.Series(report.index, pd.DatetimeIndex(report.times) - pd.Timedelta("1ms"))
    ends = index.resample("ME").last()
    expected = ends / ends.shift(fill_value=1.0) - 1.0
    assert [(one["year"], one["month"]) for one in answer["monthly"]] == [(day.year, day.month) for day in ends.index]
    assert [one["return"] for one in answer["monthly"]] == pytest.approx(expected.tolist())
    compounded = np.prod([1 + one["return"] for one in answer["monthly"]])
    assert compounded == pytest.approx(report.index[-1])
    values = report.trades["return"]
    assert answer["n"] == sum(answer["histogram"]["counts"]) == len(values)
    assert (answer["worst"], answer["best"]) == (values.min(), values.max())
    assert answer["median"] == pytest.approx(values.median())


def test_returns_out_of_sample_begin_where_the_selection_ended(client, api_desk, report):
    answer = client.get(f"{Q}/{api_desk.ids[0]}/returns", params={"source": "oos", "of": "days"}).json()
    compounded = np.prod([1 + one["return"] for one in answer["monthly"]])
    assert compounded == pytest.approx(report.index[-1] / report.index[SPLIT - 1])
    hours = len(CANDLES) - SPLIT
    assert hours // 24 <= answer["n"] <= hours // 24 + 2
    trades = client.get(f"{Q}/{api_desk.ids[0]}/returns", params={"source": "oos"}).json()
    assert (
        trades["n"]
        == (report.trades["entry_time"] >= pd.Timestamp(CANDLES.timestamp[SPLIT], unit="ms", tz="UTC")).sum()
    )
    refused = client.get(f"{Q}/{api_desk.ids[FINALISTS]}/returns", params={"source": "oos"})
    assert refused.json()["code"] == "no_evidence"


@pytest.mark.parametrize("what", ["trades", "chart", "returns"])
def test_unknown_strategy_is_not_found(client, what):
    assert client.get(f"{Q}/nobody/{what}").json()["code"] == "not_found"
