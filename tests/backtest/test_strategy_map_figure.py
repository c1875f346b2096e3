"""The map of all strategies: each one stands where its scores say, and what has no evidence stands apart."""

import math

import pytest

from backtest.errors import BacktestError
from backtest.plots import strategy_map_figure

IDS = ["a", "b", "c", "d", "e"]
TYPES = ["grid", "momentum", "grid", "momentum", "grid"]
SCS = [70.0, 20.0, None, 55.0, 0.0]
OOS = [40.0, None, 10.0, 0.0, None]


def points(figure):
    return {
        str(row[0]): (x, y)
        for trace in figure.data
        for row, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }


def test_map_puts_each_strategy_where_its_scores_say():
    found = points(strategy_map_figure(IDS, TYPES, SCS, OOS))
    assert found["a"] == (70.0, 40.0)
    assert found["d"] == (55.0, 0.0)


def test_map_leaves_out_what_has_no_score():
    assert set(points(strategy_map_figure(IDS, TYPES, SCS, OOS))) == {"a", "b", "d", "e"}


def test_map_puts_what_has_no_evidence_below_zero_and_says_so():
    figure = strategy_map_figure(IDS, TYPES, SCS, OOS, labels={"no_evidence": "not yet"})
    found = points(figure)
    assert found["b"][1] < 0.0
    assert found["e"][1] < 0.0
    assert found["b"][1] != found["e"][1]
    assert "not yet" in [each.text for each in figure.layout.annotations]
    assert {str(row[1]) for trace in figure.data for row in trace.customdata} == {"40.0", "not yet", "0.0"}


def test_map_on_which_all_have_evidence_has_no_band():
    figure = strategy_map_figure(["a"], ["grid"], [50.0], [40.0])
    assert figure.layout.annotations == ()
    assert figure.layout.shapes == ()


def test_map_tells_types_apart_by_colour_and_shape():
    figure = strategy_map_figure(IDS, TYPES, SCS, OOS)
    assert [trace.name for trace in figure.data] == ["grid (2)", "momentum (2)"]
    assert len({trace.marker.color for trace in figure.data}) == 2
    assert len({trace.marker.symbol for trace in figure.data}) == 2


def test_map_marks_the_threshold_where_there_is_one():
    figure = strategy_map_figure(IDS, TYPES, SCS, OOS, threshold=65.0)
    assert "threshold 65" in [each.text for each in figure.layout.annotations]
    assert 65.0 in [shape.x0 for shape in figure.layout.shapes]


def test_map_of_nothing_is_empty():
    assert len(strategy_map_figure([], [], [], []).data) == 0


def test_map_of_more_types_than_colours_repeats_them():
    many = [f"type-{number:02d}" for number in range(20)]
    figure = strategy_map_figure(many, many, [1.0] * 20, [1.0] * 20)
    assert len(figure.data) == 20


def test_map_takes_what_is_no_number_for_absent():
    found = points(strategy_map_figure(["a", "b"], ["grid"] * 2, [math.nan, 1.0], [1.0, math.nan]))
    assert set(found) == {"b"}
    assert found["b"][1] < 0.0


def test_map_of_columns_that_do_not_fit_is_refused():
    with pytest.raises(BacktestError, match="one length"):
        strategy_map_figure(IDS, TYPES[:2], SCS, OOS)
