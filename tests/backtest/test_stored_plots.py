"""Figures of what was stored: they need no candles, show what matters, and say what is simulated."""

import json
import math

import numpy as np
import pytest

from backtest import BacktestError, Score, neighbourhood, out_of_sample, run
from backtest.plots import (
    neighbourhood_figure,
    null_distribution_figure,
    score_parts_figure,
    walk_forward_figure,
)
from market import synthetic_candles
from strategies import StrategySpec

DAY = 86_400_000
TIMES = np.arange(10) * DAY
INDEX = [1.0, 1.2, 0.9, 1.0, 1.5, 1.6, 1.2, 1.3, 1.4, 1.44]
HELD = np.linspace(1.0, 2.0, 10)
SPANS = [(4 * DAY, 6 * DAY, "test 1"), (6 * DAY, 9 * DAY, "test 2 <b>")]
PARTS = {"win_rate": 0.5, "sharpe": 0.2, "profit_factor": 1.0, "max_drawdown": 0.0, "volatility": 0.4}


def traces_of(figure):
    assert json.loads(figure.to_json())["data"]
    return {trace.name: trace for trace in figure.data}


def text_of(figure):
    return figure.layout.title.text


def test_walk_forward_figure_tells_in_sample_from_out_of_sample():
    figure = walk_forward_figure(TIMES, INDEX, HELD, 4 * DAY, SPANS, name="momentum <x>", reason="C: 12 trades")
    traces = traces_of(figure)
    assert list(traces) == ["buy and hold", "in sample", "out of sample", "drawdown"]
    assert list(traces["in sample"].y) == INDEX[:5]
    assert list(traces["out of sample"].y) == INDEX[4:]
    assert traces["out of sample"].line.width > traces["in sample"].line.width
    assert min(traces["drawdown"].y) == pytest.approx(0.9 / 1.2 - 1.0)
    assert "momentum &lt;x&gt;" in text_of(figure)
    assert "grade C: 12 trades" in text_of(figure)
    assert "in sample +50.0%" in text_of(figure)
    assert "out of sample -4.0%" in text_of(figure)
    assert "SIMULATED" not in text_of(figure)


def test_walk_forward_figure_draws_each_boundary_of_the_test_spans_once():
    figure = walk_forward_figure(TIMES, INDEX, HELD, 4 * DAY, SPANS)
    lines = [shape.x0.value // 10**6 for shape in figure.layout.shapes if shape.type == "line"]
    assert lines == [4 * DAY, 6 * DAY, 9 * DAY]
    assert [note.text for note in figure.layout.annotations] == ["test 1", "test 2 &lt;b&gt;"]
    assert [shape.type for shape in figure.layout.shapes].count("rect") == 1


@pytest.mark.parametrize(
    ("selected_until", "seen", "unseen"), [(-1, 0, 10), (0, 1, 10), (9 * DAY, 10, 0), (99 * DAY, 10, 0)]
)
def test_walk_forward_figure_draws_what_there_is_on_either_side(selected_until, seen, unseen):
    traces = traces_of(walk_forward_figure(TIMES, INDEX, HELD, selected_until))
    assert (len(traces["in sample"].x), len(traces["out of sample"].x)) == (seen, unseen)


def test_walk_forward_figure_of_an_out_of_sample_result_needs_nothing_else():
    candles = synthetic_candles(symbol="BTC/USDT:USDT", bars=30_000, seed=3)
    found = out_of_sample(StrategySpec("momentum", {"lookback_period": 24, "threshold": 0.01}), candles, 10_000)
    figure = walk_forward_figure(
        found.times, found.index, found.buy_and_hold, int(found.times[0]), origin=candles.origin
    )  # fmt: skip
    traces = traces_of(figure)
    assert "SIMULATED MARKET" in text_of(figure)
    assert len(traces["out of sample"].x) <= 3000
    assert min(traces["drawdown"].y) == pytest.approx(-found.metrics["max_drawdown"])
    assert f"out of sample {found.metrics['total_return']:+.1%}" in text_of(figure)
    assert "in sample" not in text_of(figure)


def test_walk_forward_figure_of_a_ruined_index_says_undefined():
    figure = walk_forward_figure(TIMES[:4], [1.0, -0.5, -0.2, 0.1], HELD[:4], DAY)
    assert "out of sample undefined" in text_of(figure)


@pytest.mark.parametrize(
    ("times", "index", "message"),
    [
        ([0, 1], [1.0], r"columns of one length, at least 1, had shapes \(2,\), \(1,\) and \(2,\)"),
        ([5, 3], [1.0, 1.0], "times must not descend, did after 5 at 0"),
    ],
)
def test_walk_forward_figure_of_malformed_curves_is_refused(times, index, message):
    with pytest.raises(BacktestError, match=message):
        walk_forward_figure(times, index, [1.0] * 2, 0)
    with pytest.raises(BacktestError, match="at least 1"):
        walk_forward_figure([], [], [], 0)


def test_neighbourhood_figure_marks_the_strategy_and_leaves_undefined_cells_blank():
    scs = [[10.0, None, 30.0], [40.0, 50.0, math.nan]]
    figure = neighbourhood_figure([10, 100, 1000], [0.1, 0.2], scs, "lookback", "threshold", at=(100, 0.2), name="best")
    heat, own = traces_of(figure).values()
    np.testing.assert_array_equal(heat.z, [[10.0, np.nan, 30.0], [40.0, 50.0, np.nan]])
    assert json.loads(figure.to_json())["data"][0]["type"] == "heatmap"
    assert (heat.zmin, heat.zmax, heat.hoverongaps) == (0, 100, False)
    assert (own.x, own.y) == ((1,), (1,))
    assert heat.customdata[1][2].tolist() == [1000, 0.2]
    assert figure.layout.xaxis.ticktext == ("10", "100", "1,000")
    assert "SCS 50.0 at lookback 100, threshold 0.2 · median around it 30.0" in text_of(figure)


def test_neighbourhood_figure_separates_thousands_at_its_axes():
    figure = neighbourhood_figure([1121.0, 2242.0], [0.5], [[50.0, 40.0]], "period", "threshold", at=(1121.0, 0.5))
    assert list(figure.layout.xaxis.ticktext) == ["1,121", "2,242"]


def test_neighbourhood_figure_draws_a_neighbourhood():
    spec = StrategySpec("breakout", {"lookback_period": 48, "breakout_threshold": 0.0})
    candles = synthetic_candles(bars=1_000, seed=7)
    found = neighbourhood(spec, candles, points=11)
    figure = neighbourhood_figure(
        found.x_values, found.y_values, found.scs, found.x_name, found.y_name, found.at, origin=candles.origin
    )
    own = traces_of(figure)["this strategy"]
    assert (found.x_values[own.x[0]], found.y_values[own.y[0]]) == found.at
    assert len(figure.layout.xaxis.ticktext) <= 9
    assert {"48", "0"} <= {*figure.layout.xaxis.ticktext, *figure.layout.yaxis.ticktext}
    assert "SIMULATED MARKET" in text_of(figure)


def test_neighbourhood_figure_of_one_cell_has_no_median_and_a_wrong_shape_is_refused():
    assert "median around it undefined" in text_of(neighbourhood_figure([1], [2], [[3.0]], "a", "b", at=(1, 2)))
    with pytest.raises(BacktestError, match=r"had shape \(1, 2\) for 2 and 1 values; transpose"):
        neighbourhood_figure([1], [2, 3], [[3.0, 4.0]], "a", "b", at=(1, 2))


def test_null_distribution_figure_counts_what_lies_beyond():
    scores = [0.0] * 90 + [30.0] * 7 + [65.0, 80.0, 100.0]
    figure = null_distribution_figure(scores, observed=30.0, origin="simulated:3")
    bars = traces_of(figure)["without an edge"]
    assert sum(bars.y) == 100
    assert "threshold: 3 of 100 (3%) at or beyond 65" in text_of(figure)
    assert "observed score: 10 of 100 (10%) at or beyond 30" in text_of(figure)
    assert "SIMULATED MARKET" in text_of(figure)
    assert sorted(shape.x0 for shape in figure.layout.shapes) == [30.0, 65.0]
    assert {note.text for note in figure.layout.annotations} == {"threshold 65", "observed 30.0"}


def test_null_distribution_figure_without_an_observed_score_has_the_threshold_only():
    figure = null_distribution_figure([1.0, 2.0], threshold=58.0)
    assert [shape.x0 for shape in figure.layout.shapes] == [58.0]
    assert "0 of 2 (0%) at or beyond 58" in text_of(figure)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], "null_scores must hold at least one score"),
        ([101.0], r"must be in \[0, 100\], was 101"),
        ([math.nan], "was nan"),
    ],
)
def test_null_distribution_figure_of_malformed_scores_is_refused(scores, message):
    with pytest.raises(BacktestError, match=message):
        null_distribution_figure(scores)


def test_score_parts_figure_shows_points_against_their_maximum():
    figure = score_parts_figure(PARTS | {"total": 60.0}, name="momentum", origin="real:binance")
    traces = traces_of(figure)
    assert traces["reached"].x == pytest.approx((15.0, 5.0, 20.0, 0.0, 4.0))
    assert traces["most"].x == pytest.approx((30.0, 25.0, 20.0, 15.0, 10.0))
    assert traces["reached"].y == ("win rate", "sharpe", "profit factor", "max drawdown", "volatility")
    assert figure.data[2].text[0] == "15.0 of 30"
    assert "SCS 44.0 of 100" in text_of(figure)


def test_score_parts_figure_of_a_score_adds_up_to_its_total():
    candles = synthetic_candles(symbol="BTC/USDT:USDT", bars=3_000, seed=21)
    score = run(StrategySpec("momentum", {"lookback_period": 24, "threshold": 0.01}), candles).score
    assert f"SCS {score.total:.1f} of 100" in text_of(score_parts_figure(score))


def test_score_parts_figure_calls_what_is_undefined_undefined():
    figure = score_parts_figure(Score(*[math.nan] * 6))
    assert figure.data[2].text == ("undefined",) * 5
    assert score_parts_figure(PARTS | {"sharpe": None}).data[2].text[1] == "undefined"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"sharpe": 0.2}, "parts must be win_rate, sharpe, profit_factor, max_drawdown, volatility, were sharpe"),
        (PARTS | {"luck": 0.1}, "were win_rate, sharpe, profit_factor, max_drawdown, volatility, luck"),
        (PARTS | {"sharpe": 20.0}, r"sharpe must be in \[0, 1\], was 20; give the part before weighting"),
    ],
)
def test_score_parts_figure_of_malformed_parts_is_refused(parts, message):
    with pytest.raises(BacktestError, match=message):
        score_parts_figure(parts)
