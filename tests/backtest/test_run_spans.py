"""Parts of a backtest: nothing starts afresh, nothing is counted twice, and the sums are those of the whole."""

import math

import numpy as np
import pytest

from backtest import BacktestError, prepare, run, run_many, run_spans, score_statistics
from market import synthetic_candles
from strategies import StrategySpec

SPECS = [
    StrategySpec("momentum", {"lookback_period": 12, "threshold": 0.004, "quantity": 2.5}),
    StrategySpec("mean_reversion", {"lookback_period": 30, "std_multiplier": 1.2, "take_profit": 0.02}),
    StrategySpec("breakout", {"lookback_period": 20, "breakout_threshold": 0.0, "stop_loss": 0.01}),
    StrategySpec("trend_following", {"lookback_period": 25, "trend_threshold": 0.05}),
    StrategySpec("high_frequency", {"min_profit": 0.0, "volatility_threshold": 0.05}),
]
SPANS = [(0, 400), (400, 401), (401, 1100), (1100, 1600)]


@pytest.fixture(scope="module")
def candles():
    return synthetic_candles(symbol="BTC/USDT:USDT", bars=1600, seed=21)


def test_span_over_everything_is_the_whole_backtest(candles):
    (whole,) = run_spans(SPECS, candles, [(0, len(candles))])
    assert whole.equals(run_many(SPECS, candles))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.type)
@pytest.mark.parametrize("span", SPANS)
def test_span_counts_its_returns_and_the_trades_within_it(candles, spec, span):
    start, stop = span
    row = run_spans([spec], prepare(candles), [span])[0].iloc[0]
    report = run(spec, candles)
    returns = (report.index[1:] / report.index[:-1] - 1.0)[
        max(start, 1) - 1 : stop if stop == len(candles) else stop - 1
    ]
    opens = np.append(candles.timestamp, candles.close_time)
    entered = np.searchsorted(opens, report.trades["entry_time"].astype("int64"))
    left = np.searchsorted(opens, report.trades["exit_time"].astype("int64"))
    inside = (entered >= start) & ((left < stop) | (stop == len(candles)))
    gains = report.trades["return"][inside]
    curve = np.cumprod(np.append(1.0, 1.0 + returns))
    drawdown = float(np.max(1.0 - curve / np.maximum.accumulate(curve)))
    assert row["n_trades"] == len(gains)
    assert row["total_return"] == pytest.approx(curve[-1] - 1.0, abs=1e-12)
    assert row["max_drawdown"] == pytest.approx(drawdown, abs=1e-12)
    if len(returns) < 2 or not len(gains):
        assert row["scs"] == 0.0
        return
    deviation = float(np.std(returns, ddof=1))
    scaled = (returns - returns.mean()) / np.std(returns)
    score = score_statistics(
        n_trades=len(gains), wins=int((gains > 0).sum()), gain=gains[gains > 0].sum(), loss=-gains[gains <= 0].sum(),
        mean=returns.mean(), deviation=deviation, skewness=np.mean(scaled**3), kurtosis=np.mean(scaled**4),
        n_returns=len(returns), bars_per_year=candles.bars_per_year, drawdown=drawdown,
    )  # fmt: skip
    assert row["scs"] == pytest.approx(score.total, abs=1e-8)
    assert row["sharpe"] == pytest.approx(returns.mean() / deviation * math.sqrt(candles.bars_per_year), rel=1e-8)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.type)
def test_spans_side_by_side_compound_to_the_whole(candles, spec):
    whole = run(spec, candles)
    parts = [frame.iloc[0] for frame in run_spans([spec], candles, SPANS)]
    compounded = math.prod(1.0 + part["total_return"] for part in parts)
    assert compounded == pytest.approx(1.0 + whole.metrics["total_return"], rel=1e-12)
    assert sum(part["fees"] for part in parts) == pytest.approx(whole.metrics["fees"], rel=1e-12)
    crossing = len(whole.trades) - sum(part["n_trades"] for part in parts)
    assert 0 <= crossing <= len(SPANS) - 1


@pytest.mark.parametrize("span", [(-1, 10), (10, 10), (20, 10), (0, 1601)])
def test_span_outside_of_the_candles_is_refused(candles, span):
    with pytest.raises(BacktestError, match=r"a span must be bars \[start, stop\) within 0 and 1600"):
        run_spans(SPECS, candles, [span])
