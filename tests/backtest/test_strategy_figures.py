"""Figures of one strategy: its trades in the price, its ancestors, its returns; others without a title of their own."""

import json
import math
from datetime import datetime, timedelta

import pytest

from backtest import BacktestError
from backtest.plots import (
    lineage_figure,
    neighbourhood_figure,
    return_histogram_figure,
    score_parts_figure,
    trade_chart_figure,
    walk_forward_figure,
)

START = datetime(2026, 3, 1)
TIMES = [START + timedelta(hours=hour) for hour in range(5)]
CANDLES = ([10, 12, 11, 14, 13], [13, 13, 12, 15, 14], [9, 10, 10, 13, 12], [12, 11, 11.5, 13.5, 12.5])
PARTS = {"win_rate": 0.5, "sharpe": 0.2, "profit_factor": 1.0, "max_drawdown": 0.0, "volatility": None}


def traces_of(figure):
    assert json.loads(figure.to_json())["data"]
    return {trace.name: trace for trace in figure.data}


def test_trade_chart_tells_sides_and_results_by_shape_and_by_colour():
    entries = [(TIMES[0], 10.0, 1), (TIMES[2], 11.0, -1)]
    exits = [(TIMES[1], 12.0, 0.2), (TIMES[4], 13.0, -0.18), (TIMES[4], 13.0, None)]
    traces = traces_of(trade_chart_figure(TIMES, *CANDLES, [1, 0, -1, -1, 0], entries=entries, exits=exits))
    marks = [traces[name] for name in ("long", "short", "won", "lost")]
    assert len({mark.marker.symbol for mark in marks}) == 4
    assert len({mark.marker.color for mark in marks}) == 4
    assert [len(mark.x) for mark in marks] == [1, 1, 1, 2]
    assert list(traces["held: long"].y) == [1, None, None, None, None]
    assert list(traces["held: short"].y) == [None, None, -1, -1, None]


def test_trade_chart_without_trades_is_the_price_alone():
    assert list(traces_of(trade_chart_figure(TIMES, *CANDLES, [0] * 5))) == ["price"]


def test_trade_chart_shades_what_was_not_seen_within_its_candles_only():
    figure = trade_chart_figure(
        TIMES, *CANDLES, [0] * 5,
        unseen=[(TIMES[3], TIMES[4] + timedelta(days=9)), (TIMES[4] + timedelta(days=1), TIMES[4] + timedelta(days=2))],
    )  # fmt: skip
    assert [(band.x0, band.x1) for band in figure.layout.shapes] == [(TIMES[3], TIMES[4])]


def test_trade_chart_speaks_the_language_it_is_given():
    figure = trade_chart_figure(
        TIMES, *CANDLES, [1] * 5, entries=[(TIMES[0], 10.0, 1)], labels={"long": "多", "held": "持仓", "price": "价格"}
    )
    assert {"价格", "持仓: 多", "多"} == set(traces_of(figure))
    assert figure.layout.yaxis.title.text == "价格"


def test_trade_chart_of_uneven_columns_is_refused():
    with pytest.raises(BacktestError, match=r"of one length, were of \[4, 5\]"):
        trade_chart_figure(TIMES, *CANDLES, [0] * 4)


def test_lineage_figure_puts_ancestors_on_the_left_of_their_children():
    figure = lineage_figure(
        ["own", "mother", "father", "eldest"],
        [0, 1, 1, 2],
        ["crossover", "initial", "mutation", "initial"],
        [30.0, None, 12.0, 8.0],
        [("mother", "own"), ("father", "own"), ("eldest", "father"), ("gone", "eldest")],
    )
    traces = traces_of(figure)
    places = {data[0]: x for trace in figure.data[1:] for data, x in zip(trace.customdata, trace.x, strict=True)}
    assert places["eldest"] < min(places["mother"], places["father"]) < places["own"] == 0.0
    assert list(traces["initial"].text) == ["–", "8.0"]
    assert len(traces[""].x) == 9  # three lines; the fourth leads to one that is not there
    assert traces["crossover"].marker.size[0] > traces["mutation"].marker.size[0]


def test_lineage_figure_of_many_leaves_the_numbers_to_the_pointer():
    ids = [str(number) for number in range(30)]
    figure = lineage_figure(ids, [0] + [1] * 29, ["mutation"] * 30, [1.0] * 30, [(each, "0") for each in ids[1:]])
    assert figure.data[1].mode == "markers"
    assert len(set(zip(figure.data[1].x, figure.data[1].y, strict=True))) == 30


def test_lineage_figure_of_uneven_columns_is_refused():
    with pytest.raises(BacktestError, match=r"of one length, were of \[1, 2\]"):
        lineage_figure(["a"], [0], ["initial"], [1.0, 2.0], [])


def test_return_histogram_hatches_losses():
    figure = return_histogram_figure([-0.02, -0.01, 0.0, 0.01], [3, 1, 2], mean=-0.004, median=0.002)
    bars = figure.data[0]
    assert list(bars.y) == [3, 1, 2]
    assert list(bars.marker.pattern.shape) == ["/", "/", ""]
    assert bars.marker.color[0] != bars.marker.color[2]
    texts = {note.text: note.xanchor for note in figure.layout.annotations}
    assert texts == {"mean -0.40%": "right", "median +0.20%": "left"}  # beside each other, not over each other


def test_return_histogram_without_a_middle_has_no_lines():
    assert not return_histogram_figure([0.0, 0.1], [4]).layout.shapes


def test_return_histogram_with_too_few_edges_is_refused():
    with pytest.raises(BacktestError, match="edges must be one more than counts, were 2 and 2"):
        return_histogram_figure([0.0, 0.1], [4, 5])


def test_figures_without_a_name_leave_the_title_to_their_page():
    figures = [
        walk_forward_figure([0, 1, 2], [1.0, 1.1, 1.2], [1.0] * 3, 1, name=None, labels={"in sample": "样本内"}),
        score_parts_figure(PARTS, name=None, labels={"sharpe": "夏普", "of": "/", "undefined": "无定义"}),
        neighbourhood_figure([1, 2], [3.0], [[10.0, math.nan]], "a", "b", at=(1, 3.0), name=None,
                             labels={"this strategy": "本策略"}),
    ]  # fmt: skip
    assert [figure.layout.title.text for figure in figures] == [None] * 3
    assert "样本内" in traces_of(figures[0])
    assert figures[1].data[0].y[1] == "夏普"
    assert figures[1].data[2].text[1] == "5.0 / 25"
    assert figures[1].data[2].text[4] == "无定义"
    assert "本策略" in traces_of(figures[2])
