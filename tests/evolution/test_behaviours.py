"""How candidates trade, against full backtests and numpy."""

import math

import numpy as np
import pytest

import backtest
import strategies
from evolution import Candidate, Optimizer, RunnerError, ScsObjective, Space, Species
from market import synthetic_candles

BARS = {("BTC/USDT:USDT", "1h"): 900, ("ETH/USDT", "4h"): 3000}  # the second has more than a return an interval
COSTS = backtest.Costs(fee_bps=3, slippage_bps=1)
SPACES = {Species(name, *market): Space.of(name) for name in strategies.available() for market in BARS}


@pytest.fixture(scope="module")
def markets():
    return {
        market: backtest.prepare(synthetic_candles(symbol=market[0], timeframe=market[1], bars=bars, seed=8))
        for market, bars in BARS.items()
    }


@pytest.fixture(scope="module")
def candidates():
    return Optimizer(SPACES, population=80, batch_size=20, seed=4).ask()


def never(market):
    species = Species("momentum", *market)
    return Candidate(0, species, 0, 0, (), SPACES[species].names, (20.0, 1.0, 0.0, 0.0), (), "initial")


def summed(returns, n_intervals=2048):
    n = min(n_intervals, len(returns))
    return [math.fsum(returns[i * len(returns) // n : (i + 1) * len(returns) // n]) for i in range(n)]


def test_behaviours_are_those_of_the_full_backtest(markets, candidates):
    traded = 0
    for candidate, found in zip(candidates, ScsObjective(markets, COSTS).behaviours(candidates), strict=True):
        candles = markets[candidate.species.market].candles
        spec = strategies.StrategySpec(candidate.species.type, candidate.as_dict())
        report = backtest.run(spec, candles, COSTS)
        assert found.exposure == report.metrics["exposure"]
        if report.trades.empty:
            assert math.isnan(found.holding_time)
            assert math.isnan(found.correlation)
            assert found.cell is None
            continue
        traded += 1
        hours = (report.trades["exit_time"] - report.trades["entry_time"]).dt.total_seconds() / 3600
        assert found.holding_time == pytest.approx(hours.mean() / (candles.timeframe_ms / 3_600_000), rel=1e-9)
        own, market = summed(backtest.bar_returns(report)), summed(backtest.market_returns(candles.close))
        assert found.correlation == pytest.approx(np.corrcoef(own, market)[0, 1], abs=1e-9)
        assert found.cell is not None
    assert traded > 40


def test_behaviours_of_who_always_holds_the_market_are_those_of_the_market(markets):
    """A take-profit that is never reached, a threshold that is soon passed: long from there to the end."""
    bars = 400
    close = 100.0 * np.cumprod(1.01 + 0.005 * np.sin(np.arange(bars)))
    flat = markets[("BTC/USDT:USDT", "1h")].candles
    candles = type(flat).from_arrays(
        flat.timestamp[:bars], close, close, close, close, np.ones(bars), symbol="BTC/USDT:USDT", timeframe="1h"
    )
    species = Species("momentum", "BTC/USDT:USDT", "1h")
    parameters = (5.0, 0.001, 0.0, 0.0)
    candidate = Candidate(0, species, 0, 0, (), SPACES[species].names, parameters, (), "initial")
    (found,) = ScsObjective({species.market: backtest.prepare(candles)}).behaviours([candidate])
    assert found.exposure == pytest.approx(1.0, abs=0.02)
    assert found.holding_time == bars - 6  # decided at the close of bar 5, in from bar 6 to the closing fill
    assert found.correlation > 0.9


def test_behaviours_are_the_same_alone_in_company_and_in_any_order(markets, candidates):
    objective = ScsObjective(markets, COSTS)
    together = objective.behaviours(candidates)
    assert repr([objective.behaviours([candidate])[0] for candidate in candidates]) == repr(together)
    assert repr(objective.behaviours(candidates[::-1])) == repr(together[::-1])
    assert repr(objective.behaviours(candidates[3:4] * 3)) == repr(together[3:4] * 3)


def test_behaviours_without_trades_have_no_cell(markets):
    for market in BARS:
        (found,) = ScsObjective(markets).behaviours([never(market)])
        assert (found.exposure, found.cell) == (0.0, None)


def test_behaviours_of_nobody_are_none(markets):
    assert ScsObjective(markets).behaviours([]) == []


def test_behaviours_on_a_market_that_is_not_there_are_refused(markets):
    candidates = Optimizer({Species("momentum", "XRP/USDT", "1h"): Space.of("momentum")}, population=10).ask()
    with pytest.raises(RunnerError, match=r"one of BTC/USDT:USDT 1h, ETH/USDT 4h, was XRP/USDT 1h"):
        ScsObjective(markets).behaviours(candidates)
