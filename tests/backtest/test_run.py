"""`run`, `run_many` and `score_many`: one truth, whatever the company, the quantity or the preparation."""

import math
import pickle

import numpy as np
import pytest

import strategies
from backtest import (
    BacktestError,
    CostError,
    Costs,
    Funding,
    FundingError,
    prepare,
    run,
    run_many,
    run_spans,
    score_many,
)
from market import Candles
from strategies import StrategySpec

HOUR = 3_600_000
SPECS = [
    StrategySpec("momentum", {"lookback_period": 10, "threshold": 0.01}),
    StrategySpec("mean_reversion", {"lookback_period": 20, "std_multiplier": 1.5, "stop_loss": 0.02}),
    StrategySpec("breakout", {"lookback_period": 15, "breakout_threshold": 0.0, "quantity": 3.7}),
    StrategySpec("trend_following", {"lookback_period": 30, "trend_threshold": 0.05, "take_profit": 0.03}),
    StrategySpec("high_frequency", {"min_profit": 0.0, "volatility_threshold": 0.05}),
]


def walk(n=1500, seed=3, symbol="BTC/USDT:USDT"):
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.008, n)))
    open_ = np.concatenate([[100.0], close[:-1]]) * np.exp(rng.normal(0, 0.001, n))
    high = np.maximum(open_, close) * (1 + np.abs(rng.normal(0, 0.002, n)))
    low = np.minimum(open_, close) * (1 - np.abs(rng.normal(0, 0.002, n)))
    return Candles.from_arrays(
        np.arange(n) * HOUR, open_, high, low, close, rng.integers(0, 9, n).astype(float), symbol=symbol, timeframe="1h"
    )


@pytest.fixture(scope="module")
def candles():
    return walk()


def test_run_many_equals_run_bit_for_bit_in_any_order(candles):
    table = run_many(SPECS, candles)
    backwards = run_many(SPECS[::-1], prepare(candles, strategies.available()))
    assert table.equals(backwards.iloc[::-1].reset_index(drop=True))
    assert np.array_equal(score_many(SPECS, candles), table["scs"])
    for spec, row in zip(SPECS, table.to_dict(orient="records"), strict=True):
        report = run(spec, candles)
        assert report.score.total == row["scs"]
        assert report.score.sharpe == row["scs_sharpe"]
        for name, value in report.metrics.items():
            assert value == row[name] or (math.isnan(value) and math.isnan(row[name]))
        assert run_many([spec], candles)["scs"][0] == row["scs"]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.type)
@pytest.mark.parametrize("quantity", [0.001, 0.37, 2.0, 1e6])
def test_score_and_returns_do_not_depend_on_quantity(candles, spec, quantity):
    one = run(StrategySpec(spec.type, spec.parameters | {"quantity": 1.0}), candles)
    many = run(StrategySpec(spec.type, spec.parameters | {"quantity": quantity}), candles)
    assert many.score == one.score
    assert np.array_equal(many.index, one.index)
    assert np.array_equal(many.trades["return"], one.trades["return"])
    assert np.array_equal(many.equity, one.equity * quantity)
    assert many.metrics["fees"] == pytest.approx(one.metrics["fees"] * quantity)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.type)
def test_report_parts_agree_with_each_other(candles, spec):
    report = run(spec, candles)
    quantity = spec.parameters["quantity"]
    assert len(report.trades) == report.metrics["n_trades"] > 0
    assert report.equity[0] == quantity * candles.close[0]
    assert report.equity[-1] - report.equity[0] == pytest.approx(report.trades["pnl"].sum(), rel=1e-9)
    assert report.trades["fees"].sum() == pytest.approx(report.metrics["fees"], rel=1e-9)
    assert report.index[-1] - 1 == report.metrics["total_return"]
    returns = np.diff(report.equity) / (quantity * np.append(candles.close[0], candles.close)[: len(candles) + 1][1:])
    assert np.allclose(report.index, np.concatenate([[1.0], np.cumprod(1 + returns)]), rtol=1e-9)
    peak = np.maximum.accumulate(report.index)
    assert report.metrics["max_drawdown"] == pytest.approx(np.max(1 - report.index / peak), rel=1e-12)
    assert report.metrics["min_equity"] == report.equity.min()
    assert report.times.shape == report.equity.shape
    assert report.trades["exit_time"].max().value // 10**6 <= candles.close_time
    with pytest.raises(ValueError, match="read-only"):
        report.positions[0] = 1


def test_run_with_fewer_candles_than_lookback_never_trades(candles):
    for spec in (
        StrategySpec("momentum", {"lookback_period": 10, "threshold": 0.001}),
        StrategySpec("mean_reversion", {"lookback_period": 11, "std_multiplier": 0.05}),
        StrategySpec("breakout", {"lookback_period": 5000, "breakout_threshold": 0.0}),
        StrategySpec("trend_following", {"lookback_period": 10, "trend_threshold": 1e-4}),
        StrategySpec("high_frequency", {"min_profit": 0.0, "volatility_threshold": 10.0}),
    ):
        report = run(spec, candles[:10])
        assert report.score.total == 0.0
        assert report.metrics["n_trades"] == 0
        assert report.metrics["max_drawdown"] == report.metrics["volatility"] == 0.0
        assert all(math.isnan(report.metrics[name]) for name in ("sharpe", "win_rate", "profit_factor"))
        assert np.all(report.index == 1.0)


def test_run_on_one_candle_scores_nothing(candles):
    report = run(SPECS[0], candles[:1])
    assert report.equity.shape == (2,)
    assert report.score.total == 0.0


def test_run_on_spot_takes_no_short_side():
    spot = walk(symbol="BTC/USDT")
    for spec in SPECS:
        report = run(spec, spot)
        assert report.sides == "long"
        assert report.positions.min() == 0
        assert set(report.trades["side"]) <= {1}


def test_run_until_ruin_scores_zero_with_full_drawdown():
    close = np.array([100.0] * 30 + [90.0, 90.0, 250.0, 250.0, 100.0] + [100.0] * 10)
    candles = Candles.from_arrays(
        np.arange(close.size) * HOUR, close, close, close, close, close * 0, symbol="X/Y:Y", timeframe="1h"
    )
    report = run(StrategySpec("momentum", {"lookback_period": 2, "threshold": 0.01}), candles)
    assert report.index.min() <= 0.0
    assert report.metrics["max_drawdown"] == 1.0
    assert report.score.total == 0.0
    assert report.metrics["zero_volume_fills"] == 1.0


def test_prepared_candles_survive_pickling_and_are_read_only(candles):
    prepared = prepare(candles, strategies.available())
    copy = pickle.loads(pickle.dumps(prepared))
    assert np.array_equal(score_many(SPECS, copy), score_many(SPECS, prepared))
    for kind in strategies.available():
        assert not any(column.flags.writeable for column in prepared.columns_of(kind))


def test_funding_is_paid_by_the_side_held_at_the_time():
    close = np.array([100.0, 100.0, 110.0, 121.0, 121.0, 121.0, 121.0, 121.0])
    times = np.arange(close.size) * HOUR
    candles = Candles.from_arrays(times, close, close, close, close, close, symbol="X/Y:Y", timeframe="1h")
    spec = StrategySpec("momentum", {"lookback_period": 2, "threshold": 0.05, "quantity": 2.0})
    funding = Funding(np.array([3 * HOUR, 4 * HOUR, 5 * HOUR]), np.array([0.01, 0.02, -0.005]))
    report, free = run(spec, candles, funding=funding), run(spec, candles)
    assert np.array_equal(run(spec, candles, funding=(funding.timestamp, funding.rate)).equity, report.equity)
    assert free.positions.tolist() == [0, 0, 1, 1, 1, 0, 0, 0]  # held from the open of bar 3 to that of bar 6
    paid = 2.0 * 121.0 * (0.02 - 0.005)  # the payment at the open of bar 3 comes before the fill
    assert free.equity[-1] - report.equity[-1] == pytest.approx(paid, rel=1e-12)
    assert free.trades["pnl"][0] - report.trades["pnl"][0] == pytest.approx(paid, rel=1e-12)


@pytest.mark.parametrize(
    ("timestamp", "rate", "message"),
    [
        ([1, 2], [0.1], "one rate for each timestamp"),
        ([2, 2], [0.1, 0.1], "strictly ascending, row 1 was 2"),
        ([1, 2], [0.1, math.nan], "finite, row 1 was nan"),
    ],
)
def test_funding_that_is_malformed_is_refused(timestamp, rate, message):
    with pytest.raises(FundingError, match=message):
        Funding(np.array(timestamp), np.array(rate))


@pytest.mark.parametrize("value", [-1, 1000.5, math.nan, math.inf, "10", True, None])
@pytest.mark.parametrize("name", ["fee_bps", "slippage_bps"])
def test_costs_out_of_bounds_are_refused(name, value):
    with pytest.raises(CostError, match=rf"{name} must be in \[0, 1000\] basis points, was"):
        Costs(**{name: value})


def test_run_with_unknown_sides_is_refused(candles):
    with pytest.raises(BacktestError, match='sides must be "both" or "long", was \'short\''):
        run(SPECS[0], candles, sides="short")


def test_run_with_prepared_candles_and_funding_is_refused(candles):
    with pytest.raises(BacktestError, match="pass it to prepare"):
        run(SPECS[0], prepare(candles), funding=Funding(np.array([0]), np.array([0.0])))


def momentum(quantity):
    return StrategySpec("momentum", {"lookback_period": 10, "threshold": 0.01, "quantity": quantity})


@pytest.mark.parametrize(
    "test",
    [
        lambda spec, candles: run(spec, candles),
        lambda spec, candles: run_many([SPECS[0], spec], candles),
        lambda spec, candles: run_spans([spec], candles, [(0, 900)]),
    ],
    ids=["run", "run_many", "run_spans"],
)
@pytest.mark.parametrize("quantity", [1e307, 1e308])
def test_quantity_that_makes_infinite_amounts_is_refused(candles, test, quantity):
    with pytest.raises(BacktestError, match=r"must be finite in quote currency, .* at quantity 1e\+30[78]; .* smaller"):
        test(momentum(quantity), candles)


def test_quantity_whose_equity_alone_overflows_is_refused(candles):
    peak = run(momentum(1.0), candles).equity.max()
    just_beyond = np.nextafter(np.finfo(float).max / peak, math.inf) * (1 + 1e-15)
    with pytest.raises(BacktestError, match="equity must be finite in quote currency"):
        run(momentum(just_beyond), candles)


@pytest.mark.parametrize("quantity", [5e-324, 1e-300, 1e300])
def test_quantity_whose_amounts_are_finite_is_accepted(candles, quantity):
    report = run(momentum(quantity), candles)
    assert np.isfinite(report.equity).all()
    assert run_many([momentum(quantity)], candles)["scs"][0] == report.score.total == score_many([SPECS[0]], candles)[0]


@pytest.mark.parametrize("many", [run_many, score_many, lambda specs, candles: run_spans(specs, candles, [(0, 9)])])
@pytest.mark.parametrize(
    ("specs", "given"), [([1], "int"), ([SPECS[0], None], "NoneType"), ("ab", "str"), (SPECS[0], "StrategySpec")]
)
def test_many_with_something_else_than_specs_is_refused(candles, many, specs, given):
    with pytest.raises(
        BacktestError, match=rf"^(each strategy|strategies) must be .*StrategySpec.*, was of type {given}$"
    ):
        many(specs, candles)


@pytest.mark.parametrize("spec", ["momentum", None, {"lookback_period": 10}])
def test_run_with_something_else_than_a_spec_is_refused(candles, spec):
    with pytest.raises(BacktestError, match=r"^each strategy must be a StrategySpec\(.*\), was of type"):
        run(spec, candles)


@pytest.mark.parametrize("candles", [None, "candles.csv", [1, 2, 3]])
def test_run_with_something_else_than_candles_is_refused(candles):
    for call in (lambda: run(SPECS[0], candles), lambda: score_many(SPECS, candles), lambda: prepare(candles)):
        with pytest.raises(BacktestError, match=r"^candles must be Candles, as read_candles returns, was of type"):
            call()


def test_run_with_something_else_than_costs_is_refused(candles):
    for call in (lambda: run(SPECS[0], candles, 10), lambda: score_many(SPECS, candles, 10)):
        with pytest.raises(CostError, match=r"^costs must be Costs\(fee_bps, slippage_bps\), was of type int$"):
            call()


@pytest.mark.parametrize(("funding", "given"), [(3, "int"), ((1, 2, 3), "tuple"), ("ab", "str")])
def test_run_with_something_else_than_funding_is_refused(candles, funding, given):
    with pytest.raises(FundingError, match=rf"^funding must be Funding or .*, was of type {given}$"):
        run(SPECS[0], candles, funding=funding)
