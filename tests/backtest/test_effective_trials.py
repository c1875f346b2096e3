"""The effective number of trials: planted clusters, order, storage, and the null of a real search."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest import (
    Costs,
    EvidenceError,
    TrialClusters,
    bar_returns,
    count_trials,
    deflated_sharpe_ratio,
    prepare,
    return_moments,
    run,
)
from market import Candles
from strategies import StrategySpec, available, get


def planted(rng, n_bars, sizes, correlation):
    """Return blocks of trials that share one factor each, in random order, and the block of each trial."""
    block = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    factor = rng.normal(0, 1, (n_bars, len(sizes)))
    own = rng.normal(0, 1, (n_bars, block.size))
    returns = np.sqrt(correlation) * factor[:, block] + np.sqrt(1 - correlation) * own
    return 0.01 * returns * rng.uniform(0.1, 10, block.size), block


@pytest.mark.parametrize("correlation", [0.8, 0.95])
@pytest.mark.parametrize("sizes", [[50] * 6, [200, 1, 1, 60, 7], [1] * 40])
def test_count_of_planted_blocks_is_their_number(correlation, sizes):
    returns, block = planted(np.random.default_rng(1), 1500, sizes, correlation)
    clusters = TrialClusters(1500)
    labels = clusters.add(returns)
    assert clusters.count().n_clusters == len(sizes)
    assert clusters.count().n_trials == sum(sizes)
    pairs = set(zip(labels.tolist(), block.tolist(), strict=True))
    assert len(pairs) == len(sizes)  # one cluster a block, one block a cluster


def test_count_of_blocks_looser_than_the_threshold_errs_to_the_strict_side():
    returns, _ = planted(np.random.default_rng(2), 1500, [50] * 6, 0.4)
    assert 6 < count_trials(returns, threshold=0.7).n_clusters <= 300
    assert count_trials(returns, threshold=0.25).n_clusters == 6


def test_count_of_equal_columns_is_one():
    one = np.random.default_rng(3).normal(0.001, 0.01, (700, 1))
    count = count_trials(one * np.linspace(0.1, 5, 300))
    assert (count.n_trials, count.n_clusters) == (300, 1)
    assert np.isnan(count.sharpe_variance)
    assert count.raw_sharpe_variance == pytest.approx(0.0, abs=1e-20)


def test_count_of_independent_columns_is_their_number():
    returns = np.random.default_rng(4).normal(0, 0.01, (1000, 600))
    count = count_trials(returns)
    assert count.n_clusters == 600
    assert count.sharpe_variance == pytest.approx(count.raw_sharpe_variance, rel=1e-5)
    assert count.sharpe_variance == pytest.approx(1 / 1000, rel=0.2)


def test_count_of_a_strategy_and_its_opposite_is_two():
    one = np.random.default_rng(5).normal(0.001, 0.01, (500, 1))
    assert count_trials(np.hstack([one, -one, one])).n_clusters == 2


def test_count_leaves_out_trials_that_never_traded():
    returns = np.zeros((300, 5))
    returns[:, 2] = np.random.default_rng(6).normal(0, 0.01, 300)
    returns[:, 4] = 0.001
    clusters = TrialClusters(300)
    assert clusters.add(returns).tolist() == [-1, -1, 0, -1, -1]
    count = clusters.count()
    assert (count.n_trials, count.n_clusters, count.n_flat) == (1, 1, 4)
    empty = count_trials(np.zeros((300, 3)))
    assert (empty.n_trials, empty.n_clusters, empty.n_flat) == (0, 0, 3)
    assert np.isnan(empty.sharpe_variance)


def test_sharpe_ratio_of_a_cluster_is_that_of_its_mean_standardised_return():
    returns, _ = planted(np.random.default_rng(7), 800, [30, 20, 1], 0.9)
    clusters = TrialClusters(800)
    labels = clusters.add(returns)
    found = clusters.sharpe_ratios()
    expected = []
    for label in range(3):
        members = returns[:, labels == label]
        mean = (members / members.std(axis=0, ddof=1)).mean(axis=1)
        expected.append(mean.mean() / mean.std(ddof=1))
    assert found == pytest.approx(expected, rel=1e-4)
    assert clusters.count().sharpe_variance == pytest.approx(np.var(expected, ddof=1), rel=1e-3)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 400), min_size=1, max_size=5),
    st.floats(0.3, 0.9),
    st.sampled_from([1, 5, 4096]),
)
def test_clusters_do_not_depend_on_how_trials_are_divided_into_calls(seed, cuts, threshold, most):
    """At loose correlations many decisions are close; every one must fall the same way."""
    returns, _ = planted(np.random.default_rng(seed), 60, [100, 200, 150], 0.7)
    together, apart = TrialClusters(60, threshold, most), TrialClusters(60, threshold, most)
    whole = together.add(returns)
    edges = [0, *sorted({min(cut, 450) for cut in cuts}), 450]
    pieces = [apart.add(returns[:, a:b]) for a, b in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert together.count() == apart.count()


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 0.95))
def test_clusters_are_a_packing_leaders_apart_and_members_near(seed, threshold):
    returns, _ = planted(np.random.default_rng(seed), 40, [30, 40, 20], 0.6)
    labels = TrialClusters(40, threshold).add(returns)
    correlation = np.corrcoef(returns.T)
    leaders = [int(np.argmax(labels == label)) for label in range(labels.max() + 1)]
    assert labels.min() == 0
    apart = correlation[np.ix_(leaders, leaders)] - 2 * np.eye(len(leaders))
    assert apart.max() < threshold + 1e-6
    for trial, label in enumerate(labels):
        assert correlation[trial, leaders[label]] >= threshold - 1e-6
        earlier = [leader for leader in leaders if leader <= trial]
        assert correlation[trial, leaders[label]] >= correlation[trial, earlier].max() - 1e-6


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_clusters_beyond_the_most_leaders_are_counted_and_never_too_few(seed, most):
    returns, _ = planted(np.random.default_rng(seed), 60, [3] * 30 + [1] * 20, 0.8)
    bounded, free = TrialClusters(60, most_leaders=most), TrialClusters(60)
    labels, unbounded = bounded.add(returns), free.add(returns)
    count, least = bounded.count(), free.count().n_clusters
    assert len(bounded.to_arrays()["leaders"]) == min(most, least)
    assert least <= count.n_clusters == len(set(labels.tolist())) <= count.n_trials
    assert count.raw_sharpe_variance == free.count().raw_sharpe_variance
    if least <= most:
        np.testing.assert_array_equal(labels, unbounded)
        assert count == free.count()
    late = [label for label in labels if label >= most]
    assert late == list(range(most, most + len(late)))  # each by itself


def test_variance_of_bounded_clusters_is_that_of_leaders_and_of_those_alone():
    returns, _ = planted(np.random.default_rng(10), 800, [20, 30, 1, 1, 1, 1], 0.9)
    clusters = TrialClusters(800, most_leaders=2)
    labels = clusters.add(returns)
    own = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    ratios = [*clusters.sharpe_ratios(), *own[labels >= 2]]
    assert len(ratios) == clusters.count().n_clusters > 4
    assert clusters.count().sharpe_variance == pytest.approx(np.var(ratios, ddof=1), rel=1e-9)


def test_clusters_at_a_power_of_two_of_the_scale_are_the_same():
    returns, _ = planted(np.random.default_rng(8), 100, [30, 40, 20], 0.6)
    plain, scaled = TrialClusters(100), TrialClusters(100)
    np.testing.assert_array_equal(plain.add(returns), scaled.add(returns * 2.0**-7))
    assert plain.count() == scaled.count()


@pytest.mark.parametrize("most", [2, 3, 4096])
def test_clusters_that_were_stored_go_on_as_if_there_had_been_no_break(tmp_path, most):
    returns, _ = planted(np.random.default_rng(9), 300, [100] * 5, 0.72)
    whole = TrialClusters(300, 0.6, most)
    whole.add(returns)
    first = TrialClusters(300, 0.6, most)
    first.add(returns[:, :333])
    np.savez(tmp_path / "clusters.npz", **first.to_arrays())
    with np.load(tmp_path / "clusters.npz") as stored:
        second = TrialClusters.from_arrays(stored, most)
    second.add(returns[:, 333:])
    assert second.count() == whole.count()
    for name, array in whole.to_arrays().items():
        np.testing.assert_array_equal(second.to_arrays()[name], array)


def test_clusters_stored_in_pieces_are_refused():
    arrays = TrialClusters(10).to_arrays()
    with pytest.raises(EvidenceError, match="stored clusters must have alone, n_flat, sums; count the trials anew"):
        TrialClusters.from_arrays({name: arrays[name] for name in ("threshold", "leaders", "totals", "moments")})
    for wrong in ({"totals": np.array([0.1])}, {"moments": np.zeros(2)}, {"alone": np.array([1.0, 0.1, 0.0])}):
        with pytest.raises(EvidenceError, match="stored clusters contradict each other"):
            TrialClusters.from_arrays(arrays | wrong)
    led = TrialClusters(10)
    led.add(np.random.default_rng(11).normal(0, 0.01, (10, 30)))
    with pytest.raises(EvidenceError, match="of at most 1,"):
        TrialClusters.from_arrays(led.to_arrays(), most_leaders=1)


def test_clusters_of_many_trials_are_kept_in_as_little_as_those_of_few():
    returns, _ = planted(np.random.default_rng(4), 300, [20] * 5, 0.72)
    clusters = TrialClusters(300, 0.6)
    sizes = []
    for _ in range(10):
        clusters.add(returns)
        sizes.append(sum(array.nbytes for array in clusters.to_arrays().values()))
    assert len(set(sizes)) == 1
    assert clusters.count().n_trials == 1000


def test_variance_of_trials_is_that_of_all_their_sharpe_ratios():
    returns, _ = planted(np.random.default_rng(6), 300, [40] * 5, 0.5)
    clusters = TrialClusters(300)
    clusters.add(returns)
    sharpes = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    assert clusters.count().raw_sharpe_variance == pytest.approx(sharpes.var(ddof=1), rel=1e-12)


def test_clusters_of_no_trials_are_empty():
    clusters = TrialClusters(10)
    assert clusters.add(np.empty((10, 0))).shape == (0,)
    assert clusters.sharpe_ratios().shape == (0,)
    assert clusters.count().n_clusters == 0
    assert TrialClusters.from_arrays(clusters.to_arrays()).count().n_trials == 0


@pytest.mark.parametrize(
    ("n_returns", "threshold", "message"),
    [(1, 0.7, "n_returns must be at least 2"), (10, 0.05, r"threshold must be in \[0.1, 0.999\], was 0.05"),
     (10, 1.0, "was 1.0"), (10, float("nan"), "was nan")],
)  # fmt: skip
def test_clusters_out_of_bounds_are_refused(n_returns, threshold, message):
    with pytest.raises(EvidenceError, match=message):
        TrialClusters(n_returns, threshold)


def test_clusters_without_any_leader_are_refused():
    with pytest.raises(EvidenceError, match="most_leaders must be at least 1, was 0"):
        TrialClusters(10, most_leaders=0)


def test_trials_of_other_data_are_refused():
    with pytest.raises(EvidenceError, match="must have the 10 bars of their data set, had 9"):
        TrialClusters(10).add(np.zeros((9, 2)))


def random_walk(rng, n_bars):
    close = 100 * np.exp(np.cumsum(0.004 * rng.standard_t(4, n_bars)))
    open_ = np.append(100.0, close[:-1])
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    return Candles.from_arrays(
        np.arange(n_bars) * 3_600_000, open_, high, low, close, np.ones(n_bars), symbol="X/USDT:USDT", timeframe="1h"
    )


def returns_of_a_search(rng, n_bars, n_first, n_bred):
    """Return the returns of random strategies and of neighbours of the best, on prices without an edge or costs."""
    candles = prepare(random_walk(rng, n_bars))
    genomes, columns = [], []

    def evaluate(name, genes):
        values = {}
        for parameter, gene in zip((p for p in get(name).parameters if p.name != "quantity"), genes, strict=True):
            low, high = parameter.search_low, parameter.search_high
            value = low * (high / low) ** gene if parameter.log and low > 0 else low + (high - low) * gene
            values[parameter.name] = round(value) if parameter.integer else value
        genomes.append((name, genes))
        columns.append(bar_returns(run(StrategySpec(name, values | {"quantity": 1.0}), candles, Costs(0, 0))))

    def sharpe(column):
        return column.mean() / column.std() if column.std() > 1e-12 else -9.0

    for i in range(n_first):
        name = available()[i % len(available())]
        evaluate(name, rng.random(sum(p.name != "quantity" for p in get(name).parameters)))
    for _ in range(n_bred // 100):
        for k in np.argsort([sharpe(column) for column in columns])[-20:]:
            for _ in range(5):
                name, genes = genomes[k]
                evaluate(name, np.clip(genes + rng.normal(0, 0.05, genes.size), 0, 1))
    return np.column_stack(columns), int(np.argmax([sharpe(column) for column in columns]))


def deflated_best(seed, *sizes):
    returns, best = returns_of_a_search(np.random.default_rng(seed), *sizes)
    count = count_trials(returns)
    return deflated_sharpe_ratio(return_moments(returns[:, best]), count.n_clusters, count.sharpe_variance)


def test_dsr_of_the_best_of_an_edgeless_search_does_not_pass():
    values = [deflated_best(seed, 1500, 100, 100) for seed in range(6)]
    assert 0.2 < np.mean(values) < 0.8
    assert sum(value > 0.95 for value in values) <= 1


@pytest.mark.long
def test_dsr_of_the_best_of_an_edgeless_search_is_near_one_half_over_many_searches():
    values = np.array([deflated_best(1000 + seed, 3000, 300, 600) for seed in range(40)])
    assert values.mean() == pytest.approx(0.5, abs=0.15)
    assert np.mean(values > 0.95) <= 0.05
