"""The plan of a walk-forward: where windows end, when they roll, and what is no plan."""

import json
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import SettingsError, WalkForward


@st.composite
def plans(draw):
    spans = draw(st.integers(0, 8))
    rolls = draw(st.sets(st.integers(1, 100), min_size=max(spans - 1, 0), max_size=max(spans - 1, 0)))
    return WalkForward(draw(st.floats(0.01, 0.99)), spans, tuple(sorted(rolls)), draw(st.integers(0, 5000)))


def test_default_plan_trains_on_half_and_tests_on_four_eighths():
    plan = WalkForward()
    assert [plan.train_stop(8_000, window) for window in range(5)] == [4_000, 5_000, 6_000, 7_000, 8_000]
    assert [plan.last_generation(window) for window in range(5)] == [4, 6, 8, None, None]


@given(plans(), st.integers(1000, 10**6))
def test_windows_begin_at_the_first_share_grow_by_equal_spans_and_end_with_the_bars(plan, n_bars):
    if not plan.spans:
        assert plan.train_stop(n_bars, 0) == n_bars
        return
    edges = [plan.train_stop(n_bars, window) for window in range(plan.spans + 1)]
    assert edges[0] == int(Fraction(plan.first * n_bars))
    assert edges[-1] == n_bars
    exact = Fraction(n_bars - edges[0], plan.spans)
    lengths = [later - edge for edge, later in pairwise(edges)]
    assert all(length > 0 and abs(length - exact) < 1 for length in lengths)


@given(plans(), st.integers(1000, 10**6), st.integers(0, 10))
def test_windows_after_the_last_one_train_on_no_more_than_there_is(plan, n_bars, more):
    assert plan.train_stop(n_bars, plan.spans + more) == n_bars


@given(plans())
def test_every_window_but_the_last_rolls_once(plan):
    ends = [plan.last_generation(window) for window in range(max(plan.spans, 1))]
    assert tuple(ends[:-1]) == plan.rolls
    assert ends[-1] is None
    assert list(plan.rolls) == sorted(set(plan.rolls))


@given(plans())
def test_plan_survives_json(plan):
    stored = json.loads(json.dumps(plan.describe()))
    assert WalkForward.of(stored) == plan
    assert WalkForward.of(stored).hash == plan.hash
    assert hash(WalkForward.of(stored)) == hash(plan)


def test_hash_of_a_plan_tells_every_value_apart():
    plans = [
        WalkForward(),
        WalkForward(first=0.6),
        WalkForward(rolls=(4, 6, 9)),
        WalkForward(spans=3, rolls=(4, 6)),
        WalkForward(fewest_bars=500),
    ]
    assert len({plan.hash for plan in plans}) == len(plans)
    assert all(len(plan.hash) == 64 for plan in plans)


@pytest.mark.parametrize(("n_bars", "spans"), [(999, 0), (1000, 4), (100_000, 4)])
def test_plan_for_too_few_bars_has_no_test_span(n_bars, spans):
    plan = WalkForward.for_bars(n_bars)
    assert plan.spans == spans
    assert (plan.train_stop(n_bars, 0) == n_bars) == (spans == 0)
    assert (plan.last_generation(0) is None) == (spans == 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"first": 0.0}, r"the first window must be a share in \(0, 1\), was 0.0"),
        ({"first": 1.0}, r"was 1.0"),
        ({"first": float("nan")}, r"was nan"),
        ({"spans": -1, "rolls": ()}, "spans must be at least 0, was -1"),
        ({"spans": 2.0, "rolls": (1,)}, "spans must be a whole number, was 2.0"),
        ({"spans": 3}, r"one fewer than the 3 spans, was \(4, 6, 8\)"),
        ({"spans": 0}, r"one fewer than the 0 spans"),
        ({"rolls": (4, 8, 6)}, "ascending generations"),
        ({"rolls": (4, 4, 6)}, "ascending generations"),
        ({"rolls": (4, 6)}, "one fewer than the 4 spans"),
        ({"rolls": (0, 1, 2)}, "the first roll must come after generation 1 or later, was 0"),
        ({"rolls": (1, 2.5, 3)}, r"rolls must be whole numbers, was \(1, 2.5, 3\)"),
        ({"fewest_bars": -1}, "fewest_bars must be at least 0, was -1"),
    ],
)
def test_plan_out_of_bounds_is_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        WalkForward(**values)
