import pickle

import numpy as np
import pytest

import backtest
import strategies
from evolution import Evolution, Optimizer, RunnerError, ScsObjective, SettingsError, Space, Species
from market import Candles

MARKETS = [("BTC/USDT:USDT", "1h"), ("ETH/USDT", "4h")]


def candles(symbol, timeframe, seed, bars=600):
    generator = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(generator.normal(0.0, 0.01, bars)))
    open_ = np.concatenate([[100.0], close[:-1]])
    step = {"1h": 3_600_000, "4h": 14_400_000}[timeframe]
    return Candles.from_arrays(
        timestamp=np.arange(bars, dtype=np.int64) * step,
        open=open_,
        high=np.maximum(open_, close) * 1.001,
        low=np.minimum(open_, close) * 0.999,
        close=close,
        volume=np.ones(bars),
        symbol=symbol,
        timeframe=timeframe,
    )


@pytest.fixture(scope="module")
def markets():
    return {market: backtest.prepare(candles(*market, seed)) for seed, market in enumerate(MARKETS)}


@pytest.fixture
def spaces():
    return {Species(name, *market): Space.of(name) for name in strategies.available() for market in MARKETS}


def test_fitness_is_the_scs_of_each_candidate_on_its_market(markets, spaces):
    costs = backtest.Costs(fee_bps=3, slippage_bps=1)
    objective = ScsObjective(markets, costs)
    candidates = Optimizer(spaces, population=60, seed=1).ask()
    scores = objective(candidates)
    for candidate, score in zip(candidates, scores, strict=True):
        spec = strategies.StrategySpec(candidate.species.type, candidate.as_dict())
        report = backtest.run(spec, markets[candidate.species.market].candles, costs)
        assert score == pytest.approx(report.score.total, abs=1e-9)
    assert len(set(scores)) > 1


def test_fitness_is_bit_equal_alone_and_in_company(markets, spaces):
    objective = ScsObjective(markets)
    candidates = Optimizer(spaces, population=60, seed=2).ask()
    together = objective(candidates)
    assert [objective([candidate])[0] for candidate in candidates] == together
    assert objective(candidates[::-1]) == together[::-1]


def test_work_counts_strategy_bars(markets, spaces):
    candidates = Optimizer(spaces, population=60).ask()[:7]
    assert ScsObjective(markets).work(candidates) == 7 * 600


def test_objective_survives_pickling(markets, spaces):
    objective = ScsObjective(markets)
    candidates = Optimizer(spaces, population=20).ask()
    assert pickle.loads(pickle.dumps(objective))(candidates) == objective(candidates)


def test_objective_without_the_market_of_a_candidate_is_refused(markets):
    candidates = Optimizer({Species("momentum", "XRP/USDT", "1h"): Space.of("momentum")}, population=10).ask()
    with pytest.raises(RunnerError, match=r"one of BTC/USDT:USDT 1h, ETH/USDT 4h, was XRP/USDT 1h"):
        ScsObjective(markets)(candidates)


def test_objective_without_markets_is_refused():
    with pytest.raises(SettingsError, match="at least one market"):
        ScsObjective({})


def test_evolution_on_candles_is_the_same_in_any_order(markets, spaces, shuffled_runner):
    objective = ScsObjective(markets)
    run = {"population": 60, "seed": 3}
    serial = Evolution(objective, spaces, **run).run(generations=3)
    assert Evolution(shuffled_runner(objective, 4), spaces, **run).run(generations=3) == serial
    assert serial.evaluations == 180
