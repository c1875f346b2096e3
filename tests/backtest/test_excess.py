"""Excess over buy-and-hold at equal mean exposure: by hand, and on backtests."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest import (
    Costs,
    EvidenceError,
    bar_returns,
    excess_over_buy_and_hold,
    held_sides,
    market_returns,
    run,
)
from market import synthetic_candles
from strategies import StrategySpec

CANDLES = synthetic_candles(bars=3000, seed=21, symbol="BTC/USDT:USDT")


def report_of(quantity=1.0, costs=None, sides=None):
    spec = StrategySpec("momentum", {"lookback_period": 30, "threshold": 0.01, "quantity": quantity})
    return run(spec, CANDLES, costs, sides)


def test_excess_equals_the_formula_by_hand():
    returns, held, market = [0.02, -0.01, 0.03, 0.0], [1, 0, -1, 1], [0.01, -0.02, 0.02, 0.03]
    expected = 8760 * (0.01 - 0.25 * 0.01)
    assert excess_over_buy_and_hold(returns, held, market, 8760) == pytest.approx(expected, rel=1e-12)


def test_excess_of_holding_the_market_all_the_time_is_zero():
    market = np.random.default_rng(1).normal(0.001, 0.01, 500)
    for side in (1.0, -1.0):
        assert excess_over_buy_and_hold(side * market, np.full(500, side), market, 365.0) == pytest.approx(0, abs=1e-12)


def test_excess_of_never_holding_anything_is_zero():
    assert excess_over_buy_and_hold(np.zeros(50), np.zeros(50), np.full(50, 0.01), 365.0) == 0.0


def test_excess_of_random_timing_in_a_rising_market_is_near_zero_while_its_mean_is_not():
    rng = np.random.default_rng(2)
    market = rng.normal(0.001, 0.01, 200_000)
    held = rng.integers(0, 2, market.size)
    mean = 365 * np.mean(held * market)
    error = 365 * 0.01 / math.sqrt(market.size)
    assert mean > 10 * error
    assert abs(excess_over_buy_and_hold(held * market, held, market, 365.0)) < 3 * error


@pytest.mark.parametrize("n", [0, 1])
def test_excess_of_fewer_than_two_bars_is_nan(n):
    assert math.isnan(excess_over_buy_and_hold([0.1] * n, [1.0] * n, [0.1] * n, 365.0))


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 8))
def test_excess_scales_with_the_bars_of_a_year_and_is_odd_in_the_side(seed, factor):
    rng = np.random.default_rng(seed)
    market, held = rng.normal(0.001, 0.01, 50), rng.integers(-1, 2, 50)
    found = excess_over_buy_and_hold(held * market, held, market, 365.0)
    assert excess_over_buy_and_hold(held * market, held, market, 365.0 * factor) == pytest.approx(found * factor)
    assert excess_over_buy_and_hold(-held * market, -held, market, 365.0) == pytest.approx(-found, abs=1e-12)


def test_bar_returns_of_a_report_compound_to_its_index_and_give_its_metrics():
    report = report_of(quantity=3.0)
    returns = bar_returns(report)
    assert returns.shape == (len(CANDLES),)
    np.testing.assert_allclose(np.cumprod(1 + returns), report.index[1:], rtol=1e-9)
    sharpe = returns.mean() / returns.std(ddof=1) * math.sqrt(CANDLES.bars_per_year)
    assert sharpe == pytest.approx(report.metrics["sharpe"], rel=1e-9)


def test_held_sides_and_market_returns_explain_a_backtest_without_costs():
    """Between fills a bar earns side times market: only bars with a fill, made at their open, may differ."""
    report = report_of(costs=Costs(0, 0))
    held, market, returns = held_sides(report.positions), market_returns(CANDLES.close), bar_returns(report)
    assert held.shape == market.shape == returns.shape
    quiet = np.diff(held, prepend=0.0) == 0.0
    assert quiet.sum() > 1000
    np.testing.assert_allclose(returns[quiet], (held * market)[quiet], atol=1e-12)
    assert np.mean(held != 0) == pytest.approx(report.metrics["exposure"], rel=1e-12)


def test_excess_of_a_backtest_is_its_mean_return_beyond_its_exposure():
    report = report_of(sides="long")
    held, market, returns = held_sides(report.positions), market_returns(CANDLES.close), bar_returns(report)
    year = CANDLES.bars_per_year
    close = CANDLES.close
    n = len(CANDLES)
    expected = year * (
        sum(returns) / n - (sum(report.positions[:-1].tolist()) / n) * (sum(close[1:] / close[:-1] - 1.0) / n)
    )
    assert excess_over_buy_and_hold(returns, held, market, year) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, 0.2], [1, 1], [0.1], 365.0), "must describe the same bars, had lengths 2, 2 and 1"),
        (([0.1, 0.2], [1, 2], [0.1, 0.1], 365.0), r"held must be sides in \[-1, 1\], was 2"),
        (([0.1, 0.2], [1, 1], [0.1, 0.1], 0.0), "bars_per_year must be positive and finite, was 0"),
        (([0.1, math.nan], [1, 1], [0.1, 0.1], 365.0), "returns must be finite, was nan at 1"),
        (([0.1, 0.2], [1, 1], [0.1, math.inf], 365.0), "market must be finite, was inf at 1"),
    ],
)
def test_excess_of_malformed_series_is_refused(arguments, message):
    with pytest.raises(EvidenceError, match=message):
        excess_over_buy_and_hold(*arguments)


def test_market_returns_of_a_price_at_zero_are_refused():
    with pytest.raises(EvidenceError, match=r"close must be positive, was 0.0 at 1"):
        market_returns([1.0, 0.0])
