"""A run for ever is stored after every generation; its test span is looked at for those alone who are frozen."""

from itertools import pairwise

import pytest

from cluster.evolution_run import Desk, EvolutionRun
from cluster.interruption import Interruption
from cluster.markets import read_markets
from cluster.ray_session import RaySession
from cluster.run_settings import RunSettings
from market import CandleStore, SystemClock, synthetic_candles
from storage import open_database


class EnoughError(Exception):
    """The test has seen enough generations."""


def test_run_for_ever_scores_nobody_out_of_sample_who_is_not_frozen(tmp_path):
    candles = synthetic_candles(symbol="BTC/USDT:USDT", bars=1_200, seed=4)
    store = CandleStore(tmp_path)
    store.add(candles)
    path = store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin)
    settings = RunSettings(
        candles=(str(path),), symbol=None, timeframe=None, population=60, generations=1, seed=5, fee_bps=10.0,
        slippage_bps=5.0, target_score=None, forever=True, interval_s=0.0,
    )  # fmt: skip
    looked: list[set[str]] = []

    def seen(rows):
        looked.append({row["id"] for row in rows if row["oos_scs"] is not None or row["finalist"]})
        if len(looked) == 8:
            raise EnoughError

    with open_database(tmp_path / "home", environ={}) as database, RaySession("local") as session:
        run = EvolutionRun(settings, read_markets([path]), database, session, SystemClock())
        with run, Interruption() as interruption, pytest.raises(EnoughError):
            run.evolve(run.begin(), interruption, desk=Desk(on_generation=seen))
    assert looked[:4] == [set()] * 4  # window 0 ends with generation 4
    assert looked[4]
    assert all(earlier <= later for earlier, later in pairwise(looked))
    assert looked[4] == looked[5]  # generations of one window
    assert looked[6] == looked[7]
