"""The parts of an explanation: bars, maps, trees and timelines that stay readable whatever they are given."""

import io
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from cluster.explanation.comparison import sides_of
from cluster.explanation.course import course_of
from cluster.explanation.glyphs import Glyphs, thinned
from cluster.explanation.heat_map import heat_map, surroundings
from cluster.explanation.lineage_tree import lineage_tree
from cluster.explanation.timeline import Timeline

ASCII = Glyphs("yes", "no", "#", ".", fine=False, levels="_.-~=+*#", shades=" .:+#")


def console(width=80, **options):
    return Console(file=io.StringIO(), width=width, **options)


def around(scs, at=(1.0, 1.0)):
    """Return a neighbourhood whose values of x and y count from 1."""
    scores = np.array(scs, float)
    x_values, y_values = (np.arange(1.0, length + 1) for length in reversed(scores.shape))
    return SimpleNamespace(
        x_name="lookback_period", y_name="threshold", x_values=x_values, y_values=y_values, scs=scores, at=at
    )


@given(st.floats(allow_nan=True), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 60), st.booleans())
def test_bar_is_as_long_as_it_may_be(value, most, cells, fine):
    glyphs = Glyphs() if fine else ASCII
    filled, empty = glyphs.bar(value, most, cells)
    assert len(filled) + len(empty) == cells
    if math.isnan(value) or value <= 0.0:
        assert filled == ""


def test_bar_of_the_most_is_full_and_of_half_is_half():
    assert Glyphs().bar(30.0, 30.0, 6) == ("██████", "")
    assert Glyphs().bar(15.0, 30.0, 6) == ("███", "···")
    assert ASCII.bar(15.0, 30.0, 6) == ("###", "...")


@given(st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=50))
@example([-1.7e308, 1.7e308])
def test_sparkline_has_a_letter_a_value_and_a_gap_where_nothing_is_known(values):
    line = Glyphs().sparkline(values)
    assert len(line) == len(values)
    for letter, value in zip(line, values, strict=True):
        assert (letter == " ") == (value is None or not math.isfinite(value))


@given(st.lists(st.integers(), min_size=1, max_size=300), st.integers(2, 60))
def test_thinned_keeps_first_last_and_order(values, cells):
    found = thinned(list(enumerate(values)), cells)
    assert len(found) == min(len(values), cells)
    assert (found[0], found[-1]) == ((0, values[0]), (len(values) - 1, values[-1]))
    assert found == sorted(found)


def test_glyphs_are_plain_letters_where_the_encoding_knows_no_others():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert Glyphs.of(Console(file=stream)).tick == "yes"
    assert Glyphs.of(console()).tick == "✓"


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
@pytest.mark.parametrize("colour", [None, "truecolor"])
def test_heat_map_fits_and_marks_the_own_place(width, colour):
    scs = np.arange(15 * 15).reshape(15, 15) % 70
    found = around(scs, at=(8.0, 3.0))
    wanted = console(width, color_system=colour, force_terminal=colour is not None)
    lines = [line.plain for line in heat_map(found, wanted)]
    grid = lines[1:16]
    assert max(map(len, grid)) <= width
    assert [number for number, line in enumerate(grid) if "[" in line] == [15 - 3]
    assert f"[{scs[2, 7]:2.0f}]" in grid[15 - 3]
    assert grid[15 - 3].lstrip().startswith("3 ")
    assert "8" in lines[16].split()  # the own value is always labelled
    assert all((set(line) & set("░▒▓█") == set()) == (colour is not None) for line in grid if "60" in line)


def test_heat_map_of_a_single_row_or_of_nothing_but_zeros_is_drawn():
    assert "[ 0]" in heat_map(around([[0.0, 0.0, 0.0]], at=(2.0, 1.0)), console())[1].plain
    assert "[100" in heat_map(around([[100.0]]), console())[1].plain
    assert "there is nothing around it" in surroundings(around([[3.0]]))


def test_surroundings_are_those_of_the_own_place():
    scs = [[0, 0, 0, 9], [0, 50, 4, 9], [0, 0, 0, 9]]
    said = surroundings(around(scs, at=(2.0, 2.0)))
    assert said == "SCS 50.0; next to it 0.5 on average, median of all around it 0.0"


def node(child, *parents, operator="mutation", depth=0):
    return {
        "child": child, "operator": operator, "fitness": 1.0, "parents": list(parents), "depth": depth,
        "generation": 1, "window": 0,
    }  # fmt: skip


def shown(nodes):
    target = console(100)
    for part in lineage_tree({"nodes": nodes, "edges": []}, target.width):
        target.print(part)
    return target.file.getvalue()


def test_tree_follows_an_ancestor_once():
    page = shown([node(9, 7, 8), node(7, 3), node(8, 7), node(3, operator="initial")])
    assert page.count("#3 initial sample") == 1
    assert "#7 mutation, fitness 1.0, generation 1, window 0, see above" in page
    assert "returning" not in page


def test_tree_of_many_ancestors_is_bounded_and_says_so():
    nodes = [node(1000 - number, 999 - number, depth=number) for number in range(100)]
    page = shown(nodes)
    assert len(page.splitlines()) == 13  # a chain: the width of the terminal is what bounds it
    assert max(map(len, page.splitlines())) <= 100
    assert "1 parent farther back" in page


def test_tree_of_a_wide_family_counts_who_is_left_out():
    page = shown([node(50, *range(40)), *(node(number, operator="immigrant") for number in range(40))])
    assert "17 parents farther back" in page
    assert page.count("random immigrant") == 23


def test_tree_explains_returning_elites():
    page = shown([node(5, 4, operator="returning"), node(4)])
    assert "its single parent is the same strategy" in " ".join(page.split())


class Runs:
    """What a timeline and a course ask a repository for."""

    def __init__(self, logs=(), history=()):
        self._logs, self._history = list(logs), list(history)

    def logs(self, run_id, event=None, *, limit=50):
        return list(reversed(self._logs))

    def history(self, run_id=None, *, species=None, limit=50):
        return list(reversed(self._history))


def log(event, batch=None, window=None):
    return {"event": event, "batch": batch, "details": None if window is None else {"window": window}}


LOGS = [
    log("started"), log("generation", 3, "0"), log("rolled", 4, "1"), log("generation", 7, "1"), log("window"),
    log("rolled", 8, "4@1767225600000"), log("generation", 11, "4@1767225600000"), log("rolled", 12, "5@1767312000000"),
]  # fmt: skip


def test_timeline_knows_generations_and_windows_of_the_plan_and_live_ones():
    timeline = Timeline.of(Runs(LOGS), "run")
    assert [timeline.generation(batch) for batch in (0, 3, 4, 7, 8, 11, 12, 99)] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert [timeline.window(generation) for generation in (1, 2, 3, 4, 5)] == [0, 1, 4, 5, 5]


def test_timeline_of_a_run_without_logs_is_one_window():
    timeline = Timeline.of(Runs(), "run")
    assert (timeline.generation(7), timeline.window(1), timeline.window(9)) == (1, 0, 0)


def history(generation, round_, species, best, **changes):
    return {
        "generation": generation, "round": round_, "species": species, "evaluations": 10 * generation + round_,
        "best_scs": best, "median_scs": 1.0, "diversity": 0.5, "coverage": 0.1,
    } | changes  # fmt: skip


def test_course_is_that_of_the_last_round_over_all_species():
    rows = [
        history(1, 1, "a", 9.0), history(1, 1, "b", 3.0), history(1, 2, "a", 4.0, coverage=0.3),
        history(1, 2, "b", 5.0, median_scs=None), history(2, 1, "a", None, median_scs=None, diversity=None),
        history(2, 1, None, 99.0),
    ]  # fmt: skip
    first, second = course_of(Runs(LOGS, rows), "run", Timeline.of(Runs(LOGS), "run"))
    assert (first.best, first.median, first.evaluations, first.window) == (5.0, 1.0, 12, 0)
    assert first.coverage == pytest.approx(0.2)
    assert (second.generation, second.window) == (2, 1)
    assert all(math.isnan(value) for value in (second.best, second.median, second.diversity))


def test_sides_tell_training_from_everything_later():
    folds = [
        {"kind": "train", "scs": 10.0, "n_trades": 4, "sharpe": 1.0},
        {"kind": "train", "scs": 20.0, "n_trades": 6, "sharpe": None},
        {"kind": "test", "scs": 8.0, "n_trades": 3, "sharpe": 0.5},
        {"kind": "live", "scs": 4.0, "n_trades": 1, "sharpe": -0.5},
    ]
    inside, outside = sides_of({"folds": folds, "in_sample_scs": 30.0, "oos_scs": 12.0, "oos_trades": 5})
    assert (inside.scs, inside.span_scs, inside.n_trades, inside.sharpe, inside.n_spans) == (30.0, 15.0, 10.0, 1.0, 2)
    assert (outside.scs, outside.span_scs, outside.n_trades, outside.sharpe, outside.n_spans) == (
        12.0,
        6.0,
        5.0,
        0.0,
        2,
    )
    nothing = sides_of({"folds": None, "in_sample_scs": None, "oos_scs": None, "oos_trades": None})
    assert all(math.isnan(side.scs) and math.isnan(side.n_trades) and side.n_spans == 0 for side in nothing)
