"""A run for ever is stored after every generation; its test span is looked at for those alone who are frozen."""

import os
import signal
from itertools import pairwise

import pytest

from cluster.evolution_run import EvolutionRun
from cluster.interruption import Interruption
from cluster.markets import read_markets
from cluster.ray_session import RaySession
from cluster.run_settings import RunSettings
from cluster.run_surroundings import Desk
from evolution import StopReason
from market import CandleStore, SystemClock, synthetic_candles
from storage import StrategyRepository, open_database

pytestmark = pytest.mark.alone


class EnoughError(Exception):
    """The test has seen enough generations."""


def for_ever(folder, population):
    """Return the settings of a run for ever on simulated candles."""
    candles = synthetic_candles(symbol="BTC/USDT:USDT", bars=1_200, seed=4)
    store = CandleStore(folder)
    store.add(candles)
    path = store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin)
    return RunSettings(
        candles=(str(path),), symbol=None, timeframe=None, population=population, generations=1, seed=5, fee_bps=10.0,
        slippage_bps=5.0, target_score=None, forever=True, interval_s=0.0,
    )  # fmt: skip


def test_run_for_ever_scores_nobody_out_of_sample_who_is_not_frozen(tmp_path):
    settings = for_ever(tmp_path, population=60)
    looked: list[set[str]] = []

    def seen(rows):
        looked.append({row["id"] for row in rows if row["oos_scs"] is not None or row["finalist"]})
        if len(looked) == 8:
            raise EnoughError

    with open_database(tmp_path / "home", environ={}) as database, RaySession("local") as session:
        run = EvolutionRun(settings, read_markets(settings.paths), database, session, SystemClock())
        with run, Interruption() as interruption, pytest.raises(EnoughError):
            run.evolve(run.begin(), interruption, desk=Desk(on_generation=seen))
    assert looked[:4] == [set()] * 4  # window 0 ends with generation 4
    assert looked[4]
    assert all(earlier <= later for earlier, later in pairwise(looked))
    assert looked[4] == looked[5]  # generations of one window
    assert looked[6] == looked[7]


def test_run_for_ever_that_is_stopped_soon_after_a_roll_keeps_the_population_of_its_last_generation(tmp_path):
    settings = for_ever(tmp_path, population=200)
    stored: list[set[str]] = []

    def heard(commit):
        if commit.window == "1":  # few are scored again by now
            os.kill(os.getpid(), signal.SIGINT)

    with open_database(tmp_path / "home", environ={}) as database, RaySession("local") as session:
        run = EvolutionRun(settings, read_markets(settings.paths), database, session, SystemClock())
        with run, Interruption() as interruption:
            desk = Desk(on_generation=lambda rows: stored.append({row["id"] for row in rows}))
            outcome, result = run.evolve(run.begin(), interruption, heard, desk)
        assert outcome.reason is StopReason.REQUEST
        page = StrategyRepository(database.engine).leaderboard(limit=500)
    assert len(stored) == 4  # window 0 ends with generation 4
    assert {row["id"] for row in page.items} == {row["id"] for row in result.rows} == stored[-1]
