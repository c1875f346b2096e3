"""Which run of the desk goes on: through a restore into another home, without its copies, and when the feed changes."""

import os
import shutil
import signal
import threading
import time
from contextlib import suppress

import pytest
from own_cache import running_cache
from test_first_seen import changed

from cluster.alerts import Alerts, shown_alert
from cluster.bus import Bus
from cluster.driver import DriverSettings, FirstSeen, drive, present_run
from cluster.evolution_run import EvolutionRun
from cluster.interruption import Interruption
from cluster.markets import read_markets
from cluster.ray_session import RaySession
from cluster.run_settings import RunSettings
from market import CandleStore, SystemClock, synthetic_candles
from storage import (
    AlertRepository,
    DeskRunRepository,
    RunRepository,
    StrategyRepository,
    backup,
    open_database,
    restore,
)

pytestmark = pytest.mark.alone

SETTINGS = DriverSettings(population=60, seed=5)
BITCOIN, ETHER = (synthetic_candles(symbol=symbol, bars=1_200, seed=4) for symbol in ("BTC/USDT:USDT", "ETH/USDT:USDT"))
PATIENCE_S = 120.0


def file_of(home, candles):
    return CandleStore(home / "candles").path(candles.venue, candles.symbol, candles.timeframe, candles.origin)


def driven(database, home, candles, session, enough, bus=None):
    """Drive on the candles of a home until there is enough, and return the run that was driven."""
    runs, given_up = RunRepository(database.engine), time.monotonic() + PATIENCE_S

    def watch():
        while time.monotonic() < given_up and not enough(runs.latest()):
            time.sleep(0.1)  # nobody tells when a generation was stored
        os.kill(os.getpid(), signal.SIGINT)

    with Interruption() as interruption, suppress(KeyboardInterrupt):
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            drive(
                [file_of(home, candles)], home / "first_seen", SETTINGS, database, session, bus or Bus(None),
                SystemClock(), interruption,
            )  # fmt: skip
        finally:
            watcher.join()
    found = runs.latest()
    assert enough(found)
    return found


def populated(database):
    """Return what tells whether a run has stored a population."""
    strategies = StrategyRepository(database.engine)
    return lambda run: run is not None and strategies.leaderboard(run_id=run.id, limit=1).total > 0


def test_restored_desk_in_another_home_goes_on_with_its_run(tmp_path, ray_session):
    old, new = tmp_path / "old", tmp_path / "new"
    for home in (old, new):
        home.mkdir(mode=0o711)
    CandleStore(old / "candles").add(BITCOIN)
    with open_database(old, environ={}) as database:
        before = driven(database, old, BITCOIN, ray_session, populated(database))
        backup(database, tmp_path / "desk.backup")
    for folder in ("candles", "first_seen"):
        shutil.move(old / folder, new / folder)
    restore(tmp_path / "desk.backup", new, environ={})
    with open_database(new, environ={}) as database:
        after = driven(database, new, BITCOIN, ray_session, lambda run: run.evaluations > before.evaluations)
        assert AlertRepository(database.engine).count_open() == 0
    assert after.id == before.id
    assert RunSettings.stored(after.settings).paths == [new / "first_seen" / file_of(new, BITCOIN).name]


def test_candidates_of_another_feed_go_and_its_run_goes_on_when_the_feed_is_back(tmp_path, ray_session):
    store = CandleStore(tmp_path / "candles")
    store.add(BITCOIN)
    store.add(ETHER)
    with open_database(tmp_path, environ={}) as database:
        has_population = populated(database)
        first = driven(database, tmp_path, BITCOIN, ray_session, has_population)
        second = driven(
            database, tmp_path, ETHER, ray_session,
            lambda run: run.id != first.id and has_population(run) and not has_population(first),
        )  # fmt: skip
        again = driven(
            database, tmp_path, BITCOIN, ray_session,
            lambda run: run.id == first.id and has_population(first) and not has_population(second),
        )  # fmt: skip
    assert again.evaluations > first.evaluations


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Return a database, and the id of the run that a desk has begun on bitcoin."""
    home = tmp_path_factory.mktemp("home")
    seen = FirstSeen(home / "first_seen", lambda *_: None)
    seen.take_anew([BITCOIN])
    files = tuple(map(str, seen.paths([BITCOIN])))
    settings = RunSettings(
        candles=files, symbol=None, timeframe=None, population=60, generations=1, seed=5, fee_bps=10.0,
        slippage_bps=5.0, target_score=None, forever=True,
    )  # fmt: skip
    with open_database(home, environ={}) as database:
        markets = read_markets(settings.paths)
        with EvolutionRun(settings, markets, database, RaySession("local"), SystemClock()) as run:
            started = run.begin()
        yield database, started.id


@pytest.fixture(scope="module")
def bus(tmp_path_factory):
    """Return a bus to a cache of its own."""
    with running_cache(tmp_path_factory.mktemp("cache")) as cache:
        bus = Bus(cache.url)
        yield bus
        bus.close()


def chosen(database, folder, candles, bus):
    """Return the run that goes on with the copy in a folder, and the open alerts that tell of it."""
    alerts, stored = Alerts(database.engine, bus), AlertRepository(database.engine)
    seen = FirstSeen(folder, lambda *_: None)
    run = present_run(DeskRunRepository(database.engine), seen, [candles], alerts)
    told = stored.page(open=True).items
    for row in told:
        assert bus.last("alert")["data"] == shown_alert(row)
        alerts.resolve(row["code"], row["target"])
        assert not bus.last("alert")["data"]["open"]
    return None if run is None else run.id, [row["code"] for row in told]


def test_run_without_its_copy_goes_on_with_the_same_candles_and_says_so(begun, tmp_path, bus):
    database, run = begun
    folder = tmp_path / "first_seen"
    assert chosen(database, folder, BITCOIN, bus) == (run, ["candles_made_anew"])
    assert chosen(database, folder, BITCOIN, bus) == (run, [])


def test_run_that_began_with_other_candles_is_left_and_says_so(begun, tmp_path, bus):
    database, _ = begun
    assert chosen(database, tmp_path / "first_seen", changed(BITCOIN, 700), bus) == (None, ["run_left"])


def test_run_on_other_files_is_not_spoken_of(begun, tmp_path, bus):
    database, _ = begun
    assert chosen(database, tmp_path / "first_seen", ETHER, bus) == (None, [])
    assert chosen(database, tmp_path / "elsewhere", BITCOIN, bus) == (None, [])
