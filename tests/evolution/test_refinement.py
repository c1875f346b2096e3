import math

import numpy as np
import pytest
from cmaes import CMAwM
from hypothesis import given, settings
from hypothesis import strategies as st

from evolution import Candidate, Dimension, Member, Optimizer, Settings, Space, Species, StateError
from evolution.refinement import Refinement
from evolution.stream import Stream

SPACE = Space(
    [
        Dimension("x", -5.0, 5.0),
        Dimension("y", 0.0, 1.0),
        Dimension("n", 0, 40, integer=True),
        Dimension("period", 2, 500, integer=True, log=True),
        Dimension("stop", 0.01, 0.5, off=True),
        Dimension("fixed", 3, 3, integer=True),
    ]
)
SHARES = {"cma_es": 0.5, "mutation": 0.5}


def elite(genome=(0.5, 0.5, 0.5, 0.5, 0.5, 0.5), child=17):
    genome, parameters = SPACE.repair(genome)
    candidate = Candidate(child, Species("any"), child, 0, genome, SPACE.names, parameters, (), "mutation")
    return Member(candidate, 1.0, seed=1, engine_version=1)


def stream(child):
    return Stream(child.to_bytes(16, "big"))


def hill(genes):
    return -sum(10.0**index * (gene - 0.3) ** 2 for index, gene in enumerate(genes[:5]))


def step(refinement, child, score):
    """Draw a sample, make it a child, and tell its score."""
    sample = refinement.sample(stream(child))
    refinement.expect(child, sample)
    refinement.tell(child, score(sample.genes))
    return sample


def test_samples_and_updates_are_those_of_the_package():
    """An oracle: the package driven by hand, with the same random numbers and the same bounds and steps."""
    refinement = Refinement(SPACE)
    refinement.begin(elite())
    bounds = np.array([[0.0, 1.0]] * 6)
    bounds[2] = 0.5 / 41, 1 - 0.5 / 41
    oracle = CMAwM(
        mean=np.array(elite().candidate.genome),
        sigma=0.1,
        bounds=bounds,
        steps=np.array([0, 0, 1 / 41, 0, 0, 0]),
        seed=9,
    )
    waiting = []
    for child in range(200):
        sample = step(refinement, child, hill)
        oracle.reseed_rng(stream(child).below(2**32))
        encoded, raw = oracle.ask()
        assert sample.genes == pytest.approx(encoded, abs=1e-6)
        assert sample.raw == pytest.approx(raw, abs=1e-6)
        waiting.append((np.array(sample.raw), -hill(sample.genes)))
        if len(waiting) == oracle.population_size:
            oracle.tell(waiting)
            waiting = []
    assert oracle.generation >= 20


def test_search_finds_the_summit_of_an_ill_conditioned_hill():
    refinement = Refinement(SPACE)
    refinement.begin(elite())
    best, child = -math.inf, 0
    while refinement.search is not None:
        best = max(best, hill(step(refinement, child, hill).genes))
        child += 1
    assert best > -1.0
    assert hill(elite().candidate.genome) < -400.0


def test_whole_numbers_do_not_freeze_while_the_rest_converges():
    # without the margin the deviation of n falls below its step, and no other value is tried any more
    refinement = Refinement(SPACE)
    refinement.begin(elite())
    seen = []
    for child in range(400):
        sample = step(refinement, child, lambda genes: -((genes[0] - 0.3) ** 2) - (genes[2] - 0.5) ** 2)
        seen.append(SPACE.decode(sample.genes)[2])
    assert len(set(seen[-100:])) > 1


@settings(max_examples=25)
@given(
    genome=st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6),
    scores=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=40, max_size=40),
)
def test_samples_stay_in_the_cube_whatever_the_scores(genome, scores):
    refinement = Refinement(SPACE)
    refinement.begin(elite(genome))
    for child, score in enumerate(scores):
        sample = step(refinement, child, lambda genes, score=score: score)
        assert all(0.0 <= gene <= 1.0 for gene in sample.genes)
        low, high = SPACE.dimensions[2].low, SPACE.dimensions[2].high
        assert low <= SPACE.decode(sample.genes)[2] <= high
        assert sample.parent == 17


def test_scores_that_are_not_finite_rank_last():
    """Where half of all samples score nothing, the search goes on as if these were worse than all others."""

    def bad(value):
        return lambda genes: hill(genes) if genes[0] < 0.5 else value

    found = []
    for value in (math.nan, math.inf, -math.inf, -1e9):
        refinement = Refinement(SPACE)
        refinement.begin(elite())
        found.append([step(refinement, child, bad(value)) for child in range(120)])
    assert found[0] == found[1] == found[2] == found[3]


def test_scores_of_others_are_none_of_its_business():
    alone, among = Refinement(SPACE), Refinement(SPACE)
    alone.tell(3, 1.0)  # no search yet
    for refinement in (alone, among):
        refinement.begin(elite())
    for child in range(0, 120, 2):
        among.tell(child + 1, 100.0)
        assert step(alone, child, hill) == step(among, child, hill)
    assert alone.search == among.search


def test_samples_that_are_not_chosen_leave_nothing_behind():
    strict, wasteful = Refinement(SPACE), Refinement(SPACE)
    for refinement in (strict, wasteful):
        refinement.begin(elite())
    for child in range(120):
        wasteful.sample(stream(10_000 + child))
        assert step(strict, child, hill) == step(wasteful, child, hill)
    assert strict.search == wasteful.search


def test_search_ends_where_all_scores_are_alike_and_at_the_latest_after_fifty_updates():
    for score, most in ((lambda genes: 0.0, 45), (lambda genes: hill(genes) * 10.0 ** (1e3 * genes[0] % 7), 51)):
        refinement = Refinement(SPACE)
        refinement.begin(elite())
        children = 0
        while refinement.search is not None:
            step(refinement, children, score)
            children += 1
            assert children <= most * 9  # samples of an update
        refinement.tell(children, 1.0)
        refinement.begin(elite(child=99))
        assert refinement.sample(stream(1)).parent == 99


def test_samples_open_at_the_end_of_a_search_are_not_told_to_the_next():
    refinement = Refinement(SPACE)
    refinement.begin(elite())
    left = 5_000
    refinement.expect(left, refinement.sample(stream(left)))
    child = 0
    while refinement.search is not None:
        step(refinement, child, lambda genes: 0.0)
        child += 1
    refinement.begin(elite())
    refinement.tell(left, 1.0)
    assert refinement.search.told == []


@pytest.mark.parametrize("children", [0, 3, 9, 10, 100])
def test_restored_search_goes_on_as_it_would_have(children):
    whole, again = Refinement(SPACE), Refinement(SPACE)
    whole.begin(elite())
    for child in range(children):
        step(whole, child, hill)
    whole.expect(700, whole.sample(stream(700)))
    again.restore(whole.search)
    for child in range(children, children + 60):
        assert step(again, child, hill) == step(whole, child, hill)


def run(evaluations, **changes):
    options = {"population": 40, "seed": 5, "settings": Settings(shares=SHARES)} | changes
    optimizer = Optimizer(SPACE, **options)
    while optimizer.evaluations < evaluations:
        candidates = optimizer.ask()
        optimizer.tell(candidates, [hill(candidate.genome) for candidate in candidates])
    return optimizer


def test_operator_descends_from_a_member_that_was_evaluated_before():
    optimizer = run(600)
    refined = [member.candidate for member in optimizer.population if member.candidate.operator == "cma_es"]
    assert len(refined) > 3
    for candidate in refined:
        (parent,) = candidate.parents
        assert parent < candidate.child


def test_operator_refines_better_than_mutation_alone():
    alone = Settings(shares={"mutation": 1.0})
    with_it = sum(run(800, seed=seed).best.score for seed in range(6))
    assert with_it > sum(run(800, seed=seed, settings=alone).best.score for seed in range(6))


def test_a_window_that_rolls_begins_another_search():
    optimizer = run(400)
    assert any(search for search in optimizer.state()["refinements"])
    optimizer.roll("second")
    assert optimizer.state()["refinements"] == [None]
    again = Optimizer.from_state(optimizer.state())
    for each in (optimizer, again):
        for _ in range(60):
            candidates = each.ask()
            each.tell(candidates, [-hill(candidate.genome) for candidate in candidates])
    assert again.state() == optimizer.state()
    assert optimizer.state()["refinements"] != [None]


def test_a_state_without_refinement_is_read_as_one_without_a_search():
    state = run(300, settings=Settings()).state()
    older = {key: value for key, value in state.items() if key != "refinements"} | {"format": 3}
    assert Optimizer.from_state(older).state() == state


@pytest.mark.parametrize(
    "damage",
    [
        lambda search: search | {"open": [*search["open"], 999]},
        lambda search: search | {"raw": search["start"]},
        lambda search: search | {"start": search["scores"]},
        lambda search: {key: value for key, value in search.items() if key != "parent"},
        lambda search: "text",
    ],
)
def test_state_with_a_damaged_search_is_refused(damage):
    state = run(400).state()
    state["refinements"] = [damage(state["refinements"][0])]
    with pytest.raises(StateError, match=r"damaged|genes"):
        Optimizer.from_state(state)


def test_restore_of_a_search_that_has_ended_is_refused():
    ended = Refinement(SPACE)
    ended.begin(elite())
    search, child = ended.search, 0
    while ended.search is not None:
        step(ended, child, lambda genes: 0.0)
        child += 1
    with pytest.raises(ValueError, match="ended"):
        ended.restore(search)
