"""DSR, the expected maximum of luck, and MinBTL: published values, exact integrals and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from backtest import (
    EvidenceError,
    ReturnMoments,
    count_trials,
    deflated_sharpe_ratio,
    expected_maximum_normal,
    expected_maximum_sharpe,
    minimum_backtest_length,
    probabilistic_sharpe_ratio,
    return_moments,
)

YEAR = 250
VARIANCE = 0.5 / YEAR


def exact_expected_maximum(n):
    """Return the integral of 1 - F^n above zero and F^n below: another road to the same number."""
    above, _ = integrate.quad(lambda x: -np.expm1(n * stats.norm.logcdf(x)), 0, 12, limit=400)
    below, _ = integrate.quad(lambda x: stats.norm.cdf(x) ** n, -12, 0, limit=400)
    return above - below


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "n_trials", "expected"),
    [(-3.0, 10.0, 100, 0.9004), (-3.0, 10.0, 46, 0.9505), (0.0, 3.0, 88, 0.9505)],
)
def test_dsr_equals_the_published_example(skewness, kurtosis, n_trials, expected):
    moments = ReturnMoments(1250, 2.5 / YEAR**0.5, skewness, kurtosis)
    assert round(deflated_sharpe_ratio(moments, n_trials, VARIANCE), 4) == expected


def test_expected_maximum_sharpe_equals_the_published_example():
    assert round(expected_maximum_sharpe(100, VARIANCE), 4) == 0.1132


def test_expected_maximum_of_ten_equals_the_published_values():
    assert round(expected_maximum_normal(10), 4) == 1.5746
    assert round(exact_expected_maximum(10), 4) == 1.5388


def test_minimum_backtest_length_equals_the_published_five_years():
    assert f"{minimum_backtest_length(45, target_sharpe=1.0):.2f}" == "5.00"


@pytest.mark.parametrize("n", [3, 5, 10, 45, 100, 1000, 50_000])
def test_expected_maximum_is_above_the_exact_value_by_little(n):
    ratio = expected_maximum_normal(n) / exact_expected_maximum(n)
    assert 1.0 < ratio < 1.026


def test_expected_maximum_agrees_with_simulation():
    rng = np.random.default_rng(4)
    for n in (20, 200, 1000):
        highest = rng.standard_normal((4000, n)).max(axis=1)
        error = highest.std() / math.sqrt(highest.size)
        assert expected_maximum_normal(n) == pytest.approx(highest.mean(), abs=4 * error + 0.02 * highest.mean())


def test_expected_maximum_of_one_is_zero():
    assert expected_maximum_normal(1) == 0.0
    assert expected_maximum_sharpe(1, math.nan) == 0.0
    assert minimum_backtest_length(1) == 0.0


@settings(derandomize=True, deadline=None)
@given(st.floats(1, 1e15), st.floats(1, 1e3))
def test_expected_maximum_never_falls_with_the_number(n, factor):
    assert 0.0 <= expected_maximum_normal(n) <= expected_maximum_normal(n * factor)


@settings(derandomize=True, deadline=None)
@given(
    st.integers(2, 10**5), st.floats(-0.3, 0.3), st.floats(-3, 3), st.floats(0.01, 20),
    st.floats(2, 1e9), st.floats(0, 1), st.floats(1, 100),
)  # fmt: skip
def test_dsr_is_at_most_psr_and_falls_with_trials_and_variance(n, sharpe, skewness, more, n_trials, variance, factor):
    moments = ReturnMoments(n, sharpe, skewness, skewness**2 + 1 + more)
    dsr = deflated_sharpe_ratio(moments, n_trials, variance)
    assert dsr <= probabilistic_sharpe_ratio(moments)
    assert deflated_sharpe_ratio(moments, n_trials * factor, variance) <= dsr
    assert deflated_sharpe_ratio(moments, n_trials, variance * factor) <= dsr


def test_dsr_of_one_trial_is_the_psr_whatever_the_variance():
    moments = ReturnMoments(1250, 0.1, -1.0, 6.0)
    assert deflated_sharpe_ratio(moments, 1, math.nan) == probabilistic_sharpe_ratio(moments)


def test_dsr_with_an_undefined_variance_or_sharpe_ratio_is_nan():
    assert math.isnan(deflated_sharpe_ratio(ReturnMoments(1250, 0.1), 5, math.nan))
    assert math.isnan(deflated_sharpe_ratio(return_moments([0.0] * 9), 5, 0.01))


def best_of_edgeless_trials(rng, n_trials):
    returns = rng.standard_t(5, (750, n_trials)) * 0.01
    count = count_trials(returns)
    best = returns[:, np.argmax(returns.mean(axis=0) / returns.std(axis=0))]
    return deflated_sharpe_ratio(return_moments(best), count.n_clusters, count.sharpe_variance)


def test_dsr_of_the_best_of_edgeless_trials_is_near_one_half():
    rng = np.random.default_rng(9)
    values = [best_of_edgeless_trials(rng, 60) for _ in range(80)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.08)
    assert np.mean(np.array(values) > 0.95) <= 0.05


@pytest.mark.parametrize("n", [0, 0.99, -3, math.nan, math.inf])
def test_number_of_trials_below_one_is_refused(n):
    with pytest.raises(EvidenceError, match="number of trials must be finite and at least 1, was"):
        expected_maximum_sharpe(n, 0.1)


@pytest.mark.parametrize("variance", [-1e-9, math.inf])
def test_impossible_variance_is_refused(variance):
    with pytest.raises(EvidenceError, match="variance of the trials' Sharpe ratios must be finite and at least 0, was"):
        expected_maximum_sharpe(10, variance)


@pytest.mark.parametrize("target", [0.0, -1.0, math.inf, math.nan])
def test_minimum_backtest_length_of_an_impossible_target_is_refused(target):
    with pytest.raises(EvidenceError, match="target_sharpe must be positive and finite, was"):
        minimum_backtest_length(10, target)
