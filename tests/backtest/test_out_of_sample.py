"""Out-of-sample results: those of the full backtest and of `run_spans`, cut to the bars after a strategy was frozen."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from price_shapes import shaped_candles

from backtest import (
    BacktestError,
    Costs,
    Evidence,
    bar_returns,
    excess_over_buy_and_hold,
    full_window_moments,
    grade,
    held_sides,
    market_returns,
    mean_holding_bars,
    out_of_sample,
    prepare,
    probabilistic_sharpe_ratio,
    return_moments,
    run,
    run_many,
    run_spans,
)
from market import synthetic_candles
from strategies import StrategySpec

BARS = 1600
CANDLES = synthetic_candles(symbol="BTC/USDT:USDT", bars=BARS, seed=21)
SPECS = [
    StrategySpec("momentum", {"lookback_period": 12, "threshold": 0.004, "quantity": 2.5}),
    StrategySpec("mean_reversion", {"lookback_period": 30, "std_multiplier": 1.2, "take_profit": 0.02}),
    StrategySpec("breakout", {"lookback_period": 20, "breakout_threshold": 0.0, "stop_loss": 0.01}),
    StrategySpec("trend_following", {"lookback_period": 25, "trend_threshold": 0.05}),
    StrategySpec("high_frequency", {"min_profit": 0.0, "volatility_threshold": 0.05}),
]
NEVER = StrategySpec("momentum", {"lookback_period": 20, "threshold": 1.0})
PARTS = ("win_rate", "sharpe", "profit_factor", "max_drawdown", "volatility")
by_type = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.type)


@by_type
@settings(derandomize=True, deadline=None, max_examples=25)
@given(start=st.integers(0, BARS - 2), costs=st.sampled_from([None, Costs(0, 0)]))
def test_out_of_sample_scores_and_metrics_are_those_of_run_spans_bit_for_bit(spec, start, costs):
    found = out_of_sample(spec, CANDLES, start, costs)
    row = run_spans([spec], CANDLES, [(start, BARS)], costs)[0].iloc[0]
    assert found.scs == found.score.total == row["scs"]
    assert [getattr(found.score, part) for part in PARTS] == [row[f"scs_{part}"] for part in PARTS]
    np.testing.assert_array_equal(list(found.metrics.values()), row[list(found.metrics)].to_numpy(float))


@by_type
@pytest.mark.parametrize("start", [0, 1, 2, 777, BARS - 2, BARS - 1, BARS])
def test_out_of_sample_curves_are_those_of_the_whole_backtest_cut(spec, start):
    found, report = out_of_sample(spec, CANDLES, start), run(spec, CANDLES)
    before = max(start, 1) - 1 if start < BARS else BARS
    np.testing.assert_allclose(found.returns, bar_returns(report)[before:], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.index, report.index[before:] / report.index[before], rtol=1e-12)
    np.testing.assert_array_equal(found.times, report.times[before:].astype(np.int64))
    close = CANDLES.close[before:] if start < BARS else CANDLES.close[-1:]
    held = np.append(close, close[-1:]) / close[0] if start < BARS else [1.0]
    np.testing.assert_allclose(found.buy_and_hold, held, rtol=1e-12)
    assert found.times.dtype == np.int64
    assert (found.start, found.n_bars) == (start, BARS - start)


@by_type
@pytest.mark.parametrize("start", [0, 1, 900])
def test_out_of_sample_evidence_is_that_of_the_bar_returns(spec, start):
    found, report = out_of_sample(spec, prepare(CANDLES), start), run(spec, CANDLES)
    before = max(start, 1) - 1
    returns = bar_returns(report)[before:]
    held, market = held_sides(report.positions)[before:], market_returns(CANDLES.close)[before:]
    assert found.psr == pytest.approx(probabilistic_sharpe_ratio(return_moments(returns)), abs=1e-12)
    assert found.excess == pytest.approx(
        excess_over_buy_and_hold(returns, held, market, CANDLES.bars_per_year), abs=1e-9
    )
    evidence = found.evidence(dsr=0.97)
    assert evidence == Evidence(found.scs, found.metrics["n_trades"], found.excess, found.psr, 0.97)
    assert math.isnan(found.evidence().dsr)


@by_type
def test_out_of_sample_of_all_bars_is_the_whole_backtest(spec):
    found, report = out_of_sample(spec, CANDLES, 0), run(spec, CANDLES)
    assert found.score == report.score
    np.testing.assert_array_equal(found.index, report.index)
    for name, value in found.metrics.items():
        np.testing.assert_equal(value, report.metrics[name], err_msg=name)
    assert mean_holding_bars(
        report.metrics["exposure"], report.metrics["n_trades"], BARS
    ) == pytest.approx(found.mean_holding_bars, rel=1e-12)  # fmt: skip


@by_type
def test_mean_holding_time_counts_the_trades_of_the_span_only(spec):
    start = 700
    report = run(spec, CANDLES)
    opens = np.append(CANDLES.timestamp, CANDLES.close_time)
    entered = np.searchsorted(opens, report.trades["entry_time"].astype("int64"))
    left = np.searchsorted(opens, report.trades["exit_time"].astype("int64"))
    found = out_of_sample(spec, CANDLES, start)
    assert found.mean_holding_bars == pytest.approx(np.mean((left - entered)[entered >= start]), rel=1e-12)
    assert found.metrics["n_trades"] == np.sum(entered >= start)


def test_mean_holding_time_of_a_table_is_exact_and_nan_without_trades():
    table = run_many([*SPECS, NEVER], CANDLES)
    found = mean_holding_bars(table["exposure"], table["n_trades"], BARS)
    expected = [out_of_sample(spec, CANDLES, 0).mean_holding_bars for spec in [*SPECS, NEVER]]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert math.isnan(found[-1])


@pytest.mark.parametrize("start", [BARS - 1, BARS])
def test_out_of_sample_of_fewer_than_two_bars_is_undefined(start):
    found = out_of_sample(SPECS[0], CANDLES, start)
    assert found.metrics.pop("n_trades") == 0
    undefined = [*found.metrics.values(), found.scs, found.psr, found.excess, found.mean_holding_bars]
    assert np.isnan(undefined).all()
    assert all(math.isnan(getattr(found.score, part)) for part in PARTS)


def test_grade_of_fewer_than_two_bars_is_that_of_no_evidence():
    assert grade(out_of_sample(SPECS[0], CANDLES, BARS - 1).evidence(0.99)).reason == "C: no out-of-sample evidence yet"


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_out_of_sample_of_the_shortest_candles_is_defined_from_two_bars_on(bars):
    few = CANDLES[:bars]
    for start in range(bars + 1):
        found = out_of_sample(SPECS[0], few, start)
        assert math.isnan(found.scs) == (bars - start < 2)
        assert len(found.times) == len(found.index) == len(found.buy_and_hold) == len(found.returns) + 1


def test_out_of_sample_without_trades_scores_zero_and_leaves_the_rest_undefined():
    found = out_of_sample(NEVER, CANDLES, 800)
    assert (found.scs, found.metrics["n_trades"], found.excess) == (0.0, 0, 0.0)
    assert math.isnan(found.psr)
    assert math.isnan(found.mean_holding_bars)
    assert math.isnan(found.metrics["win_rate"])
    assert (found.index == 1.0).all()
    assert grade(found.evidence()).letter == "C"


def test_position_held_into_the_span_earns_there_without_being_one_of_its_trades():
    spec = StrategySpec("breakout", {"lookback_period": 20, "breakout_threshold": 0.2})
    n = 200
    close = np.append(np.full(50, 100.0), 130.0 * 1.001 ** np.arange(n - 50))
    candles = type(CANDLES).from_arrays(
        CANDLES.timestamp[:n], close, close, close, close, np.ones(n), symbol="BTC/USDT:USDT", timeframe="1h"
    )
    assert len(run(spec, candles).trades) == 1
    found = out_of_sample(spec, candles, 100)
    assert (found.metrics["n_trades"], found.metrics["exposure"]) == (0, pytest.approx(100 / 101))
    assert found.metrics["total_return"] == pytest.approx(0.101, abs=0.01)


def test_out_of_sample_on_spot_trades_long_only():
    candles = synthetic_candles(symbol="BTC/USDT", bars=900, seed=5)
    assert candles.market_type == "spot"
    found, long_only = (out_of_sample(SPECS[0], candles, 300, sides=sides) for sides in (None, "long"))
    both = out_of_sample(SPECS[0], candles, 300, sides="both")
    np.testing.assert_array_equal(found.index, long_only.index)
    assert both.metrics["exposure"] > found.metrics["exposure"]


def test_out_of_sample_times_of_candles_with_gaps_are_those_of_the_report():
    candles = shaped_candles("random_walk", seed=2, n_bars=400, gaps=True)
    found, report = out_of_sample(SPECS[0], candles, 150), run(SPECS[0], candles)
    np.testing.assert_array_equal(found.times, report.times[149:].astype(np.int64))
    assert found.scs == run_spans([SPECS[0]], candles, [(150, 400)])[0]["scs"].iloc[0]


def test_out_of_sample_does_not_depend_on_quantity_and_cannot_be_written_to():
    one = StrategySpec("momentum", {"lookback_period": 12, "threshold": 0.004})
    huge = StrategySpec("momentum", {"lookback_period": 12, "threshold": 0.004, "quantity": 1e300})
    np.testing.assert_array_equal(out_of_sample(one, CANDLES, 5).returns, out_of_sample(huge, CANDLES, 5).returns)
    with pytest.raises(ValueError, match="read-only"):
        out_of_sample(one, CANDLES, 5).index[0] = 2.0


@pytest.mark.parametrize("start", [-1, BARS + 1])
def test_out_of_sample_outside_of_the_candles_is_refused(start):
    with pytest.raises(BacktestError, match=rf"start must be a bar in \[0, 1600\], was {start}"):
        out_of_sample(SPECS[0], CANDLES, start)


@by_type
def test_moments_of_the_full_window_are_those_of_the_bar_returns_and_of_the_table(spec):
    moments = full_window_moments(spec, CANDLES, Costs(12, 3))
    expected = return_moments(bar_returns(run(spec, CANDLES, Costs(12, 3))))
    row = run_many([spec], CANDLES, Costs(12, 3)).iloc[0]
    assert moments.n_returns == expected.n_returns == BARS
    for name in ("sharpe", "skewness", "kurtosis"):
        assert getattr(moments, name) == pytest.approx(getattr(expected, name), rel=1e-9)
    assert moments.sharpe * math.sqrt(CANDLES.bars_per_year) == pytest.approx(row["sharpe"], rel=1e-9)
    assert (moments.skewness, moments.kurtosis) == pytest.approx((row["skewness"], row["kurtosis"]), rel=1e-6)


def test_moments_of_a_strategy_that_never_traded_are_undefined():
    assert math.isnan(full_window_moments(NEVER, CANDLES).sharpe)
