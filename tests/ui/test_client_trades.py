"""The client's calls for what a strategy did, against the real API."""

from decimal import Decimal

from api_desk import CANDLES


def test_trades_are_exact_decimals_in_pages_and_tables(api_desk, desk):
    page = desk.trades(api_desk.ids[0], limit=5)
    assert (len(page), isinstance(page.items[0].pnl, Decimal)) == (5, True)
    table = desk.frame(desk.trades, strategy=api_desk.ids[0])
    assert len(table) == page.total
    assert str(table["exit_time"].dtype) == "datetime64[ms, UTC]"
    assert table["net_return"].dtype == float
    assert desk.trades(api_desk.ids[0], source="live").items == ()


def test_chart_is_a_table_by_time(api_desk, desk):
    chart = desk.chart(api_desk.ids[0], since=int(CANDLES.timestamp[10]), points=100)
    table = chart.frame()
    assert (len(table), list(table.columns)) == (len(chart.time), ["open", "high", "low", "close", "side"])
    assert chart.exits[0].net_return is not None
    assert chart.entries[0].net_return is None


def test_returns_are_told_by_month(api_desk, desk):
    found = desk.returns(api_desk.ids[0], source="oos", of="days")
    assert found.n == sum(found.histogram.counts)
    assert len(found.histogram.edges) == len(found.histogram.counts) + 1
    assert found.monthly[0].net_return is not None
