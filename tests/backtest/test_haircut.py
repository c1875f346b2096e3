"""The Bonferroni haircut and the Student tail below it, against scipy."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from backtest import EvidenceError, ReturnMoments, bonferroni_haircut
from backtest.student_t import log_tail


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.floats(0, 60), st.integers(1, 200_000))
def test_log_tail_equals_that_of_scipy(t, degrees):
    expected = stats.t.sf(t, degrees)
    if expected > 1e-290:
        assert log_tail(t, degrees) == pytest.approx(math.log(expected), rel=1e-8, abs=1e-10)


def test_log_tail_beyond_the_smallest_float_approaches_the_normal_one():
    assert log_tail(50.0, 10**8) == pytest.approx(stats.norm.logsf(50.0), rel=1e-4)


@settings(derandomize=True, deadline=None)
@given(st.integers(5, 50_000), st.floats(0.05, 20), st.floats(1, 1e6))
def test_haircut_equals_the_formulas_of_the_paper_in_scipy(n, t, n_trials):
    cut = bonferroni_haircut(ReturnMoments(n, t / math.sqrt(n)), n_trials)
    single = 2 * stats.t.sf(t, n - 1)
    adjusted = min(1.0, n_trials * single)
    left = stats.t.isf(adjusted / 2, n - 1) / math.sqrt(n)
    assert cut.p_value == pytest.approx(single, rel=1e-7)
    assert cut.adjusted_p_value == pytest.approx(adjusted, rel=1e-7)
    assert cut.sharpe == pytest.approx(left, rel=1e-6, abs=1e-8)
    assert cut.haircut == pytest.approx(1 - cut.sharpe * math.sqrt(n) / t, abs=1e-9)


@settings(derandomize=True, deadline=None)
@given(st.integers(5, 50_000), st.floats(0.001, 2), st.floats(1, 1e6), st.floats(1, 10))
def test_haircut_grows_with_trials_and_never_adds(n, sharpe, n_trials, factor):
    cut = bonferroni_haircut(ReturnMoments(n, sharpe), n_trials)
    more = bonferroni_haircut(ReturnMoments(n, sharpe), n_trials * factor)
    assert 0.0 <= more.sharpe <= cut.sharpe <= sharpe
    assert 0.0 <= cut.haircut <= more.haircut <= 1.0


def test_haircut_of_a_single_trial_takes_nothing():
    cut = bonferroni_haircut(ReturnMoments(240, 0.3), 1)
    assert cut.p_value == cut.adjusted_p_value
    assert cut.sharpe == pytest.approx(0.3, rel=1e-12)


def test_haircut_of_a_p_value_below_the_smallest_float_keeps_its_order():
    cut = bonferroni_haircut(ReturnMoments(8760, 0.6), 50_000)
    assert cut.p_value == 0.0
    assert 0.55 < cut.sharpe < 0.6


def test_haircut_of_a_loser_claims_nothing():
    cut = bonferroni_haircut(ReturnMoments(240, -0.5), 100)
    assert (cut.p_value, cut.adjusted_p_value, cut.sharpe) == (1.0, 1.0, -0.5)
    assert math.isnan(cut.haircut)


@pytest.mark.parametrize("moments", [ReturnMoments(1, 0.5), ReturnMoments(100, math.nan)])
def test_haircut_of_an_undefined_sharpe_ratio_is_nan(moments):
    cut = bonferroni_haircut(moments, 10)
    assert all(math.isnan(value) for value in (cut.p_value, cut.adjusted_p_value, cut.sharpe, cut.haircut))


def test_haircut_without_trials_is_refused():
    with pytest.raises(EvidenceError, match="number of trials must be finite and at least 1, was 0"):
        bonferroni_haircut(ReturnMoments(100, 0.1), 0)
