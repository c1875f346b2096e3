"""Every method of the client against the real API: reads, lists, commands and the configuration."""

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import pytest
from api_desk import CANDLES, FINALISTS, SIZE, SPECIES, SYMBOL

import ui
from storage import AlertRepository, CommandRepository, SystemStatusRepository
from ui.desk_answers import Command
from ui.strategy_answers import Strategy


def test_health_and_metrics_and_panel(desk):
    assert desk.health().status == "ok"
    assert "evoq_up 1.0" in desk.metrics()
    assert desk.panel_url() == "http://127.0.0.1:8501/"


def test_status_is_typed_to_its_leaves(api_desk, desk):
    measured = SystemStatusRepository(api_desk.database.engine)
    measured.record("services", {"services": [{"name": "feed", "state": "running", "restarts": 2, "uptime_s": 1.5}]})
    measured.record("system_metrics", {"cpu_pct": 12.0})
    status = desk.status()
    assert (status.money, status.kill.state, status.evolution.state) == ("simulated", "armed", "stopped")
    assert (status.evolution.generation, status.counts.strategies) == (2, SIZE)
    assert status.services[0].uptime_s == 1.5
    assert status.metrics == {"cpu_pct": 12.0}
    with pytest.raises(dataclasses.FrozenInstanceError):
        status.money = "real"


def test_strategies_are_paged_filtered_and_sorted(api_desk, desk):
    page = desk.strategies(limit=5, sort="-scs", type="momentum", enabled=False)
    assert (len(page), page.total) == (5, SIZE)
    assert [one.scs for one in page] == sorted((one.scs for one in page), reverse=True)
    following = desk.strategies(limit=5, sort="-scs", type="momentum", enabled=False, cursor=page.next_cursor)
    assert not {one.id for one in page} & {one.id for one in following}
    assert desk.strategies(type="breakout").items == ()
    assert isinstance(page.items[0].parameters["lookback_period"], float)


@pytest.mark.parametrize("size", [7, SIZE, 500])
def test_every_page_of_a_list_is_gone_through(api_desk, desk, size):
    found = [one.id for one in desk.every(desk.strategies, limit=size, sort="id")]
    assert found == sorted(api_desk.ids)


@pytest.mark.parametrize("most", [0, 1, 8, 16])
def test_every_stops_where_it_is_told_to(desk, most):
    assert len(list(desk.every(desk.strategies, most, limit=8))) == most


def test_frame_of_strategies_has_every_column_and_row(api_desk, desk):
    table = desk.frame(desk.strategies, limit=25)
    assert set(table.index) == set(api_desk.ids)
    assert [table.index.name, *table.columns] == [field.name for field in dataclasses.fields(Strategy)]
    assert table["oos_scs"].dtype == float
    assert table["oos_scs"].isna().sum() == SIZE - FINALISTS
    assert table["weight"].isna().all()


def test_frame_of_an_empty_list_keeps_its_columns(desk):
    table = desk.frame(desk.strategies, type="breakout")
    assert table.empty
    assert table["sharpe"].dtype == float


def test_leaderboard_is_sorted_by_evidence_and_says_what_is_simulated(desk):
    table = desk.leaderboard(FINALISTS)
    assert table["oos_scs"].is_monotonic_decreasing
    assert len(table) == FINALISTS
    assert set(table["money"]) == {"simulated"}


def test_strategy_is_told_in_full(api_desk, desk):
    found = desk.strategy(api_desk.ids[0])
    assert (found.id, found.symbol, found.folds[0].kind) == (api_desk.ids[0], SYMBOL, "train")
    assert found.dsr == 0.4
    assert found.capacity is None


@pytest.mark.parametrize(("child", "source"), [(0, "backtest"), (0, "oos"), (FINALISTS, "backtest")])
def test_equity_is_a_curve_and_a_table(api_desk, desk, child, source):
    curve = desk.equity(api_desk.ids[child], source, points=100)
    table = curve.frame()
    assert 2 <= len(curve.time) <= 100
    assert list(table.columns) == ["equity", "buy_and_hold", "drawdown"]
    assert table.index[0] == pd.Timestamp(curve.time[0], unit="ms", tz="UTC")
    assert table["drawdown"].max() <= 0.0


def test_lineage_and_neighbourhood(api_desk, desk):
    name = api_desk.ids[30]
    tree = desk.lineage(name, depth=2)
    assert {edge.child for edge in tree.edges} <= {node.id for node in tree.nodes}
    assert tree.nodes[0].id == name
    around = desk.neighbourhood(name, x="threshold")
    assert around.x == "threshold"
    assert around.frame().shape == (len(around.y_values), len(around.x_values))
    assert around.frame().columns.name == "threshold"


def test_evolution_log_as_page_and_table(api_desk, desk):
    page = desk.evolution_log(species=SPECIES, limit=3)
    assert (len(page), page.total) == (3, 8)
    assert page.items[0].run_id == api_desk.run_id
    table = desk.frame(desk.evolution_log, run_id=api_desk.run_id)
    assert len(table) == 8
    assert str(table["ts"].dtype) == "datetime64[ms, UTC]"
    since = datetime(2026, 1, 1, 0, 0, 6, tzinfo=UTC)
    assert desk.evolution_log(since=since).total == 2
    assert desk.evolution_log(until=int(since.timestamp() * 1000)).total == 6


def test_candles_and_tickers(desk):
    series = desk.candles(SYMBOL, "1h", points=40)
    assert (len(series.time), series.origin) == (40, CANDLES.origin)
    whole = desk.candles(points=5_000, since=datetime(2023, 1, 1, tzinfo=UTC))
    assert len(whole.time) == len(CANDLES)
    assert whole.frame()["close"].iloc[-1] == CANDLES.close[-1]
    tickers = desk.tickers(SYMBOL)
    assert [(one.symbol, one.bid) for one in tickers] == [(SYMBOL, None)]
    assert tickers[0].last == Decimal(repr(float(CANDLES.close[-1])))
    assert desk.tickers("DOGE/USDT") == ()


def test_one_strategy_is_enabled_disabled_and_retired(api_desk, desk):
    name = api_desk.ids[1]
    version = desk.strategy(name).version
    done = desk.wait(desk.enable(name, "steady", version=version))
    assert (done.status, done.action, done.target, done.reason) == ("done", "enable", name, "steady")
    assert isinstance(done, Command)
    assert desk.strategy(name).enabled
    with pytest.raises(ui.ConflictError) as caught:
        desk.disable(name, "late", version=version)
    assert caught.value.code == "version_conflict"
    assert caught.value.idempotency_key
    desk.wait(desk.disable(name, "enough"))
    desk.wait(desk.retire(name, "for good").command_id)
    assert desk.strategy(name).state == "retired"
    with pytest.raises(ui.ConflictError) as caught:
        desk.retire(name, "again")
    assert caught.value.code == "illegal_transition"
    log = desk.operations_log(target=name)
    assert [row.action for row in log if row.result == "done"] == ["retire", "disable", "enable"]
    assert desk.frame(desk.operations_log, target=name)["reason"].iloc[-1] == "steady"


def test_many_strategies_are_told_at_once(api_desk, desk):
    ids = api_desk.ids[10:14]
    done = desk.wait(desk.enable(ids, "a test"))
    assert done.detail.startswith("4 of 4 done: ")
    assert {one.id for one in desk.strategies(enabled=True)} == set(ids)
    assert desk.wait(desk.disable(iter(ids), "a test")).detail.startswith("4 of 4 done: ")
    with pytest.raises(ui.NotFoundError, match="no-such-strategy"):
        desk.enable(["no-such-strategy"], "a test")
    with pytest.raises(ui.ConflictError, match=f"strategy {ids[0]} is disabled"):
        desk.disable(ids, "a test")


@pytest.mark.parametrize("ids", [[], ["x"] * 501])
def test_number_of_ids_is_bounded(desk, ids):
    with pytest.raises(ui.InvalidValueError, match="1 to 500"):
        desk.enable(ids, "a test")


def test_version_belongs_to_one_strategy(desk):
    with pytest.raises(ui.InvalidValueError, match="each has its own"):
        desk.enable(["a", "b"], "a test", version=3)


@pytest.mark.parametrize("method", ["start", "stop", "pause", "resume"])
def test_evolution_is_told(api_desk, desk, method):
    told = getattr(desk, method)("a test")
    action = {"pause": "pause_evolution", "resume": "resume_evolution"}.get(method, method)
    assert (told.status, desk.command(told.command_id).action) == ("accepted", action)
    with pytest.raises(ui.StillRunningError, match="accepted"):
        desk.wait(told, patience_s=0.1)
    commands = CommandRepository(api_desk.database.engine)
    assert commands.take([action]).id == told.command_id
    commands.finish(told.command_id, "failed" if method == "stop" else "done", "so it went")
    if method == "stop":
        with pytest.raises(ui.CommandFailedError, match="so it went"):
            desk.wait(told)
    else:
        assert desk.wait(told).detail == "so it went"


def test_same_key_is_the_same_write(desk):
    first = desk.pause("a test", key="the-same-key")
    assert desk.pause("a test", key="the-same-key").command_id == first.command_id
    assert desk.pause("a test").command_id != first.command_id


def test_config_is_replaced_by_who_has_read_it(desk):
    read = desk.config()
    changed = dataclasses.replace(read, auto_trading=dataclasses.replace(read.auto_trading, max_strategies=7))
    written = desk.put_config(changed, "a test")
    assert (written.auto_trading.max_strategies, written.version) == (7, read.version + 1)
    assert desk.operations_log(action="change_config", limit=1).items[0].reason == "a test"
    with pytest.raises(ui.ConflictError) as caught:
        desk.put_config(read)
    assert (caught.value.status, caught.value.code) == (412, "version_conflict")
    wrong = dataclasses.replace(written, management=dataclasses.replace(written.management, demote_below=700.0))
    with pytest.raises(ui.InvalidValueError, match=r"demote_below.*100.*700"):
        desk.put_config(wrong)
    assert desk.config() == written


def test_alerts_are_listed_and_seen(api_desk, desk):
    AlertRepository(api_desk.database.engine).raise_("disk_low", "warning", "3 % left", "disk")
    alert = desk.alerts(severity="warning", open=True).items[0]
    assert (alert.code, alert.acked_by) == ("disk_low", None)
    assert desk.ack_alert(alert.id).acked_by == "token.operate"
    assert desk.alerts(open=False).total == 0
    with pytest.raises(ui.NotFoundError):
        desk.ack_alert(987_654)


@pytest.mark.parametrize("name", ["", ".", "..", None, 7])
def test_id_that_leads_elsewhere_is_refused_before_it_is_sent(desk, name):
    with pytest.raises(ui.InvalidValueError, match="must be a word"):
        desk.strategy(name)


@pytest.mark.parametrize("name", ["no-such", "../config", "a/b", "%2e%2e", "a?b=c", "ü"])
def test_unknown_id_is_not_found(desk, name):
    with pytest.raises(ui.NotFoundError):
        desk.strategy(name)
    with pytest.raises(ui.NotFoundError):
        desk.command(name)


def test_what_comes_later_says_so(desk):
    with pytest.raises(ui.NotFoundError) as caught:
        desk.control("kill")
    assert caught.value.code == "not_there_yet"


def test_unknown_filter_is_refused(desk):
    with pytest.raises(ui.InvalidValueError) as caught:
        desk.strategies(colour="blue")
    assert caught.value.code == "unknown_parameter"
    with pytest.raises(ui.InvalidValueError, match="must know its zone"):
        desk.strategies(since=datetime(2026, 1, 1))


def test_only_lists_become_tables(desk):
    with pytest.raises(ui.InvalidValueError, match=r"desk\.strategies"):
        desk.frame(desk.status)
