"""Returns over intervals: the bar returns of the full backtest, summed, whatever the market looks like."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from price_shapes import SHAPES, shaped_candles

from backtest import (
    BacktestError,
    Costs,
    bar_returns,
    count_trials,
    interval_returns,
    market_interval_returns,
    market_returns,
    prepare,
    run,
)
from market import synthetic_candles
from strategies import StrategySpec

SPECS = [
    StrategySpec("momentum", {"lookback_period": 12, "threshold": 0.004, "quantity": 2.5}),
    StrategySpec("mean_reversion", {"lookback_period": 30, "std_multiplier": 1.2, "take_profit": 0.02}),
    StrategySpec("breakout", {"lookback_period": 20, "breakout_threshold": 0.0, "stop_loss": 0.01}),
    StrategySpec("trend_following", {"lookback_period": 25, "trend_threshold": 0.05}),
    StrategySpec("high_frequency", {"min_profit": 0.0, "volatility_threshold": 0.05}),
]
NEVER = StrategySpec("momentum", {"lookback_period": 20, "threshold": 1.0})


def summed(returns, n_intervals):
    """Sum by the definition: interval i holds the returns t with floor(i*T/n) < t <= floor((i+1)*T/n)."""
    bars = len(returns)
    n = min(n_intervals, bars)
    return [math.fsum(returns[i * bars // n : (i + 1) * bars // n]) for i in range(n)]


@pytest.fixture(scope="module")
def candles():
    return synthetic_candles(symbol="BTC/USDT:USDT", bars=1601, seed=21)


@pytest.mark.parametrize("n_intervals", [1, 7, 400, 1600, 1601, 2048])
def test_interval_returns_are_sums_of_the_bar_returns_of_run(candles, n_intervals):
    costs = Costs(20, 3)
    found = interval_returns(SPECS, candles, costs, n_intervals=n_intervals)
    expected = np.column_stack([summed(bar_returns(run(spec, candles, costs)), n_intervals) for spec in SPECS])
    assert found.shape == (min(n_intervals, 1601), len(SPECS))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_interval_returns_of_odd_markets_are_sums_of_the_bar_returns_of_run(shape):
    candles = shaped_candles(shape, seed=3, n_bars=300, gaps=True)
    found = interval_returns(SPECS, candles, n_intervals=64)
    expected = np.column_stack([summed(bar_returns(run(spec, candles)), 64) for spec in SPECS])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 80), st.integers(0, 1000))
def test_interval_returns_of_few_bars_add_up_to_all_returns(bars, n_intervals, seed):
    candles = synthetic_candles(bars=max(bars, 2), seed=seed)[:bars]
    spec = StrategySpec("momentum", {"lookback_period": 2, "threshold": 1e-5})
    found = interval_returns([spec], candles, sides="both", n_intervals=n_intervals)[:, 0]
    returns = bar_returns(run(spec, candles, sides="both"))
    assert len(found) == min(n_intervals, bars)
    assert found.sum() == pytest.approx(returns.sum(), abs=1e-12)
    assert market_interval_returns(candles, n_intervals).sum() == pytest.approx(
        market_returns(candles.close).sum(), abs=1e-12
    )


def test_interval_returns_do_not_depend_on_company_or_on_quantity(candles):
    together = interval_returns(SPECS, prepare(candles), n_intervals=100)
    for i, spec in enumerate(SPECS):
        one_unit = StrategySpec(spec.type, spec.parameters | {"quantity": 1.0})
        assert (interval_returns([one_unit], candles, n_intervals=100)[:, 0] == together[:, i]).all()


def test_interval_returns_on_spot_are_those_of_long_sides():
    candles = synthetic_candles(symbol="BTC/USDT", bars=800, seed=5)
    assert candles.market_type == "spot"
    found = interval_returns(SPECS, candles, n_intervals=800)
    np.testing.assert_array_equal(found, interval_returns(SPECS, candles, sides="long", n_intervals=800))
    assert np.abs(found - interval_returns(SPECS, candles, sides="both", n_intervals=800)).max() > 0.001


def test_interval_returns_hold_the_funding_that_the_candles_were_prepared_with(candles):
    times = candles.timestamp[8::8]
    funded = prepare(candles, funding=(times, np.full(len(times), 0.001)))
    report = run(SPECS[0], candles, funding=(times, np.full(len(times), 0.001)))
    np.testing.assert_allclose(
        interval_returns(SPECS[:1], funded, n_intervals=50)[:, 0], summed(bar_returns(report), 50), atol=1e-12
    )


def test_interval_returns_without_trades_are_zero_and_without_strategies_have_no_column(candles):
    assert (interval_returns([NEVER], candles) == 0.0).all()
    assert interval_returns([], candles, n_intervals=10).shape == (10, 0)


def test_interval_returns_leave_every_strategy_in_one_piece_of_memory(candles):
    assert interval_returns(SPECS, candles, n_intervals=64).flags.f_contiguous


def test_interval_returns_tell_trials_apart_as_bar_returns_do(candles):
    kinds = [("momentum", "threshold"), ("mean_reversion", "std_multiplier")]
    specs = [
        StrategySpec(kind, {"lookback_period": period, name: 0.002 if name == "threshold" else 1.0})
        for kind, name in kinds
        for period in (20, 21, 22, 200, 205)
    ]
    bars = np.column_stack([bar_returns(run(spec, candles)) for spec in specs])
    whole, coarse = count_trials(bars), count_trials(interval_returns(specs, candles, n_intervals=400))
    assert abs(whole.n_clusters - coarse.n_clusters) <= 1
    assert coarse.n_trials == whole.n_trials


def test_sharpe_ratio_of_an_interval_is_that_of_a_bar_times_the_root_of_its_bars():
    """The factor that the docstring states, on returns without memory: holding a random walk."""
    candles = synthetic_candles(symbol="BTC/USDT:USDT", bars=60_000, seed=11)
    steps = np.random.default_rng(2).permutation(market_returns(candles.close)[:-1]) + 0.0005
    close = 100.0 * np.cumprod(np.append(1.0, 1.0 + steps))
    shuffled = type(candles).from_arrays(
        candles.timestamp, close, close, close, close, candles.volume, symbol="BTC/USDT:USDT", timeframe="1h"
    )
    bar, interval = market_returns(shuffled.close), market_interval_returns(shuffled, 2_000)
    factor = math.sqrt(60_000 / 2_000)
    sharpe = bar.mean() / bar.std(ddof=1)
    assert interval.mean() / interval.std(ddof=1) == pytest.approx(factor * sharpe, rel=0.05)
    assert interval.mean() == pytest.approx(30 * bar.mean(), rel=1e-12)


@pytest.mark.parametrize("n_intervals", [0, -3])
def test_interval_returns_over_no_interval_are_refused(candles, n_intervals):
    with pytest.raises(BacktestError, match=f"n_intervals must be at least 1, was {n_intervals}"):
        interval_returns(SPECS, candles, n_intervals=n_intervals)
    with pytest.raises(BacktestError, match=f"n_intervals must be at least 1, was {n_intervals}"):
        market_interval_returns(candles, n_intervals)


def test_interval_returns_of_what_is_no_strategy_are_refused(candles):
    with pytest.raises(BacktestError, match="each strategy must be a StrategySpec"):
        interval_returns(["momentum"], candles)
