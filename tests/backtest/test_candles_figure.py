"""Candles as a figure: what rose, what fell, what is missing."""

from datetime import datetime, timedelta

import pytest

from backtest import BacktestError
from backtest.plots import candles_figure

START = datetime(2026, 3, 1)
TIMES = [START + timedelta(minutes=minute) for minute in (0, 1, 2, 6, 7)]
COLUMNS = ([10, 12, 11, 14, 13], [13, 13, 12, 15, 14], [9, 10, 10, 13, 12], [12, 11, 11.5, 13.5, 12.5], [5, 6, 7, 8, 9])
GAP = (START + timedelta(minutes=3), START + timedelta(minutes=6), 3)


def test_candles_figure_tells_rise_from_fall_by_more_than_colour():
    candles = candles_figure(TIMES, *COLUMNS).data[0]
    assert candles.increasing.fillcolor == "rgba(0,0,0,0)"
    assert candles.decreasing.fillcolor == candles.decreasing.line.color
    assert candles.increasing.line.color != candles.decreasing.line.color


def test_candles_figure_of_a_gap_shows_its_band_and_how_many_are_missing():
    figure = candles_figure(TIMES, *COLUMNS, gaps=[GAP], labels={"gap": "fehlen"})
    assert [(band.x0, band.x1) for band in figure.layout.shapes] == [GAP[:2]]
    marks = next(trace for trace in figure.data if trace.name == "fehlen")
    assert list(marks.x) == [START + timedelta(minutes=4, seconds=30)]
    assert marks.customdata[0][0] == 3


def test_candles_figure_leaves_out_gaps_beyond_its_candles():
    later = (TIMES[-1] + timedelta(days=1), TIMES[-1] + timedelta(days=2), 1_440)
    earlier = (START - timedelta(days=1), START, 1_440)
    figure = candles_figure(TIMES, *COLUMNS, gaps=[earlier, later])
    assert not figure.layout.shapes
    assert len(figure.data) == 2


def test_candles_figure_without_candles_is_empty():
    figure = candles_figure([], [], [], [], [], [], gaps=[GAP])
    assert [len(trace.x) for trace in figure.data] == [0, 0]


def test_candles_figure_of_uneven_columns_is_refused():
    with pytest.raises(BacktestError, match=r"columns must be of one length, were of \[4, 5\]"):
        candles_figure(TIMES[:4], *COLUMNS)


def test_candles_figure_selects_a_span_of_time():
    layout = candles_figure(TIMES, *COLUMNS).layout
    assert (layout.dragmode, layout.selectdirection) == ("select", "h")
