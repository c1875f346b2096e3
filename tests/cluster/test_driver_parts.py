"""The parts of the driver: its lease, what it obeys, whom it admits, what it tells."""

import os
import socket
import subprocess
import sys
import threading

import pytest

from cluster.api.values import milliseconds
from cluster.bus import Bus
from cluster.driver import Control, DriverLease, DriverSettings, Gauges, Reports, Roster, driver_lease
from cluster.driver.control import ACTIONS
from cluster.errors import UserError
from cluster.run_journal import RunJournal
from evolution import Evolution, Windows
from market import ManualClock, synthetic_candles
from storage import (
    CommandRepository,
    ConfigRepository,
    EvolutionLogRepository,
    LeaseRepository,
    RunRepository,
    StrategyRepository,
    SystemStatusRepository,
    event_row,
    open_database,
)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """An embedded database of its own."""
    with open_database(tmp_path_factory.mktemp("home"), environ={}) as database:
        yield database


def test_settings_without_environment_are_those_of_the_design():
    assert DriverSettings.of({}) == DriverSettings(1034, 7, 50, 10.0, 5.0, None)
    named = {"EVOQ_POPULATION": "300", "EVOQ_SEED": "11", "EVOQ_FEE_BPS": "2.5", "EVOQ_WORKERS": "2"}
    assert DriverSettings.of(named) == DriverSettings(300, 11, 50, 2.5, 5.0, 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVOQ_POPULATION", "0"), ("EVOQ_POPULATION", "many"), ("EVOQ_SEED", "-1"), ("EVOQ_FEE_BPS", "nan"),
        ("EVOQ_SLIPPAGE_BPS", "1001"), ("EVOQ_WORKERS", "1025"), ("EVOQ_GENERATIONS_PER_WINDOW", "1.5"),
    ],
)  # fmt: skip
def test_settings_out_of_bounds_are_refused_by_name_and_value(name, value):
    with pytest.raises(UserError, match=f"{name} must be .*{value}"):
        DriverSettings.of({name: value})


def test_only_one_driver_holds_the_lease(database):
    leases = LeaseRepository(database.engine)
    with DriverLease(leases, lambda: None):
        with pytest.raises(UserError, match="one driver evolves on a database"), DriverLease(leases, lambda: None):
            pass
        assert leases.get(driver_lease.NAME) is not None
    with DriverLease(leases, lambda: None):
        pass  # given back at once


@pytest.mark.parametrize(
    ("holder", "left_s", "taken"),
    [
        ("{here}:{dead}", 13.0, True),
        ("{here}:{dead}", 20.0, False),  # it has renewed just now, so it lives, here or on a machine of the same name
        ("{here}:{alive}", 13.0, False),
        ("elsewhere:{dead}", 13.0, False),
    ],
)
def test_driver_takes_the_lease_of_one_of_this_machine_that_has_ended(database, holder, left_s, taken):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    leases = LeaseRepository(database.engine)
    names = {"here": socket.gethostname(), "dead": ended.pid, "alive": os.getpid()}
    left = leases.acquire(driver_lease.NAME, holder.format(**names), left_s)
    if taken:
        with DriverLease(leases, lambda: None):
            assert leases.get(driver_lease.NAME).token == left.token + 1
    else:
        with pytest.raises(UserError, match="one driver evolves on a database"), DriverLease(leases, lambda: None):
            pass
        assert leases.release(left)


def test_driver_that_cannot_renew_its_lease_resigns_before_it_expires(database, monkeypatch):
    monkeypatch.setattr(driver_lease, "_TTL_S", 1.0)
    monkeypatch.setattr(driver_lease, "_EVERY_S", 0.1)
    monkeypatch.setattr(driver_lease, "_MARGIN_S", 0.3)
    leases, lost = LeaseRepository(database.engine), threading.Event()
    with DriverLease(leases, lost.set) as held:
        assert not lost.wait(0.4)
        held._leases = LeaseRepository(None)  # the database is gone

        def fails(lease):
            from storage import StorageError

            raise StorageError("gone")

        held._leases.renew = fails
        assert lost.wait(5.0)
        held._leases = leases


def test_control_pauses_and_resumes_and_a_pause_outlives_the_driver(database):
    commands, status = CommandRepository(database.engine), SystemStatusRepository(database.engine)
    changes = []
    control = Control(commands, status, lambda: changes.append(control.is_paused()))
    assert not control.obey()
    pause = commands.add("pause_evolution", by="token.operate", role="operate", reason="maintenance")
    assert control.obey()
    assert control.is_paused()
    assert commands.get(pause).status == "done"
    with Control(commands, status) as again:
        assert again.is_paused()
        resume = commands.add("resume_evolution", by="token.operate", role="operate")
        deadline = threading.Event()
        for _ in range(100):
            if not again.is_paused():
                break
            deadline.wait(0.05)
        assert not again.is_paused()
    assert commands.get(resume).status == "done"
    assert changes == [True]
    assert not Control(commands, status).is_paused()


def test_control_ends_the_run_for_another_one_until_it_has_ended(database):
    commands, status = CommandRepository(database.engine), SystemStatusRepository(database.engine)
    ended = []
    control = Control(commands, status, end_run=lambda: ended.append(1))
    commands.add("pause_evolution", by="token.operate", role="operate")
    settings = {"population": 64, "seed": 9, "evolution_interval": 2.5}
    asked = commands.add("start_evolution", None, settings, "another seed", by="token.operate", role="operate")
    later = commands.add("pause_evolution", by="token.operate", role="operate")
    with control:
        waiting = threading.Event()
        for _ in range(100):
            if len(ended) > 1:
                break
            waiting.wait(0.05)
    assert len(ended) > 1
    assert not control.is_paused()
    assert commands.get(asked).status == "running"  # whoever begins the run finishes it
    assert commands.get(later).status == "accepted"
    wanted = control.wanted
    usual = DriverSettings(workers=2)
    assert wanted.settings(usual) == DriverSettings(population=64, seed=9, workers=2)
    config = ConfigRepository(database.engine)
    wanted.configure(config)
    assert config.get().auto_trading.evolution_interval == 2.5
    version = config.get().version
    wanted.configure(config)
    assert config.get().version == version


def settle(commands):
    """Finish what other tests have left."""
    commands.requeue(ACTIONS, 0.0)
    while taken := commands.take(ACTIONS):
        commands.finish(taken.id, "done")


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"population": 4}, "population must be at least 5 (one for each of the species), was 4"),
        ({"population": "many"}, "population must be a whole number in [1, 1,000,000], was 'many'"),
        ({"types": ["astrology"]}, "was sent types: types are those that are installed"),
        ({"symbols": ["NO/SUCH"], "seed": 3}, "was sent symbols: types are those"),
        ({"evolution_interval": -1}, "evolution_interval must be a number of seconds in [0, 31,622,400], was -1"),
    ],
)
def test_control_refuses_a_run_that_cannot_be_built_and_leaves_the_present_one(database, wishes, words):
    commands, status = CommandRepository(database.engine), SystemStatusRepository(database.engine)
    windows = Windows([synthetic_candles(symbol="BTC/USDT:USDT", bars=1_500, seed=3)])
    ended = []
    control = Control(
        commands, status, end_run=lambda: ended.append(1), check_run=lambda run: run.check(DriverSettings(), windows)
    )
    settle(commands)
    asked = commands.add("start_evolution", None, wishes, by="token.operate", role="operate")
    assert control.obey()
    assert commands.get(asked).status == "refused"
    assert words in commands.get(asked).detail
    assert (control.wanted, ended) == (None, [])
    fine = commands.add("start_evolution", None, {"population": 5}, by="token.operate", role="operate")
    assert control.obey()
    assert control.wanted.command.id == fine


def test_control_takes_up_what_a_killed_driver_had_taken(database):
    commands, status = CommandRepository(database.engine), SystemStatusRepository(database.engine)
    settle(commands)
    pause = commands.add("pause_evolution", by="token.operate", role="operate")
    assert commands.take(("pause_evolution",)).id == pause
    with Control(commands, status) as control:
        waiting = threading.Event()
        for _ in range(200):
            if commands.get(pause).status == "done":
                break
            waiting.wait(0.05)
        assert control.is_paused()
    assert commands.get(pause).status == "done"


def new_run(database):
    """Return the id of a run that was begun."""
    return RunRepository(database.engine).create(
        {
            "engine_version": "1", "seed": 1, "settings": {}, "settings_hash": "s", "data_hash": "d", "cost_hash": "c",
            "origin": "real:binance",
        }
    )  # fmt: skip


def strategy(child, **changes):
    """Return a row of the table `strategies`."""
    return {
        "species": "momentum BTC/USDT 1h", "child": child, "type": "momentum", "symbol": "BTC/USDT", "timeframe": "1h",
        "venue": "binance", "market_type": "spot", "origin": "real:binance",
        "parameters": {"lookback_period": 10 + child, "threshold": 0.01}, "history_start": 0, "scs": 50.0,
        "data_hash": "d", "cost_hash": "c", "engine_version": "1", "oos_scs": 60.0, "oos_trades": 40, "grade": "C",
        **changes,
    }  # fmt: skip


def test_roster_admits_those_with_evidence_and_no_others(database):
    run_id = new_run(database)
    strategies, config = StrategyRepository(database.engine), ConfigRepository(database.engine)
    rows = [
        strategy(1), strategy(2, oos_scs=57.9), strategy(3, oos_trades=29), strategy(4, oos_scs=None, oos_trades=None),
        strategy(5, oos_scs=80.0, grade="A"),
    ]  # fmt: skip
    strategies.replace_population(run_id, rows)
    roster = Roster(strategies, config)
    assert roster.admit(run_id) == (2, 0)
    enabled = strategies.leaderboard(limit=10, sort="-oos_scs", run_id=run_id, state="enabled").items
    assert [row["oos_scs"] for row in enabled] == [80.0, 60.0]
    assert roster.admit(run_id) == (0, 0)
    strategies.replace_population(run_id, [strategy(7)])
    kept = strategies.leaderboard(limit=10, run_id=run_id, state="enabled").items
    assert len(kept) == 2  # evolution deletes no member of the roster
    present = config.get()
    off = {
        "auto_trading": vars(present.auto_trading),
        "management": {**vars(present.management), "auto_enable": False},
    }
    config.put(off, version=present.version, changed_by="test")
    assert roster.admit(run_id) == (0, 0)


def test_reports_and_gauges_tell_where_evolution_stands(database):
    status = SystemStatusRepository(database.engine)
    clock = ManualClock(start_ms=1_700_000_000_000)
    gauges = Gauges(clock, bars_each=1_500.0)
    reports = Reports("run-1", status, Bus(None), gauges, clock)
    windows = Windows([synthetic_candles(symbol="BTC/USDT:USDT", bars=1_500, seed=3)])

    def heard(commit):
        clock.advance(0.5)
        gauges(commit)
        reports(commit)

    evolution = Evolution(windows.objective(0), windows.spaces, population=40, seed=2, listener=heard)
    evolution.run(2)
    told = status.latest("evolution").data
    assert (told["state"], told["run_id"], told["generation"], told["round"]) == ("running", "run-1", 2, 4)
    assert told["evaluations"] == 80
    assert told["batches_in_flight"] == 0
    assert told["evaluations_per_s"] > 0
    assert told["strategy_bars_per_s"] == pytest.approx(1_500 * told["evaluations_per_s"])
    assert told["best_scs"] == evolution.optimizer.best.score
    reports.tell(paused=True)
    assert status.latest("evolution").data["state"] == "paused"


def test_event_that_is_pushed_is_the_row_that_is_stored_with_its_figures(database):
    runs, clock = RunRepository(database.engine), ManualClock(start_ms=1_700_000_000_123)
    run_id = new_run(database)
    windows = Windows([synthetic_candles(symbol="BTC/USDT:USDT", bars=1_500, seed=3)])
    pushed = []
    hashes = {market: candles.data_hash for market, candles in windows.candles.items()}

    def told(events):
        pushed.extend(event_row(run_id, event) for event in events)

    journal = RunJournal(runs, run_id, hashes, clock, on_events=told)
    evolution = Evolution(windows.objective(0), windows.spaces, population=40, seed=2, journal=journal)
    evolution.run(2)
    journal.close()
    page = EvolutionLogRepository(database.engine).page(run_id=run_id, event="generation", sort="ts")
    stored = [{**row, "ts": milliseconds(row["ts"])} for row in page.items]
    for row in stored:
        del row["id"]
    assert stored == pushed
    assert [(row["generation"], row["round"], row["evaluations"]) for row in pushed] == [(1, 4, 40), (2, 4, 80)]
    assert pushed[1]["best_scs"] == evolution.optimizer.best.score
    assert all(None not in (row["q25"], row["median_scs"], row["q75"], row["diversity"]) for row in pushed)


def test_gauges_do_not_count_a_rest_as_work():
    clock = ManualClock(start_ms=1_700_000_000_000)
    gauges = Gauges(clock, bars_each=1_500.0)
    windows = Windows([synthetic_candles(symbol="BTC/USDT:USDT", bars=1_500, seed=3)])
    speeds = []

    def heard(commit):
        clock.advance(0.5)
        gauges(commit)
        speeds.append(gauges.evaluations_per_s)
        if commit.ends_generation:
            clock.advance(3_600.0)

    Evolution(windows.objective(0), windows.spaces, population=40, seed=2, listener=heard).run(2)
    first = len(speeds) // 2
    assert speeds[first] is None
    assert speeds[first + 1 :] == pytest.approx(speeds[1:first], rel=0.5)


def test_gauges_after_one_batch_know_no_speed():
    gauges = Gauges(ManualClock(start_ms=1_700_000_000_000), bars_each=1_500.0)
    windows = Windows([synthetic_candles(symbol="BTC/USDT:USDT", bars=1_500, seed=3)])
    commits = []
    Evolution(windows.objective(0), windows.spaces, population=40, seed=2, listener=commits.append).run(1)
    gauges(commits[0])
    assert (gauges.evaluations_per_s, gauges.strategy_bars_per_s) == (None, None)
