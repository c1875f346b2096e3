"""Figures: what they show, how light they are, and that no extreme is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest import BacktestError, run
from backtest.downsample import downsample, downsample_bars
from backtest.plots import report_figure
from market import Candles
from strategies import StrategySpec

MINUTE = 60_000


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3000), st.integers(4, 200))
def test_downsample_keeps_extremes_and_ends(seed, n, points):
    values = np.random.default_rng(seed).normal(size=n)
    kept = downsample(values, points)
    assert len(kept) <= points or len(kept) == n
    assert np.all(np.diff(kept) > 0)
    assert kept[0] == 0
    assert kept[-1] == n - 1
    assert values[kept].min() == values.min()
    assert values[kept].max() == values.max()


@settings(derandomize=True, deadline=None)
@given(st.integers(1, 2000), st.integers(1, 300))
def test_downsample_bars_keeps_range_and_ends(n, bars):
    rng = np.random.default_rng(n)
    open_, high, low, close = rng.normal(size=(4, n))
    start, first, top, bottom, last = downsample_bars(open_, high, low, close, bars)
    assert len(start) <= bars
    assert (first[0], last[-1]) == (open_[0], close[-1])
    assert (top.max(), bottom.min()) == (high.max(), low.min())


def test_downsample_to_too_few_points_is_refused():
    with pytest.raises(BacktestError, match="points must be at least 4, was 3"):
        downsample(np.zeros(10), 3)
    with pytest.raises(BacktestError, match="bars must be at least 1, was 0"):
        downsample_bars(*np.zeros((4, 10)), 0)


def test_report_figure_of_many_bars_stays_light_and_labels_simulation():
    n = 60_000
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, n)))
    candles = Candles.from_arrays(
        np.arange(n) * MINUTE, close, close, close, close, close, symbol="BTC/USDT", timeframe="1m",
        venue="simulated-7", origin="simulated:7",
    )  # fmt: skip
    report = run(StrategySpec("breakout", {"lookback_period": 500, "breakout_threshold": 0.01}), candles)
    figure = report_figure(report)
    assert "SIMULATED MARKET" in figure.layout.title.text
    traces = {trace.name: trace for trace in figure.data}
    assert {"price", "long", "short", "exit, won", "exit, lost", "strategy", "buy and hold", "drawdown"} == set(traces)
    assert len(traces["price"].x) <= 1500
    assert len(traces["strategy"].x) <= 3000
    assert min(traces["drawdown"].y) == pytest.approx(-report.metrics["max_drawdown"])
    assert len(traces["long"].x) == len(report.trades)
