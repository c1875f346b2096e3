import math
import random

import pytest

from evolution import ENGINE_VERSION, Dimension, Optimizer, Settings, SettingsError, Space, Species, TellError


def advance(optimizer, score, evaluations):
    while optimizer.evaluations < evaluations:
        candidates = optimizer.ask()
        optimizer.tell(candidates, [score(candidate) for candidate in candidates])


def hill(candidate):
    return -sum((gene - 0.375) ** 2 for gene in candidate.genome)


def test_ask_hands_out_the_lag_and_then_waits():
    optimizer = Optimizer(Space([Dimension("x", 0, 1)]), population=64, batch_size=8, lag=3)
    first = optimizer.ask()
    assert [candidate.number for candidate in first] == list(range(24))
    assert [candidate.batch for candidate in first] == [0] * 8 + [1] * 8 + [2] * 8
    assert optimizer.ask() == []
    optimizer.tell(first[8:], [0.0] * 16)  # the first batch is missing, nothing commits
    assert (optimizer.ask(), optimizer.evaluations) == ([], 0)
    optimizer.tell(first[:8], [0.0] * 8)
    assert optimizer.evaluations == 24
    assert [candidate.number for candidate in optimizer.ask()] == list(range(24, 48))


def test_ask_n_gives_at_most_n():
    optimizer = Optimizer(Space([Dimension("x", 0, 1)]), population=64, batch_size=8)
    assert [candidate.number for candidate in optimizer.ask(3)] == [0, 1, 2]
    assert [candidate.number for candidate in optimizer.ask(1)] == [3]
    with pytest.raises(SettingsError, match="n must be at least 1, was 0"):
        optimizer.ask(0)


def test_batch_reads_the_state_at_the_fixed_lag(space):
    # Children of batch k differ when a score of batch k - lag differs, and not when one of batch k - lag + 1 does.
    def children(changed):
        optimizer = Optimizer(space, population=8, batch_size=4, lag=2, seed=5)
        while not optimizer.committed > 5:
            candidates = optimizer.ask()
            if any(candidate.batch == 5 for candidate in candidates):
                return [candidate.genome for candidate in candidates if candidate.batch == 5]
            scores = [100.0 * (candidate.number == changed) + hill(candidate) for candidate in candidates]
            optimizer.tell(candidates, scores)
        raise AssertionError

    assert children(changed=4 * 4) == children(changed=None)  # batch 4 = 5 - 2 + 1
    assert children(changed=4 * 3) != children(changed=None)  # batch 3 = 5 - 2


def test_population_has_each_species_share(three_species):
    optimizer = Optimizer(three_species, population=50, seed=1)
    advance(optimizer, hill, 200)
    counts = [sum(member.species == species for member in optimizer.population) for species in sorted(three_species)]
    assert counts == [17, 17, 16]
    assert [len(deme) for deme in optimizer.demes.values()] == counts
    assert list(optimizer.demes) == sorted(three_species)


def test_population_keeps_the_best_ever(space):
    optimizer = Optimizer(space, population=40, seed=3)
    seen = []

    def score(candidate):
        seen.append((hill(candidate), -candidate.number))
        return hill(candidate)

    advance(optimizer, score, 800)
    committed = [item for item in seen if -item[1] < optimizer.evaluations]
    best, number = max(committed)
    assert (optimizer.best.score, optimizer.best.candidate.number) == (best, -number)
    assert max(member.score for member in optimizer.population) == best


def test_members_carry_their_lineage(space):
    optimizer = Optimizer(space, population=40, seed=3)
    born = {}

    def score(candidate):
        born[candidate.child] = candidate
        return hill(candidate)

    advance(optimizer, score, 600)
    descendants = [member for member in optimizer.population if member.candidate.operator == "uniform"]
    assert descendants
    for member in descendants:
        assert (member.seed, member.engine_version) == (3, ENGINE_VERSION)
        assert len(member.candidate.parents) == 2
        assert all(born[parent].batch <= member.candidate.batch - 4 for parent in member.candidate.parents)
    operators = {candidate.operator for candidate in born.values()}
    assert operators == {"initial", *Settings().shares}


def test_hall_of_fame_is_sorted_distinct_and_bounded(space):
    optimizer = Optimizer(space, population=40, settings=Settings(hall_of_fame=7))
    advance(optimizer, hill, 600)
    hall = optimizer.hall_of_fame
    assert len(hall) == 7
    assert [member.score for member in hall] == sorted((member.score for member in hall), reverse=True)
    assert len({member.candidate.parameters for member in hall}) == 7
    assert hall[0] == optimizer.best


def test_scores_are_maximised():
    space = Space([Dimension("x", -10, 10)])
    optimizer = Optimizer(space, population=50, seed=2)
    advance(optimizer, lambda c: c["x"], 500)
    assert optimizer.best.candidate["x"] > 9.9


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_tell_non_finite_score_never_ranks(space, bad):
    optimizer = Optimizer(space, population=40, seed=1)
    told = {}

    def score(candidate):
        told[candidate.number] = bad if candidate.number % 3 == 0 else hill(candidate)
        return told[candidate.number]

    advance(optimizer, score, 400)
    assert optimizer.distinct == optimizer.evaluations  # recorded
    for member in (*optimizer.population, *optimizer.hall_of_fame):
        assert math.isfinite(member.score)
        assert member.candidate.number % 3


def test_all_scores_nan_leaves_no_best_and_goes_on(space):
    optimizer = Optimizer(space, population=20, seed=1)
    advance(optimizer, lambda candidate: math.nan, 100)
    assert optimizer.best is None
    assert optimizer.population == ()


def test_tell_in_any_order_and_portions_gives_the_same_population(space):
    seen = {}
    for shuffle in range(4):
        generator = random.Random(shuffle)
        optimizer = Optimizer(space, population=48, seed=9)
        waiting = []
        while optimizer.evaluations < 480:
            waiting += optimizer.ask(generator.randint(1, 20))
            generator.shuffle(waiting)
            for _ in range(generator.randint(0, len(waiting))):
                candidate = waiting.pop()
                optimizer.tell([candidate], [hill(candidate)])
                expected = seen.setdefault(optimizer.evaluations, optimizer.population_hash())
                assert optimizer.population_hash() == expected


def test_tell_unknown_candidate_is_refused_and_nothing_taken(space):
    optimizer, other = Optimizer(space, population=40, seed=1), Optimizer(space, population=40, seed=2)
    own, foreign = optimizer.ask(), other.ask()
    with pytest.raises(TellError, match=r"candidate 1 \(default\) was not asked for in this run"):
        optimizer.tell([own[0], foreign[1]], [1.0, 2.0])
    optimizer.tell(own, [float(i) for i in range(len(own))])  # the first is still open
    assert optimizer.evaluations == len(own)


def test_tell_again_the_same_is_ignored_and_another_score_refused(space):
    optimizer = Optimizer(space, population=40, batch_size=4, seed=1)
    candidates = optimizer.ask()
    optimizer.tell(candidates[:1], [1.0])
    optimizer.tell(candidates[:1], [1.0])
    with pytest.raises(TellError, match=r"candidate 0 has the score 1\.0 already, was told 2\.0"):
        optimizer.tell(candidates[:1], [2.0])
    optimizer.tell(candidates[1:], [math.nan] * (len(candidates) - 1))
    assert optimizer.evaluations == len(candidates)
    optimizer.tell(candidates, [1.0] + [math.nan] * (len(candidates) - 1))  # committed by now
    with pytest.raises(TellError, match=r"candidate 0 has the score 1\.0 already, was told nan"):
        optimizer.tell(candidates[:1], [math.nan])


def test_tell_the_same_candidate_twice_in_one_call_must_agree(space):
    optimizer = Optimizer(space, population=40, seed=1)
    first = optimizer.ask()[0]
    with pytest.raises(TellError, match="already"):
        optimizer.tell([first, first], [1.0, 2.0])
    optimizer.tell([first, first], [1.0, 1.0])


def test_tell_needs_one_number_a_candidate(space):
    optimizer = Optimizer(space, population=40, seed=1)
    candidates = optimizer.ask()
    with pytest.raises(TellError, match="one score a candidate, were 1 for 2"):
        optimizer.tell(candidates[:2], [1.0])
    with pytest.raises(TellError, match="a score must be a number, was None"):
        optimizer.tell(candidates[:1], [None])


def test_small_space_never_evaluates_a_genome_twice_and_shares_results(make_landscape):
    space = Space([Dimension("a", 0, 5, integer=True), Dimension("b", 0, 3, integer=True)])
    landscape = make_landscape(lambda c: -((c["a"] - 2) ** 2) - (c["b"] - 1) ** 2)
    optimizer = Optimizer(space, population=32, seed=4)
    for _ in range(2000):
        candidates = optimizer.ask()
        optimizer.tell(candidates, landscape(candidates))
        if optimizer.evaluations >= 640:
            break
    assert optimizer.evaluations >= 640
    assert set(landscape.calls.values()) == {1}
    assert optimizer.distinct == len(landscape.calls) <= 24
    assert optimizer.best.candidate.parameters == (2.0, 1.0)


def test_equal_genomes_in_flight_are_handed_out_once():
    optimizer = Optimizer(Space([Dimension("n", 0, 2, integer=True)]), population=64, batch_size=16, seed=0)
    candidates = optimizer.ask()
    assert sorted(candidate["n"] for candidate in candidates) == [0.0, 1.0, 2.0]
    optimizer.tell(candidates, [candidate["n"] for candidate in candidates])
    assert optimizer.distinct == 3
    assert optimizer.best.candidate["n"] == 2.0


def test_ask_in_an_exhausted_space_commits_at_most_a_generation_at_a_time():
    optimizer = Optimizer(Space([Dimension("n", 0, 1, integer=True)]), population=64, batch_size=16, seed=0)
    candidates = optimizer.ask()
    optimizer.tell(candidates, [1.0] * len(candidates))
    before = optimizer.evaluations
    assert optimizer.ask() == []
    assert before < optimizer.evaluations <= before + 64


def test_counters_follow_the_commits():
    optimizer = Optimizer(Space([Dimension("x", 0, 1)]), population=10, batch_size=4)
    seen = []
    while optimizer.evaluations < 20:
        candidates = optimizer.ask()
        optimizer.receive(candidates, [0.0] * len(candidates))
        while optimizer.advance():
            seen.append((optimizer.evaluations, optimizer.generation, optimizer.round))
    assert seen[:6] == [(4, 1, 2), (8, 1, 4), (10, 1, 4), (14, 2, 2), (18, 2, 4), (20, 2, 4)]


def test_species_given_by_name_or_by_value_are_the_same(space):
    by_name = Optimizer({"b": space, "a": space}, population=10, seed=1)
    by_value = Optimizer({Species("a"): space, Species("b"): space}, population=10, seed=1)
    assert by_name.identity == by_value.identity
    assert by_name.ask() == by_value.ask()


def test_candidate_values_are_reached_by_name(space):
    candidate = Optimizer(space, population=10).ask()[0]
    assert candidate.as_dict() == dict(zip(space.names, candidate.parameters, strict=True))
    assert candidate["period"] == candidate.parameters[0]
    with pytest.raises(KeyError, match="known: period, threshold, stop"):
        candidate["perod"]
