"""PBO by CSCV: known cases, a brute-force oracle in plain Python, null behaviour, invariances."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from backtest import EvidenceError, probability_of_backtest_overfitting


def sharpe_of(values):
    n = len(values)
    mean = sum(values) / n
    variance = sum((value - mean) ** 2 for value in values) / (n - 1)
    return mean / math.sqrt(variance) if variance > 1e-24 else math.nan


def brute_force(returns, n_blocks):
    """Return PBO and the logits in the order of all combinations, straight from the paper."""
    blocks = [[list(row) for row in block] for block in np.array_split(returns, n_blocks)]
    shares, found = [], {}
    for inside in combinations(range(n_blocks), n_blocks // 2):
        halves = [
            [row for b in range(n_blocks) if (b in inside) == want for row in blocks[b]] for want in (True, False)
        ]
        seen, unseen = ([sharpe_of(column) for column in zip(*half, strict=True)] for half in halves)
        best = max((value for value in seen if not math.isnan(value)), default=math.nan)
        ranked = [value for value in unseen if not math.isnan(value)]
        outcomes = []
        for mine, later in zip(seen, unseen, strict=True):
            if mine != best:
                continue
            if math.isnan(later):
                outcomes.append((1.0, 1 / (len(ranked) + 2)))
                continue
            rank = stats.rankdata(ranked)[ranked.index(later)]  # ties share their mean rank
            middle = (len(ranked) + 1) / 2
            outcomes.append((1.0 if rank < middle else 0.5 * (rank == middle), rank / (len(ranked) + 1)))
        if outcomes:
            share, place = np.mean(outcomes, axis=0)
            shares.append(share)
            found[inside] = math.log(place / (1 - place))
    return (np.mean(shares) if shares else math.nan), found


@st.composite
def matrices(draw):
    """Small matrices with ties, equal columns and columns that rest."""
    n_blocks = draw(st.sampled_from([2, 4, 6]))
    n_bars = draw(st.integers(2 * n_blocks, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    returns = rng.integers(-3, 4, (n_bars, draw(st.integers(2, 6)))) / 64.0
    if draw(st.booleans()):
        returns[:, -1] = returns[:, 0]
    if draw(st.booleans()):
        returns[: n_bars // 2, 0] = 0.0
    if draw(st.booleans()):
        returns[n_bars // 2 :, 1] = 0.0
    return returns, n_blocks


@settings(derandomize=True, deadline=None, max_examples=150)
@given(matrices())
def test_pbo_equals_brute_force(case):
    returns, n_blocks = case
    # Exact ties of different columns may be broken by the last bit of either: leave those to the cases below.
    jitter = np.random.default_rng(1).normal(0, 1e-5, returns.shape) * (returns != 0.0)
    same = [j for j in range(1, returns.shape[1]) if np.array_equal(returns[:, j], returns[:, 0])]
    jitter[:, same] = jitter[:, [0]]
    returns = returns + jitter
    found = probability_of_backtest_overfitting(returns, n_blocks)
    pbo, logits = brute_force(returns, n_blocks)
    assert found.pbo == pytest.approx(pbo, abs=1e-12, nan_ok=True)
    defined = found.logits[~np.isnan(found.logits)]
    assert sorted(defined) == pytest.approx(sorted(logits.values()), abs=1e-9)


def test_pbo_of_two_columns_each_winning_one_block_is_one():
    noise = np.random.default_rng(2).normal(0, 0.01, (40, 2))
    noise[:20, 0] += 0.05
    noise[20:, 1] += 0.05
    assert probability_of_backtest_overfitting(noise, n_blocks=2).pbo == 1.0


def test_pbo_of_one_column_winning_every_block_is_zero():
    returns = np.random.default_rng(3).normal(0, 0.01, (992, 30))
    returns[:, 11] += 0.02
    found = probability_of_backtest_overfitting(returns)
    assert found.pbo == 0.0
    assert found.logits.shape == found.in_sample.shape == found.out_of_sample.shape == (12_870,)
    assert found.logits == pytest.approx(math.log(30 / 1), rel=1e-14)
    assert found.probability_of_loss == 0.0


def test_pbo_of_edgeless_data_averages_one_half():
    rng = np.random.default_rng(1)
    found = [probability_of_backtest_overfitting(rng.normal(0, 0.01, (992, 200))).pbo for _ in range(60)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_pbo_of_equal_columns_is_one_half():
    one = np.random.default_rng(4).normal(0, 0.01, (64, 1))
    for copies in (2, 3, 50):
        found = probability_of_backtest_overfitting(np.repeat(one, copies, axis=1), n_blocks=8)
        assert found.pbo == 0.5
        assert np.all(found.logits == 0.0)


def test_pbo_counts_the_middle_rank_as_half():
    """Of three columns the best in one half is exactly in the middle of the other."""
    up, down = np.array([0.03, 0.01] * 4), np.array([-0.01, 0.0] * 4)
    middle = np.array([0.01, 0.005] * 4)
    returns = np.column_stack([np.append(up, middle), np.append(middle, up), np.append(down, down)])
    found = probability_of_backtest_overfitting(returns, n_blocks=2)
    assert found.pbo == 0.5
    assert list(found.logits) == [0.0, 0.0]


def test_pbo_ranks_a_winner_that_rests_afterwards_last():
    rng = np.random.default_rng(5)
    returns = rng.normal(-0.01, 0.01, (40, 3))
    returns[:20, 0] = rng.normal(0.05, 0.01, 20)
    returns[20:, 0] = 0.0
    found = probability_of_backtest_overfitting(returns, n_blocks=2)
    assert found.logits[0] == pytest.approx(math.log((1 / 4) / (3 / 4)))
    assert np.isnan(found.out_of_sample[0])


def test_pbo_of_strategies_that_never_traded_is_nan():
    found = probability_of_backtest_overfitting(np.zeros((64, 5)), n_blocks=4)
    assert math.isnan(found.pbo)
    assert math.isnan(found.degradation)
    assert math.isnan(found.probability_of_loss)
    assert np.isnan(found.logits).all()


def test_pbo_never_selects_a_constant_return():
    returns = np.random.default_rng(6).normal(0.0, 0.01, (64, 3))
    with_constant = np.column_stack([returns, np.full(64, 0.001)])
    assert (
        probability_of_backtest_overfitting(with_constant, 8).pbo == probability_of_backtest_overfitting(returns, 8).pbo
    )


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(-8, 8))
def test_pbo_does_not_depend_on_the_order_of_columns_nor_on_their_scale(seed, n, exponent):
    rng = np.random.default_rng(seed)
    returns = rng.normal(0, 0.01, (100, n))
    found = probability_of_backtest_overfitting(returns, 6)
    assert 0.0 <= found.pbo <= 1.0
    shuffled = probability_of_backtest_overfitting(returns[:, rng.permutation(n)], 6)
    scaled = probability_of_backtest_overfitting(returns * 2.0**exponent, 6)
    for other in (shuffled, scaled):
        assert other.pbo == found.pbo
        np.testing.assert_array_equal(other.logits, found.logits)
        np.testing.assert_array_equal(other.in_sample, found.in_sample)


def test_pbo_pairs_are_the_sharpe_ratios_of_the_best_and_give_the_slope():
    returns = np.random.default_rng(7).normal(0, 0.01, (60, 4))
    found = probability_of_backtest_overfitting(returns, n_blocks=2)
    first, second = returns[:30], returns[30:]
    for row, (inside, outside) in enumerate([(first, second), (second, first)]):
        sharpe = inside.mean(axis=0) / inside.std(axis=0, ddof=1)
        best = int(sharpe.argmax())
        assert found.in_sample[row] == pytest.approx(sharpe[best], rel=1e-10)
        expected = outside[:, best].mean() / outside[:, best].std(ddof=1)
        assert found.out_of_sample[row] == pytest.approx(expected, rel=1e-10)
    more = probability_of_backtest_overfitting(np.random.default_rng(8).normal(0, 0.01, (96, 20)), n_blocks=8)
    slope = stats.linregress(more.in_sample, more.out_of_sample).slope
    assert more.degradation == pytest.approx(slope, rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "n_blocks", "message"),
    [
        ((64, 1), 4, "at least 2 strategies to select from, had 1"),
        ((64, 3), 5, r"n_blocks must be even and in \[2, 20\], was 5"),
        ((64, 3), 0, r"n_blocks must be even and in \[2, 20\], was 0"),
        ((640, 3), 22, r"n_blocks must be even and in \[2, 20\], was 22"),
        ((31, 3), 16, "16 blocks need at least 32 bars, had 31"),
    ],
)
def test_pbo_of_too_little_is_refused(shape, n_blocks, message):
    with pytest.raises(EvidenceError, match=message):
        probability_of_backtest_overfitting(np.ones(shape), n_blocks)


def test_pbo_of_returns_that_are_not_finite_is_refused():
    returns = np.zeros((64, 3))
    returns[5, 2] = np.nan
    with pytest.raises(EvidenceError, match=r"was nan at \(5, 2\)"):
        probability_of_backtest_overfitting(returns)
