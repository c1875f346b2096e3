"""Figures of a run of evolution: what they show, what is absent, and which columns they refuse."""

import json

import numpy as np
import pytest

from backtest import BacktestError
from backtest.plots import (
    archive_figure,
    deflated_sharpe_figure,
    diversity_figure,
    fitness_figure,
    luck_figure,
    operators_figure,
    species_shares_figure,
)

GENERATIONS = [1, 2, 3]
RISING = [10.0, 20.0, 30.0]
HOLED = [1.0, None, 3.0]


def traces_of(figure):
    assert json.loads(figure.to_json())["data"]
    return {trace.name: trace for trace in figure.data}


def test_fitness_figure_has_lines_that_differ_by_more_than_colour_and_a_band():
    traces = traces_of(fitness_figure(GENERATIONS, RISING, HOLED, RISING, RISING, labels={"best": "Bestes"}))
    assert list(traces) == ["quartiles", "median", "Bestes"]
    assert traces["quartiles"].fill == "tonexty"
    assert traces["Bestes"].line.dash != traces["median"].line.dash


def test_fitness_figure_of_a_generation_without_a_score_has_a_hole_and_no_zero():
    traces = traces_of(fitness_figure(GENERATIONS, HOLED, RISING, HOLED, RISING))
    assert list(traces["best"].y) == HOLED


def test_fitness_figure_of_one_generation_can_be_seen():
    traces = traces_of(fitness_figure([1], [2.0], [1.0], [1.5], [1.7]))
    assert "markers" in traces["best"].mode


def test_diversity_figure_tells_diversity_from_coverage():
    traces = traces_of(diversity_figure(GENERATIONS, [0.5, 0.4, 0.3], [0.0, None, 0.2]))
    assert list(traces["coverage"].y) == [0.0, None, 0.2]
    assert traces["diversity"].line.dash != traces["coverage"].line.dash


def test_archive_figure_leaves_empty_cells_blank():
    heat = archive_figure([[5.0, None], [None, 80.0]], ["1", "2"], ["low", "high"]).data[0]
    assert np.isnan(heat.z).tolist() == [[False, True], [True, False]]
    assert not heat.hoverongaps
    assert (heat.zmin, heat.zmax) == (0, 100)


def test_archive_figure_of_empty_cells_is_blank():
    heat = archive_figure([[None, None]], ["1", "2"], ["low"]).data[0]
    assert np.isnan(heat.z).all()
    assert heat.zmax == 25


@pytest.mark.parametrize("scores", [[], [[1.0]], [[1.0, 2.0], [3.0, 4.0]]])
def test_archive_figure_of_another_shape_is_refused(scores):
    with pytest.raises(BacktestError, match="a row for each of 1 exposures and a column for each of 2"):
        archive_figure(scores, ["1", "2"], ["low"])


def test_species_shares_figure_has_a_row_a_species_from_above_to_below():
    figure = species_shares_figure(GENERATIONS, ["a", "b"], [[0.5, 0.4, None], [0.5, 0.6, 1.0]])
    assert list(figure.data[0].y) == ["a", "b"]
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.data[0].zmax == 1.0


def test_species_shares_figure_where_nothing_is_known_is_blank():
    figure = species_shares_figure([1], ["a"], [[None]])
    assert np.isnan(figure.data[0].z).all()
    assert figure.data[0].zmax == 1.0
    with pytest.raises(BacktestError, match="had shape"):
        species_shares_figure([1], ["a"], [[0.1, 0.2]])


def test_operators_figure_shows_counts_and_no_zero_where_nothing_was_tried():
    bars = operators_figure(["crossover", "local"], [1_000, 0], [250, 0], labels={"of": "von"}).data[0]
    assert list(bars.text) == ["25.0%  250 von 1,000", "–"]
    assert list(bars.x) == [0.25, None]


def test_operators_figure_of_more_taken_than_tried_is_refused():
    with pytest.raises(BacktestError, match=r"accepted must be in \[0, tried\], was 3 of 2 for local"):
        operators_figure(["local"], [2], [3])


def test_deflated_sharpe_figure_tells_raw_from_effective_by_shape():
    traces = traces_of(deflated_sharpe_figure(["a", "b"], [0.1, None], [0.4, 0.9]))
    assert traces["all trials"].marker.symbol != traces["effective trials"].marker.symbol
    assert list(traces["all trials"].x) == [0.1, None]
    assert list(traces[""].x) == [0.1, 0.4, None, None, 0.9, None]


def test_deflated_sharpe_figure_says_what_the_line_means_above_all_rows():
    figure = deflated_sharpe_figure(["a", "b"], [0.1, None], [0.4, 0.9])
    (said,) = figure.layout.annotations
    assert (said.text, said.yanchor) == ("grade A 0.95", "top")
    assert tuple(figure.layout.yaxis.range) == (1.5, -1.1)  # the first row is at 0


def test_luck_figure_compares_shares_and_names_how_many():
    traces = traces_of(luck_figure([0, 50, 100], [300, 100], [0, 8], threshold=65.0))
    assert list(traces["luck (400)"].y) == [0.75, 0.25]
    assert list(traces["survived (8)"].y) == [0.0, 1.0]


def test_luck_figure_where_nothing_survived_is_drawn():
    traces = traces_of(luck_figure([0, 50, 100], [3, 1], [0, 0]))
    assert list(traces["survived (0)"].y) == [0.0, 0.0]
    with pytest.raises(BacktestError, match="one for each of 2 bins, were 1 of luck and 2"):
        luck_figure([0, 50, 100], [3], [0, 0])


@pytest.mark.parametrize(
    "draw",
    [
        lambda: fitness_figure([1], [1.0], [1.0], [1.0], []),
        lambda: diversity_figure([1], [], [1.0]),
        lambda: operators_figure(["a"], [1], []),
        lambda: deflated_sharpe_figure(["a"], [], [0.5]),
    ],
)
def test_figure_of_uneven_columns_is_refused(draw):
    with pytest.raises(BacktestError, match=r"columns must be of one length, were of \[0, 1\]"):
        draw()
