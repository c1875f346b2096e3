"""Trial statistics: the hurdle of luck, against formulas written out, scipy, and searches where there is no edge."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from backtest import (
    Costs,
    EvidenceError,
    ReturnMoments,
    TrialClusters,
    TrialStatistics,
    add_trials,
    bar_returns,
    count_trials,
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    full_window_moments,
    interval_returns,
    prepare,
    probabilistic_sharpe_ratio,
    return_moments,
    run,
    trial_clusters,
)
from backtest.trial_statistics import INTERVALS
from market import synthetic_candles
from strategies import StrategySpec

CANDLES = prepare(synthetic_candles(symbol="BTC/USDT:USDT", bars=600, seed=4))
NEVER = StrategySpec("momentum", {"lookback_period": 20, "threshold": 1.0})


def searched(n):
    """Return n distinct strategies of two types."""
    specs = []
    for i in range(n):
        lookback = 3 + i // 2
        if i % 2:
            specs.append(StrategySpec("momentum", {"lookback_period": lookback, "threshold": 0.002}))
        else:
            specs.append(StrategySpec("mean_reversion", {"lookback_period": lookback, "std_multiplier": 1.0}))
    return specs


def statistics(n_effective, n_returns=5000, n_trials=None):
    return TrialStatistics(n_effective if n_trials is None else n_trials, n_effective, n_returns, math.nan)


@pytest.mark.parametrize("n", [2, 7, 100, 4321])
def test_hurdle_is_the_expected_maximum_of_that_many_sharpe_ratios_of_no_edge(n):
    quantile, euler = stats.norm.ppf, np.euler_gamma
    maximum = (1 - euler) * quantile(1 - 1 / n) + euler * quantile(1 - 1 / (n * math.e))
    found = statistics(n, n_returns=1001)
    assert found.luck == pytest.approx(1 / 1000)
    assert found.hurdle == pytest.approx(maximum / math.sqrt(1000), rel=1e-9)
    assert found.hurdle == expected_maximum_sharpe(n, 1 / 1000)
    assert found.annual_hurdle(8760.0) == pytest.approx(maximum * math.sqrt(8.760), rel=1e-9)


def test_hurdle_is_the_mean_of_the_best_sharpe_ratio_of_random_returns():
    rng = np.random.default_rng(1)
    returns = rng.normal(0.0, 0.01, (1000, 40, 250))  # searches, strategies, bars
    best = (returns.mean(axis=2) / returns.std(axis=2, ddof=1)).max(axis=1)
    assert best.mean() == pytest.approx(statistics(40, n_returns=250).hurdle, rel=0.04)


def test_dsr_is_that_of_the_paper_at_the_variance_of_luck():
    returns = np.random.default_rng(2).standard_t(5, 3000) * 0.004 + 0.0004
    x = returns.mean() / returns.std(ddof=1)
    g3, g4 = stats.skew(returns), stats.kurtosis(returns, fisher=False)
    found = statistics(25, n_returns=3000, n_trials=900)
    for n, dsr in [(25, found.dsr), (900, found.dsr_raw)]:
        hurdle = expected_maximum_sharpe(n, 1 / 2999)
        z = (x - hurdle) * math.sqrt(2999) / math.sqrt(1 - g3 * x + (g4 - 1) / 4 * x * x)
        assert dsr(return_moments(returns)) == pytest.approx(stats.norm.cdf(z), abs=1e-12)
        assert dsr(return_moments(returns)) == deflated_sharpe_ratio(return_moments(returns), n, 1 / 2999)


def test_dsr_of_a_single_trial_is_its_psr():
    moments = return_moments(np.random.default_rng(3).normal(0.0005, 0.01, 2000))
    assert statistics(1).dsr(moments) == statistics(1).dsr_raw(moments) == probabilistic_sharpe_ratio(moments)
    assert statistics(1).hurdle == 0.0


def test_dsr_of_a_strategy_that_never_traded_is_undefined():
    moments = full_window_moments(NEVER, CANDLES)
    assert math.isnan(statistics(10).dsr(moments))
    assert math.isnan(statistics(10).dsr_raw(moments))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(2, 10**6), st.floats(-0.3, 0.3))
def test_dsr_by_the_raw_number_is_never_above_that_by_the_effective_one(n_trials, n_effective, n_returns, sharpe):
    found = statistics(n_effective, n_returns, n_trials)
    moments = ReturnMoments(n_returns, sharpe)
    assert 0.0 <= found.dsr_raw(moments) <= found.dsr(moments) <= probabilistic_sharpe_ratio(moments) <= 1.0


@pytest.mark.parametrize("n", [1, 2, 10, 60])
def test_dsr_of_the_best_of_independent_strategies_of_no_edge_exceeds_95_per_cent_in_5_per_cent_at_most(n):
    """Everything as in a run: the trials are counted by their clusters, and the best of them is deflated."""
    rng = np.random.default_rng(n)
    searches, n_bars = 600, 300
    values, counted = [], set()
    for _ in range(searches):
        returns = 0.01 * rng.standard_t(5, (n_bars, n)) * rng.uniform(0.2, 5.0, n)
        clusters = TrialClusters(n_bars)
        clusters.add(returns)
        found = TrialStatistics.of(clusters, n_bars, n)
        counted.add(found.n_effective)
        best = np.argmax(returns.mean(axis=0) / returns.std(axis=0))
        values.append(found.dsr(return_moments(returns[:, best])))
    assert counted == {n}
    passed = np.mean(np.array(values) > 0.95)
    assert passed <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / searches)
    assert np.median(values) == pytest.approx(0.5, abs=0.12)  # and luck is not asked for more than it has


def test_dsr_passes_a_lasting_edge_however_many_were_tried():
    """An annual Sharpe ratio of 5 over three years of hours, the best of 100,000 independent ideas."""
    hours = 3 * 8760
    moments = ReturnMoments(hours, 5.0 / math.sqrt(8760), kurtosis=8.0)
    assert statistics(100_000, hours).dsr(moments) > 0.99
    assert 2.0 < statistics(100_000, hours).annual_hurdle(8760.0) < 3.0


def test_statistics_of_clusters_are_those_of_returns_summed_over_intervals():
    candles = prepare(synthetic_candles(symbol="BTC/USDT:USDT", bars=4000, seed=4))
    specs, costs = searched(24), Costs(3, 1)
    clusters = trial_clusters(candles)
    add_trials(clusters, specs, candles, costs)
    found = TrialStatistics.of(clusters, len(candles), 77)
    edges = [i * 4000 // INTERVALS for i in range(INTERVALS + 1)]
    summed = [
        [math.fsum(returns[a:b]) for a, b in pairwise(edges)]
        for returns in (bar_returns(run(spec, candles, costs)) for spec in specs)
    ]
    count = count_trials(np.array(summed).T)
    assert (found.n_trials, found.n_effective, found.n_returns) == (77, count.n_clusters, 4000)
    assert 1 < count.n_clusters < 24
    assert found.cluster_variance == pytest.approx(count.sharpe_variance * INTERVALS / 4000, rel=1e-6)


def test_cluster_variance_is_that_per_bar_where_returns_are_uncorrelated_in_time():
    rng = np.random.default_rng(5)
    returns = rng.normal(0.0, 0.01, (4 * 500, 300))
    clusters = TrialClusters(500)
    clusters.add(returns.reshape(500, 4, 300).sum(axis=1))
    per_bar = (returns.mean(axis=0) / returns.std(axis=0, ddof=1)).var(ddof=1)
    assert TrialStatistics.of(clusters, 2000, 300).cluster_variance == pytest.approx(per_bar, rel=0.05)


@pytest.mark.parametrize("portions", [[1], [3, 10, 200], [512], [513], [300, 300]])
def test_trials_added_in_portions_are_those_added_at_once(portions):
    """600 are more than are computed at once, and clusters may be stored between two portions."""
    specs = searched(600)
    together, apart = trial_clusters(CANDLES), trial_clusters(CANDLES)
    add_trials(together, iter(specs), CANDLES)
    start = 0
    for size in [*portions, len(specs)]:
        add_trials(apart, specs[start : start + size], CANDLES)
        apart = TrialClusters.from_arrays(apart.to_arrays())
        start += size
    assert together.count() == apart.count()
    assert together.count().n_trials + together.count().n_flat == 600
    for name, array in together.to_arrays().items():
        np.testing.assert_array_equal(apart.to_arrays()[name], array)


def test_trials_are_added_at_the_costs_and_the_sides_of_the_market():
    spot = prepare(synthetic_candles(symbol="BTC/USDT", bars=600, seed=4))
    clusters = trial_clusters(spot)
    add_trials(clusters, searched(8), spot, Costs(7, 2))
    returns = interval_returns(searched(8), spot, Costs(7, 2), sides="long", n_intervals=600)
    expected = TrialClusters(600)
    expected.add(returns)
    for name, array in expected.to_arrays().items():
        np.testing.assert_array_equal(clusters.to_arrays()[name], array)


@pytest.mark.parametrize(("bars", "expected"), [(600, 600), (INTERVALS, INTERVALS), (INTERVALS + 1, INTERVALS)])
def test_trial_clusters_have_a_return_a_bar_or_as_many_as_there_are_intervals(bars, expected):
    candles = prepare(synthetic_candles(bars=bars, seed=1))
    assert trial_clusters(candles).n_returns == expected
    add_trials(trial_clusters(candles), searched(1), candles)  # the lengths fit each other


def test_statistics_of_no_trials_are_those_of_a_single_one():
    clusters = trial_clusters(CANDLES)
    add_trials(clusters, [], CANDLES)
    add_trials(clusters, [NEVER], CANDLES)
    found = TrialStatistics.of(clusters, 600, 0)
    assert (found.n_trials, found.n_effective, found.hurdle) == (1, 1, 0.0)
    assert math.isnan(found.cluster_variance)


def test_raw_number_of_trials_is_never_below_the_effective_one():
    clusters = trial_clusters(CANDLES)
    add_trials(clusters, searched(30), CANDLES)
    found = TrialStatistics.of(clusters, 600, 2)
    assert found.n_trials >= found.n_effective > 2


def test_trial_clusters_of_a_single_candle_are_refused():
    with pytest.raises(EvidenceError, match="n_returns must be at least 2"):
        trial_clusters(prepare(CANDLES.candles[:1]))
