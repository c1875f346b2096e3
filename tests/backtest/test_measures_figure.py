"""Measures as a figure: one above the other, means and highest values, holes where nothing was measured."""

from datetime import datetime, timedelta

import pytest

from backtest import BacktestError
from backtest.plots import Measure, measures_figure

TIMES = [datetime(2026, 3, 1) + timedelta(minutes=minute) for minute in range(3)]


def test_measures_figure_draws_each_on_its_own_axis_on_one_axis_of_time():
    figure = measures_figure(TIMES, [Measure("a", [1, 2, 3], [2, 3, 4], 100.0), Measure("b", [5, 6, 7], [6, 7, 8])])
    assert [trace.yaxis for trace in figure.data] == ["y", "y", "y2", "y2"]
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert tuple(figure.layout.yaxis.range) == (0, 100.0)
    assert figure.layout.yaxis2.range is None
    assert [note.text for note in figure.layout.annotations] == ["a", "b"]


def test_measures_figure_has_holes_where_nothing_was_measured():
    figure = measures_figure(TIMES, [Measure("a", [1, None, 3], [2, None, 4])], labels={"mean": "Mittel"})
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces["Mittel"].y) == [1, None, 3]
    assert traces["Mittel"].line.dash != traces["highest"].line.dash


def test_measures_figure_without_a_measure_is_empty():
    assert not measures_figure(TIMES, []).data


def test_measures_figure_of_uneven_columns_is_refused():
    with pytest.raises(BacktestError, match=r"of one length, were of \[2, 3\]"):
        measures_figure(TIMES, [Measure("a", [1, 2], [1, 2, 3])])
