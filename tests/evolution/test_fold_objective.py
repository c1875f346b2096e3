"""The objective of evolution, against a slow reference, and on landscapes where the answer is known."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backtest
import strategies
from evolution import Candidate, FoldObjective, FoldSettings, Optimizer, SettingsError, Space, Species
from evolution.fold_objective import neighbours
from market import synthetic_candles
from strategies import StrategySpec

MARKETS = [("BTC/USDT:USDT", "1h"), ("ETH/USDT", "4h")]
CHEAP = backtest.Costs(1, 0)
SPACES = {Species(name, *market): Space.of(name) for name in strategies.available() for market in MARKETS}


@pytest.fixture(scope="module")
def markets():
    return {
        (symbol, timeframe): backtest.prepare(
            synthetic_candles(symbol=symbol, timeframe=timeframe, bars=1200, seed=6, regimes=["trend"])
        )
        for symbol, timeframe in MARKETS
    }


@pytest.fixture(scope="module")
def candidates():
    return Optimizer(SPACES, population=150, batch_size=25, seed=5).ask()


def candidate_of(species, parameters):
    space = SPACES[species]
    return Candidate(0, species, 0, 0, space.encode(parameters), space.names, tuple(parameters), (), "initial")


def reference_weighted(spec, candles, costs, n_folds):
    """Weigh the folds as the docstring says, one fold at a time."""
    scores = sorted(
        backtest.run_spans([spec], candles, [span], costs)[0]["scs"].iloc[0]
        for span in backtest.fold_spans(spec, len(candles), n_folds)
    )
    weights = [(n_folds - rank) ** 2 for rank in range(n_folds)]
    return sum(weight * score for weight, score in zip(weights, scores, strict=True)) / sum(weights)


def reference_score(spec, candles, costs, n_folds):
    whole = backtest.run(spec, candles.candles, costs).score.total
    return min(reference_weighted(spec, candles, costs, n_folds), whole)


def reference_fitness(candidate, candles, costs, settings):
    own = reference_score(StrategySpec(candidate.species.type, candidate.as_dict()), candles, costs, settings.folds)
    if own == 0.0 or not settings.neighbours:
        return own
    around = [
        StrategySpec(candidate.species.type, dict(zip(candidate.names, parameters, strict=True)))
        for parameters in neighbours(candidate, SPACES[candidate.species], settings)
    ]
    assert len(around) == settings.neighbours
    return np.mean([own, *(reference_score(spec, candles, costs, settings.folds) for spec in around)])


@pytest.mark.parametrize(
    "settings", [FoldSettings(), FoldSettings(folds=3, neighbours=2, radius=0.2), FoldSettings(folds=1, neighbours=0)]
)
def test_fitness_is_that_of_the_slow_reference(markets, candidates, settings):
    objective = FoldObjective(markets, SPACES, CHEAP, settings)
    found = objective(candidates)
    expected = [reference_fitness(c, markets[c.species.market], CHEAP, settings) for c in candidates]
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert {type(score) for score in found} == {float}
    assert sum(score > 1.0 for score in found) > 10


def test_weights_of_four_folds_are_16_9_4_and_1_thirtieths(markets, candidates, monkeypatch):
    scores = [40.0, 10.0, 30.0, 20.0]
    monkeypatch.setattr(backtest, "fold_scores", lambda specs, *_: np.array([[*scores, 90.0]] * len(specs)))
    found = FoldObjective(markets, SPACES)(candidates[:3])
    assert found == pytest.approx([(16 * 10 + 9 * 20 + 4 * 30 + 1 * 40) / 30] * 3)


def test_nobody_scores_more_than_on_all_training_candles(markets, candidates):
    objective = FoldObjective(markets, SPACES, CHEAP, FoldSettings(neighbours=0))
    above = 0
    for candidate, score in zip(candidates, objective(candidates), strict=True):
        spec = StrategySpec(candidate.species.type, candidate.as_dict())
        candles = markets[candidate.species.market]
        whole = backtest.score_many([spec], candles, CHEAP)[0]
        assert score <= whole
        above += reference_weighted(spec, candles, CHEAP, 4) > whole + 1.0
    assert above > 0  # there are such, or nothing was shown


def test_fitness_is_bit_equal_alone_and_in_company(markets, candidates):
    objective = FoldObjective(markets, SPACES, CHEAP)
    together = objective(candidates)
    assert [objective([candidate])[0] for candidate in candidates] == together
    assert objective(candidates[::-1]) == together[::-1]
    assert objective(candidates[5:9] * 3) == together[5:9] * 3


def test_fitness_is_a_function_of_the_parameters(markets, candidates):
    """Genes have more digits than parameters: equal strategies may have different genomes."""
    objective = FoldObjective(markets, SPACES, CHEAP)
    for candidate in candidates[:40]:
        space = SPACES[candidate.species]
        twin = replace(candidate, number=9, child=7, operator="mutation", genome=space.encode(candidate.parameters))
        assert objective.neighbours(twin) == objective.neighbours(candidate)
        assert objective([twin]) == objective([candidate])
    assert any(c.genome != SPACES[c.species].encode(c.parameters) for c in candidates[:40])


def counting(monkeypatch):
    """Count the strategies that are scored on folds."""
    scored = []
    real = backtest.fold_scores

    def fold_scores(specs, *arguments):
        scored.extend(specs)
        return real(specs, *arguments)

    monkeypatch.setattr(backtest, "fold_scores", fold_scores)
    return scored


def test_candidate_that_scores_nothing_has_no_neighbours_evaluated(markets, candidates, monkeypatch):
    alone = FoldObjective(markets, SPACES, CHEAP, FoldSettings(neighbours=0))
    dead = [candidate for candidate, score in zip(candidates, alone(candidates), strict=True) if score == 0.0]
    alive = [candidate for candidate in candidates if candidate not in dead]
    assert dead
    assert alive
    scored = counting(monkeypatch)
    objective = FoldObjective(markets, SPACES, CHEAP)
    assert set(objective(dead)) == {0.0}
    assert len(scored) == len(dead)
    scored.clear()
    objective([*dead, *alive])
    assert len(scored) == len(dead) + 5 * len(alive)
    assert all(spec in scored for candidate in alive for spec in objective.neighbours(candidate))


def test_spike_loses_against_a_plateau_that_is_somewhat_lower(markets, monkeypatch):
    """Alone the spike wins; with its neighbours, who are on the ground, it loses."""
    species = Species("momentum", *MARKETS[0])
    spike, plateau = (candidate_of(species, (lookback, 0.02, 0.0, 0.0)) for lookback in (40, 400))

    def fold_scores(specs, candles, n_folds, costs):
        heights = [
            70.0 if (p["lookback_period"], p["threshold"]) == (40, 0.02) else 60.0 * (p["lookback_period"] > 200)
            for p in (spec.parameters for spec in specs)
        ]
        return np.array(heights)[:, None] * np.ones(n_folds + 1)

    monkeypatch.setattr(backtest, "fold_scores", fold_scores)
    assert FoldObjective(markets, SPACES, None, FoldSettings(neighbours=0))([spike, plateau]) == [70.0, 60.0]
    assert FoldObjective(markets, SPACES)([spike, plateau]) == pytest.approx([70.0 / 5, 60.0])


def test_strategy_that_lives_on_one_lucky_stretch_scores_little(markets, monkeypatch):
    species = Species("momentum", *MARKETS[0])
    lucky, steady = (candidate_of(species, (lookback, 0.02, 0.0, 0.0)) for lookback in (40, 400))

    def fold_scores(specs, candles, n_folds, costs):
        return np.array(
            [[90.0, 0.0, 0.0, 0.0, 60.0] if s.parameters["lookback_period"] < 200 else [20.0] * 5 for s in specs]
        )

    monkeypatch.setattr(backtest, "fold_scores", fold_scores)
    assert FoldObjective(markets, SPACES)([lucky, steady]) == pytest.approx([3.0, 20.0])


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 6, 8]), st.floats(0.001, 0.5))
def test_neighbours_are_opposite_pairs_inside_the_bounds(seed, count, radius):
    settings = FoldSettings(neighbours=count, radius=radius)
    for candidate in Optimizer(SPACES, population=10, seed=seed).ask():
        space = SPACES[candidate.species]
        found = neighbours(candidate, space, settings)
        assert found == neighbours(candidate, space, settings)
        assert len(found) == count
        for up, down in zip(found[::2], found[1::2], strict=True):
            for dimension, value, one, other in zip(space.dimensions, candidate.parameters, up, down, strict=True):
                gene = dimension.encode(value)
                expected = {dimension.decode(min(gene + radius, 1.0)), dimension.decode(max(gene - radius, 0.0))}
                assert {one, other} == expected
                for neighbour in (one, other):
                    assert dimension.low <= neighbour <= dimension.high or (dimension.off and neighbour == 0.0)
                    assert not dimension.integer or neighbour == int(neighbour)


def test_directions_of_neighbours_differ_from_strategy_to_strategy():
    directions = set()
    species = Species("momentum", *MARKETS[0])
    for candidate in Optimizer({species: SPACES[species]}, population=64, seed=3).ask():
        first = neighbours(candidate, SPACES[species], FoldSettings())[0]
        directions.add(tuple(np.sign(np.array(first[:2]) - candidate.parameters[:2])))
    assert len(directions & {(1, 1), (1, -1), (-1, 1), (-1, -1)}) == 4


def test_neighbours_of_one_species_have_its_parameters(markets, candidates):
    objective = FoldObjective(markets, SPACES)
    for candidate in candidates:
        for spec in objective.neighbours(candidate):
            assert spec.type == candidate.species.type
            assert spec.parameters["quantity"] == 1.0
            assert set(candidate.names) == set(spec.parameters) - {"quantity"}


def test_work_counts_the_bars_of_neighbours_as_well(markets, candidates):
    assert FoldObjective(markets, SPACES).work(candidates[:7]) == 7 * 1200 * 5
    assert FoldObjective(markets, SPACES, None, FoldSettings(neighbours=0)).work(candidates[:7]) == 7 * 1200


def test_fold_objective_survives_pickling(markets, candidates):
    objective = FoldObjective(markets, SPACES, CHEAP, FoldSettings(folds=3))
    assert pickle.loads(pickle.dumps(objective))(candidates) == objective(candidates)


def test_fold_settings_survive_their_description():
    settings = FoldSettings(folds=6, neighbours=8, radius=0.125)
    assert FoldSettings(**settings.describe()) == settings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"folds": 0}, "folds must be a whole number of at least 1, was 0"),
        ({"folds": 2.5}, "folds must be a whole number of at least 1, was 2.5"),
        ({"neighbours": -2}, r"neighbours must be an even number in \[0, 8\], was -2"),
        ({"neighbours": 3}, r"neighbours must be an even number in \[0, 8\], was 3"),
        ({"neighbours": 10}, r"neighbours must be an even number in \[0, 8\], was 10"),
        ({"neighbours": 2.0}, r"neighbours must be an even number in \[0, 8\], was 2.0"),
        ({"radius": 0.0}, r"radius must be in \(0, 0.5\], was 0.0"),
        ({"radius": 0.6}, "was 0.6"),
        ({"radius": float("nan")}, "was nan"),
    ],
)
def test_fold_settings_out_of_bounds_are_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        FoldSettings(**values)
