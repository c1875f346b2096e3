"""Moments, PSR and MinTRL: published values, other implementations, the bootstrap, and what must always hold."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from backtest import EvidenceError, ReturnMoments, minimum_track_record_length, probabilistic_sharpe_ratio
from backtest import return_moments as moments_of

YEAR = 250


@st.composite
def moments(draw):
    skewness = draw(st.floats(-5, 5))
    kurtosis = 1.0 + skewness**2 + draw(st.floats(0.01, 50))
    return ReturnMoments(draw(st.integers(2, 10**5)), draw(st.floats(-0.5, 0.5)), skewness, kurtosis)


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "expected"),
    [(0.0, 3.0, 0.982), (-2.448, 10.164, 0.913)],
)
def test_psr_equals_the_published_hedge_fund_example(skewness, kurtosis, expected):
    assert round(probabilistic_sharpe_ratio(ReturnMoments(24, 0.458, skewness, kurtosis)), 3) == expected


def test_min_trl_equals_the_published_years():
    normal = ReturnMoments(0, 2 / YEAR**0.5)
    assert round(minimum_track_record_length(normal, 1 / YEAR**0.5) / YEAR, 2) == 2.73
    monthly = ReturnMoments(0, 2 / 12**0.5, skewness=-0.72, kurtosis=5.78)
    assert round(minimum_track_record_length(monthly, 1 / 12**0.5) / 12, 2) == 4.99


def test_moments_equal_those_of_scipy():
    returns = np.random.default_rng(1).standard_t(4, 3000) * 0.01 + 0.001
    found = moments_of(returns)
    assert found.n_returns == 3000
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1), rel=1e-13)
    assert found.skewness == pytest.approx(stats.skew(returns), rel=1e-12)
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-12)


@pytest.mark.parametrize("returns", [[], [0.01], [0.0] * 50, [0.001] * 50, [1e-14, -1e-14] * 20])
def test_moments_of_returns_that_never_vary_are_nan_and_so_is_all_that_follows(returns):
    found = moments_of(returns)
    assert found.n_returns == len(returns)
    assert all(math.isnan(value) for value in (found.sharpe, found.skewness, found.kurtosis, found.squared_error))
    assert math.isnan(probabilistic_sharpe_ratio(found))
    assert math.isnan(minimum_track_record_length(found))


def test_psr_of_a_single_return_is_nan():
    assert math.isnan(probabilistic_sharpe_ratio(ReturnMoments(1, 0.1)))


def test_psr_without_a_standard_error_is_nan():
    """Two values at SR = 2 / skewness: the estimate of the error is zero, which is not certainty."""
    assert math.isnan(probabilistic_sharpe_ratio(ReturnMoments(100, 1.0, skewness=2.0, kurtosis=5.0)))


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(-20, 10), st.floats(1e-4, 1e4))
def test_moments_do_not_depend_on_scale(seed, exponent, factor):
    returns = np.random.default_rng(seed).normal(0.001, 0.01, 60)
    plain = moments_of(returns)
    assert moments_of(returns * 2.0**exponent) == plain
    scaled = moments_of(returns * factor)
    for name in ("sharpe", "skewness", "kurtosis"):
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name), rel=1e-9, abs=1e-12)


@settings(derandomize=True, deadline=None)
@given(moments(), st.floats(-0.5, 0.5))
def test_psr_equals_the_normal_tail_of_scipy(found, benchmark):
    x = found.sharpe
    error = math.sqrt((1 - found.skewness * x + (found.kurtosis - 1) / 4 * x * x) / (found.n_returns - 1))
    expected = stats.norm.cdf((x - benchmark) / error)
    assert probabilistic_sharpe_ratio(found, benchmark) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@settings(derandomize=True, deadline=None)
@given(moments(), st.integers(1, 10**5))
def test_psr_grows_with_the_record_when_the_benchmark_is_beaten(found, more):
    longer = ReturnMoments(found.n_returns + more, found.sharpe, found.skewness, found.kurtosis)
    gain = probabilistic_sharpe_ratio(longer) - probabilistic_sharpe_ratio(found)
    assert gain >= 0.0 if found.sharpe >= 0.0 else gain <= 0.0


@settings(derandomize=True, deadline=None)
@given(moments(), st.floats(-0.5, 0.5), st.floats(0, 0.5))
def test_psr_falls_with_the_benchmark(found, benchmark, higher):
    assert probabilistic_sharpe_ratio(found, benchmark + higher) <= probabilistic_sharpe_ratio(found, benchmark)


@settings(derandomize=True, deadline=None)
@given(st.integers(2, 10**5), st.floats(-0.5, 0.5), st.floats(0, 0.5))
def test_psr_grows_with_the_sharpe_ratio_of_normal_returns(n, sharpe, more):
    assert probabilistic_sharpe_ratio(ReturnMoments(n, sharpe + more)) >= probabilistic_sharpe_ratio(
        ReturnMoments(n, sharpe)
    )


@settings(derandomize=True, deadline=None)
@given(moments(), st.floats(-0.2, 0.2), st.floats(0.55, 0.99))
def test_psr_at_the_minimum_track_record_is_the_confidence(found, benchmark, confidence):
    length = minimum_track_record_length(found, benchmark, confidence)
    if found.sharpe <= benchmark:
        assert math.isnan(length)
        return
    assume(100 <= length < 1e12 and found.sharpe - benchmark > 1e-4)
    at_length = ReturnMoments(round(length), found.sharpe, found.skewness, found.kurtosis)
    assert probabilistic_sharpe_ratio(at_length, benchmark) == pytest.approx(confidence, abs=5e-3)


@pytest.mark.parametrize("tail", ["normal", "skewed"])
def test_psr_agrees_with_the_bootstrap_of_simulated_returns(tail):
    rng = np.random.default_rng(12)
    noise = rng.normal(0, 1, 2000) if tail == "normal" else 1.0 - rng.gamma(2.0, 0.7, 2000)
    returns = 0.01 * (noise - noise.mean()) / noise.std() + 0.0004
    resampled = returns[rng.integers(0, returns.size, (4000, returns.size))]
    sharpes = resampled.mean(axis=1) / resampled.std(axis=1, ddof=1)
    found = moments_of(returns)
    assert math.sqrt(found.squared_error) == pytest.approx(sharpes.std(), rel=0.06)
    assert probabilistic_sharpe_ratio(found) == pytest.approx(np.mean(sharpes > 0), abs=0.015)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 0.1), "n_returns must be at least 0, was -1"),
        ((10, math.inf), "sharpe must be finite, or NaN where undefined, was inf"),
        ((10, 0.1, 0.0, 0.0), r"kurtosis must be at least skewness\*\*2 \+ 1 = 1, was 0; give the raw kurtosis"),
        ((10, 0.1, -3.0, 7.0), r"must be at least skewness\*\*2 \+ 1 = 10, was 7"),
    ],
)
def test_moments_that_are_impossible_are_refused(arguments, message):
    with pytest.raises(EvidenceError, match=message):
        ReturnMoments(*arguments)


@pytest.mark.parametrize("confidence", [0.5, 1.0, 95.0, math.nan])
def test_min_trl_of_an_impossible_confidence_is_refused(confidence):
    with pytest.raises(EvidenceError, match=r"confidence must be between 0\.5 and 1"):
        minimum_track_record_length(ReturnMoments(10, 0.1), confidence=confidence)


def test_returns_that_are_not_finite_are_refused_with_their_place():
    with pytest.raises(EvidenceError, match="returns must be finite, was nan at 2; leave undefined bars out"):
        moments_of([0.1, 0.2, math.nan])
    with pytest.raises(EvidenceError, match=r"one-dimensional \(bars\), had shape \(2, 1\)"):
        moments_of([[0.1], [0.2]])
