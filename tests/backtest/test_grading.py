"""Grades: every condition is needed, nothing undefined passes, and the reason says what is missing."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest import Evidence, EvidenceError, GradeRule, grade, requirements

PROVEN = Evidence(oos_scs=65.0, oos_trades=30, excess=0.01, psr=0.99, dsr=0.95)


def test_evidence_at_every_bound_is_grade_a():
    assert grade(PROVEN).letter == "A"
    assert grade(PROVEN).reason == "A: all evidence is there"


@pytest.mark.parametrize(
    ("change", "letter", "reason"),
    [
        ({"oos_trades": 29}, "C", "29 out-of-sample trades, needs 30"),
        ({"oos_scs": 64.99}, "C", "out-of-sample score 64.9, needs 65"),
        ({"oos_scs": math.nan}, "C", "out-of-sample score undefined, needs 65"),
        ({"excess": 0.0}, "C", "excess over buy-and-hold 0.0000 a year, needs more than 0"),
        ({"excess": math.nan}, "C", "excess over buy-and-hold undefined a year, needs more than 0"),
        ({"dsr": 0.9499}, "B", "deflated Sharpe ratio 0.949, needs 0.95"),
        ({"dsr": math.nan}, "B", "deflated Sharpe ratio undefined, needs 0.95"),
        ({"dsr": 0.5, "psr": 0.9}, "C", "probabilistic Sharpe ratio 0.900, needs 0.95"),
        ({"dsr": math.nan, "psr": math.nan}, "C", "probabilistic Sharpe ratio undefined, needs 0.95"),
    ],
)
def test_one_thing_missing_is_the_reason(change, letter, reason):
    found = grade(replace(PROVEN, **change))
    assert found.letter == letter
    assert found.reason == f"{letter}: {reason}"


def test_no_evidence_at_all_says_so():
    assert grade(Evidence()).reason == "C: no out-of-sample evidence yet"


@given(
    st.floats(allow_nan=True), st.integers(0, 10**6), st.floats(allow_nan=True), st.floats(0, 1) | st.just(math.nan),
    st.floats(0, 1) | st.just(math.nan),
)  # fmt: skip
def test_only_complete_evidence_passes(oos_scs, oos_trades, excess, psr, dsr):
    letter = grade(Evidence(oos_scs, oos_trades, excess, psr, dsr)).letter
    complete = oos_scs >= 65 and oos_trades >= 30 and excess > 0
    assert (letter == "A") == (complete and dsr >= 0.95)
    assert (letter == "B") == (complete and psr >= 0.95 and not dsr >= 0.95)


def test_rule_of_the_configuration_is_followed():
    assert grade(PROVEN, GradeRule(oos_scs=80)).reason == "C: out-of-sample score 65.0, needs 80"
    assert grade(replace(PROVEN, oos_trades=5), GradeRule(oos_trades=5)).letter == "A"


@given(
    st.floats(allow_nan=True), st.integers(0, 100), st.floats(allow_nan=True), st.floats(0, 1) | st.just(math.nan),
    st.floats(0, 1) | st.just(math.nan),
)  # fmt: skip
def test_grade_is_what_its_requirements_say(oos_scs, oos_trades, excess, psr, dsr):
    evidence = Evidence(oos_scs, oos_trades, excess, psr, dsr)
    asked = requirements(evidence)
    met = {letter: all(one.met for one in asked if letter in one.grades) for letter in "AB"}
    found = grade(evidence)
    assert found.letter == ("A" if met["A"] else "B" if met["B"] else "C")
    assert {one.name for one in asked} == {"oos_trades", "oos_scs", "excess", "psr", "dsr"}
    if found.missing and found.missing != ("no out-of-sample evidence yet",):
        assert set(found.missing) <= {one.missing for one in asked if not one.met}


def test_requirement_shows_what_just_misses_its_bound_below_it():
    (score,) = [one for one in requirements(replace(PROVEN, oos_scs=64.99)) if one.name == "oos_scs"]
    assert (score.shown, score.needed, score.met, score.grades) == ("64.9", 65.0, False, "AB")
    (_, _, excess, psr, dsr) = requirements(replace(PROVEN, excess=-0.00001, psr=0.94999, dsr=0.9496))
    assert [one.shown for one in (excess, psr, dsr)] == ["-0.0001", "0.949", "0.949"]
    (score,) = [one for one in requirements(PROVEN, GradeRule(oos_scs=50)) if one.name == "oos_scs"]
    assert (score.needed, score.met) == (50, True)


@pytest.mark.parametrize(("oos_scs", "shown"), [(19.56, "19.6"), (64.94, "64.9"), (65.0, "65.0"), (79.97, "80.0")])
def test_requirement_shows_any_other_value_as_tables_do(oos_scs, shown):
    (score,) = [one for one in requirements(replace(PROVEN, oos_scs=oos_scs)) if one.name == "oos_scs"]
    assert score.shown == shown == f"{oos_scs:.1f}"


@pytest.mark.parametrize("wrong", [{"oos_scs": 101.0}, {"oos_trades": 0}, {"confidence": 1.0}, {"oos_scs": math.nan}])
def test_rule_out_of_bounds_is_refused(wrong):
    with pytest.raises(EvidenceError, match="must be"):
        GradeRule(**wrong)
