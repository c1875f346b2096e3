import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolution import Settings, SettingsError, operators
from evolution.operators.polynomial_mutation import mutate
from evolution.stream import Stream

keys = st.binary(min_size=16, max_size=16)
n_genes = 5
genomes = st.lists(st.floats(0.0, 1.0), min_size=n_genes, max_size=n_genes)


@pytest.fixture(params=operators.available(), scope="module")
def operator(request):
    return operators.get(request.param)


def parents_of(operator, data):
    return [data.draw(genomes) for _ in range(operator.n_parents)]


@given(data=st.data(), key=keys, eta=st.floats(0.0, 100.0))
def test_operator_stays_in_the_cube(operator, data, key, eta):
    settings = Settings(crossover_eta=eta, mutation_eta=eta, mutation_rate=0.5)
    child = operator.breed(parents_of(operator, data), n_genes, Stream(key), settings)
    assert len(child) == n_genes
    assert all(0.0 <= gene <= 1.0 for gene in child)


@given(data=st.data(), key=keys)
def test_operator_with_the_same_stream_gives_the_same_child(operator, data, key):
    parents = parents_of(operator, data)
    first = operator.breed(parents, n_genes, Stream(key), Settings())
    assert operator.breed(parents, n_genes, Stream(key), Settings()) == first


@given(data=st.data(), key=keys)
def test_operator_leaves_its_parents_alone(operator, data, key):
    parents = parents_of(operator, data)
    before = [list(parent) for parent in parents]
    operator.breed(parents, n_genes, Stream(key), Settings())
    assert parents == before


def test_operator_has_the_name_it_is_found_by(operator):
    assert operators.get(operator.name) is operator


def test_get_unknown_operator_names_those_that_exist():
    with pytest.raises(
        SettingsError,
        match="known: cma_es, current_to_pbest, differential, immigrant, migrant, mutation, rank_mu, sbx, uniform",
    ):
        operators.get("sxb")


def test_mutate_at_rate_zero_copies():
    genes = [0.1, 0.5, 0.9]
    assert mutate(genes, Stream(b"\1" * 16), 15.0, 0.0) == genes


def test_mutate_steps_have_the_published_distribution():
    # |step| has the distribution function 1 - (1 - s) ** (eta + 1)
    eta, stream = 15.0, Stream(b"\2" * 16)
    steps = np.abs([mutate([0.5], stream, eta, 1.0)[0] - 0.5 for _ in range(4000)])
    for quantile in (0.25, 0.5, 0.9):
        expected = 1.0 - (1.0 - quantile) ** (1.0 / (eta + 1.0))
        assert abs(np.mean(steps <= expected) - quantile) < 4 * math.sqrt(quantile * (1 - quantile) / 4000)


def test_sbx_spread_has_the_published_distribution():
    # |child - middle| / |parent - middle| = beta; P(beta <= 1) = 1/2, and P(beta <= b) = b ** (eta + 1) / 2 below 1
    settings = Settings(mutation_rate=0.0, crossover_eta=5.0)
    sbx, stream = operators.get("sbx"), Stream(b"\3" * 16)
    children = [sbx.breed([[0.45], [0.55]], 1, stream, settings)[0] for _ in range(8000)]
    beta = np.abs(np.array(children) - 0.5) / 0.05
    crossed = beta[beta != beta[np.argmin(np.abs(np.array(children) - 0.45))]]
    assert abs(len(crossed) / 8000 - 0.5) < 0.03
    for share in (0.25, 0.5):
        bound = (2.0 * share) ** (1.0 / 6.0)
        assert abs(np.mean(crossed <= bound) - share) < 4 * math.sqrt(share * (1 - share) / len(crossed))


def test_mutation_changes_at_least_one_gene():
    settings = Settings(mutation_rate=0.0)
    for key in range(50):
        child = operators.get("mutation").breed([[0.5] * 4], 4, Stream(key.to_bytes(16, "big")), settings)
        assert sum(gene != 0.5 for gene in child) == 1


def test_uniform_crossover_without_mutation_takes_each_gene_from_a_parent():
    settings, stream = Settings(mutation_rate=0.0), Stream(b"\5" * 16)
    children = [operators.get("uniform").breed([[0.25] * 3, [0.75] * 3], 3, stream, settings) for _ in range(2000)]
    assert {gene for child in children for gene in child} == {0.25, 0.75}
    assert abs(np.mean(children) - 0.5) < 0.03


def test_rank_mu_has_the_mean_and_the_widened_covariance_of_its_parents():
    stream = Stream(b"\6" * 16)
    parents = np.array([[0.45, 0.5, 0.52], [0.5, 0.55, 0.5], [0.55, 0.58, 0.47], [0.48, 0.5, 0.5], [0.5, 0.52, 0.51]])
    children = [operators.get("rank_mu").breed(parents.tolist(), 3, stream, Settings()) for _ in range(20_000)]
    assert np.mean(children, axis=0) == pytest.approx(parents.mean(axis=0), abs=2e-3)
    assert np.cov(children, rowvar=False) == pytest.approx(1.69 * np.cov(parents, rowvar=False, ddof=0), abs=1e-4)


def test_current_to_pbest_at_rest_where_all_parents_agree():
    parent = [0.2, 0.4, 0.6]
    child = operators.get("current_to_pbest").breed([parent] * 4, 3, Stream(b"\7" * 16), Settings())
    assert child == pytest.approx(parent, abs=1e-15)


def test_sbx_of_equal_parents_without_mutation_is_the_parent():
    parent = [0.2, 0.4, 0.6]
    child = operators.get("sbx").breed([parent, parent], 3, Stream(b"\4" * 16), Settings(mutation_rate=0.0))
    assert child == pytest.approx(parent, abs=1e-15)
