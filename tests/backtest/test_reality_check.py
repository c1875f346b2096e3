"""White's reality check and Hansen's SPA: an oracle in numpy, null behaviour, power, and the missing library."""

import builtins
import math

import numpy as np
import pytest
from scipy import stats

from backtest import EvidenceError, superior_predictive_ability, white_reality_check


def stationary_bootstrap(rng, n, block, replications):
    """Return index rows of Politis & Romano's bootstrap, one bar after the other."""
    index = np.empty((replications, n), np.int64)
    index[:, 0] = rng.integers(0, n, replications)
    for t in range(1, n):
        fresh = rng.random(replications) < 1.0 / block
        index[:, t] = np.where(fresh, rng.integers(0, n, replications), (index[:, t - 1] + 1) % n)
    return index


def kernel_variances(leads, block):
    """Return Hansen's (2005) estimate with its sum over lags written out."""
    n = len(leads)
    rest = leads - leads.mean(axis=0)
    total = (rest**2).mean(axis=0)
    q = 1.0 / block
    for i in range(1, n):
        kernel = (n - i) / n * (1 - q) ** i + i / n * (1 - q) ** (n - i)
        total += 2 * kernel * (rest[:-i] * rest[i:]).sum(axis=0) / n
    return total


def oracle(leads, block, replications, seed):
    """Return (reality check, SPA lower, consistent, upper) in numpy."""
    n = len(leads)
    mean = leads.mean(axis=0)
    deviation = np.sqrt(kernel_variances(leads, block))
    index = stationary_bootstrap(np.random.default_rng(seed), n, block, replications)
    resampled = leads[index].mean(axis=1)
    values = [np.mean((resampled - mean).max(axis=1) > mean.max())]
    bound = -np.sqrt(2 * math.log(math.log(n))) * deviation / math.sqrt(n)
    for centre in (np.maximum(mean, 0), np.where(mean >= bound, mean, 0), mean):
        values.append(np.mean(((resampled - centre) / deviation).max(axis=1) > (mean / deviation).max()))
    return values


def mixed_returns(seed, n=400):
    rng = np.random.default_rng(seed)
    shocks = rng.normal(0, 1, (n + 1, 6))
    scale = np.array([0.002, 0.004, 0.01, 0.01, 0.02, 0.05])
    drift = np.array([0.0001, 0.0, 0.0005, -0.001, -0.004, 0.0])
    return drift + scale * (shocks[1:] + 0.4 * shocks[:-1])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_p_values_agree_with_an_oracle_in_numpy(seed):
    leads = mixed_returns(seed)
    white, *hansen = oracle(leads, 8, 4000, seed)
    found = superior_predictive_ability(leads, block_size=8, seed=5, replications=2000)
    assert white_reality_check(leads, block_size=8, seed=5, replications=2000) == pytest.approx(white, abs=0.05)
    assert [found.lower, found.consistent, found.upper] == pytest.approx(hansen, abs=0.05)


def test_p_values_are_ordered_and_repeat_with_the_seed():
    leads = mixed_returns(4)
    found = superior_predictive_ability(leads, block_size=8, seed=11)
    assert 0.0 <= found.lower <= found.consistent <= found.upper <= 1.0
    assert superior_predictive_ability(leads, block_size=8, seed=11) == found
    assert superior_predictive_ability(leads, block_size=8, seed=12) != found


def test_p_values_of_edgeless_strategies_are_roughly_uniform():
    rng = np.random.default_rng(6)
    white, hansen = [], []
    for seed in range(100):
        returns = rng.standard_t(6, (250, 8)) * np.linspace(0.005, 0.02, 8)
        white.append(white_reality_check(returns, block_size=4, seed=seed, replications=200))
        hansen.append(superior_predictive_ability(returns, block_size=4, seed=seed, replications=200).consistent)
    for values in (white, hansen):
        assert stats.kstest(values, "uniform").pvalue > 0.001
        assert np.mean(np.array(values) < 0.05) <= 0.12


def test_p_value_of_one_good_strategy_among_noise_is_small():
    returns = np.random.default_rng(7).normal(0, 0.01, (500, 20))
    returns[:, 4] += 0.003
    assert white_reality_check(returns, block_size=5, seed=1) < 0.01
    assert superior_predictive_ability(returns, block_size=5, seed=1).consistent < 0.01


def test_studentised_test_sees_a_quiet_winner_beside_a_wild_loser():
    returns = np.random.default_rng(8).normal(0, [0.001, 0.2], (500, 2))
    returns[:, 0] += 0.0004
    assert white_reality_check(returns, block_size=5, seed=1) > 0.2
    assert superior_predictive_ability(returns, block_size=5, seed=1).consistent < 0.01


def test_p_values_against_a_benchmark_are_those_of_the_differences():
    returns = mixed_returns(9)
    benchmark = np.random.default_rng(10).normal(0, 0.01, len(returns))
    differences = returns - benchmark[:, None]
    against = superior_predictive_ability(returns, benchmark, block_size=8, seed=1)
    assert against == superior_predictive_ability(differences, block_size=8, seed=1)


def test_columns_that_equal_the_benchmark_play_no_part():
    returns = mixed_returns(11)
    wider = np.column_stack([returns, np.zeros(len(returns))])
    assert superior_predictive_ability(wider, block_size=8, seed=1) == superior_predictive_ability(
        returns, block_size=8, seed=1
    )


@pytest.mark.parametrize("returns", [np.zeros((50, 3)), np.empty((50, 0)), np.array([[0.1], [0.2]])])
def test_p_values_of_nothing_that_varies_are_nan(returns):
    found = superior_predictive_ability(returns, block_size=1, seed=1)
    assert all(math.isnan(value) for value in (found.lower, found.consistent, found.upper))
    assert math.isnan(white_reality_check(returns, block_size=1, seed=1))


def test_block_size_and_seed_must_be_given():
    with pytest.raises(TypeError, match="block_size"):
        white_reality_check(np.zeros((10, 2)), seed=1)
    with pytest.raises(TypeError, match="seed"):
        superior_predictive_ability(np.zeros((10, 2)), block_size=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"block_size": 0}, r"block_size must be in \[1, 50\] bars, was 0"),
        ({"block_size": 51}, r"block_size must be in \[1, 50\] bars, was 51"),
        ({"block_size": 5, "replications": 10}, "replications must be at least 100, was 10"),
        ({"block_size": 5, "benchmark": np.zeros(49)}, "benchmark must have the 50 bars of the returns, had 49"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message):
    with pytest.raises(EvidenceError, match=message):
        white_reality_check(np.ones((50, 2)), seed=1, **arguments)


def test_missing_library_is_one_clear_line(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **named):
        if name.startswith("arch"):
            raise ModuleNotFoundError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(EvidenceError, match=r"needs the library arch, which is not installed; pip install 'evoq\[evid"):
        white_reality_check(mixed_returns(1), block_size=5, seed=1)
