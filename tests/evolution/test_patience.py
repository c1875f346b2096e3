"""A run may end when its best score has not improved for some generations."""

import pytest

from evolution import Evolution, Optimizer, SettingsError, StopReason

RUN = {"population": 30, "seed": 7, "batch_size": 8}


def last_best_at(number):
    """Return a landscape in which every child is better than the one before, up to this number, and worse after it."""

    def score(candidate):
        return -abs(candidate.number - number - 0.25)

    return score


@pytest.fixture
def make(space, make_landscape):
    """Return what makes an evolution on a landscape of one function."""

    def evolution(score, runner=lambda landscape: landscape, **changes):
        return Evolution(runner(make_landscape(score)), space, **(RUN | changes))

    return evolution


@pytest.mark.parametrize("patience", [1, 2, 5])
@pytest.mark.parametrize("best", [0, 29, 45, 59])
def test_patience_ends_a_run_after_exactly_that_many_stagnant_generations(make, patience, best):
    evolution = make(last_best_at(best))
    outcome = evolution.run(generations=50, patience=patience)
    assert outcome.reason is StopReason.STAGNATION
    # the first batch after which as many children are committed since the best as so many generations have
    schedule = evolution.optimizer.identity.schedule
    ends = [schedule.children(batch).stop for batch in range(400)]
    assert outcome.evaluations == min(end for end in ends if end - (best + 1) >= 30 * patience)
    assert 30 * patience <= evolution.optimizer.stagnation < 30 * patience + 8


def test_patience_of_a_best_at_the_end_of_a_generation_ends_with_a_generation(make):
    outcome = make(last_best_at(59)).run(patience=2)
    assert (outcome.evaluations, outcome.generation, outcome.round) == (120, 4, 4)


def test_patience_is_not_tried_while_the_best_improves(make):
    outcome = make(lambda candidate: float(candidate.number)).run(generations=12, patience=1)
    assert (outcome.reason, outcome.evaluations) == (StopReason.GENERATIONS, 360)


def test_patience_equal_scores_are_no_improvement(make):
    outcome = make(lambda candidate: 1.0).run(generations=12, patience=2)
    assert (outcome.reason, outcome.evaluations) == (StopReason.STAGNATION, 68)


def test_patience_without_any_finite_score_counts_from_the_start(make):
    outcome = make(lambda candidate: float("nan")).run(generations=12, patience=2)
    assert (outcome.reason, outcome.evaluations) == (StopReason.STAGNATION, 60)


def test_patience_ends_every_run_after_the_same_batch(make, shuffled_runner, one_at_a_time, landscape):
    serial = make(landscape.function).run(generations=60, patience=2)
    assert serial.reason is StopReason.STAGNATION
    for seed in range(5):
        assert make(landscape.function, lambda hill, s=seed: shuffled_runner(hill, s)).run(60, patience=2) == serial
    assert make(landscape.function, one_at_a_time).run(60, patience=2) == serial


def test_patience_counts_on_after_a_resume(make, ledger):
    whole = make(last_best_at(45), journal=ledger).run(patience=3)
    for state in ledger.states:
        assert make(last_best_at(45), state=state).run(patience=3) == whole


def test_patience_that_has_run_out_ends_the_next_run_at_once(make):
    evolution = make(last_best_at(3))
    outcome = evolution.run(patience=1)
    assert evolution.run(patience=1) == outcome
    assert evolution.run(patience=2).evaluations > outcome.evaluations


def test_patience_counts_anew_after_a_roll(make, make_landscape):
    evolution = make(last_best_at(3))
    assert evolution.run(patience=2).evaluations == 68
    evolution.roll(make_landscape(last_best_at(80)), "next")
    assert evolution.optimizer.stagnation == 0
    outcome = evolution.run(generations=50, patience=2)
    assert (outcome.reason, outcome.evaluations) == (StopReason.STAGNATION, 143 + 1)
    evolution.roll(make_landscape(lambda candidate: float("nan")), "undefined")
    assert evolution.run(generations=50, patience=1).evaluations == 144 + 30


def test_stagnation_counts_children_since_the_best_was_born(space):
    optimizer = Optimizer(space, **RUN)
    assert optimizer.stagnation == 0
    candidates = optimizer.take(30)
    optimizer.receive(candidates, [float(candidate.number == 5) for candidate in candidates])
    seen = []
    while optimizer.advance():
        seen.append(optimizer.stagnation)
    assert seen == [2, 10, 18, 24]


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_below_one_generation_is_refused(make, patience):
    with pytest.raises(SettingsError, match=f"patience must be at least 1 generation, was {patience}"):
        make(last_best_at(0)).run(patience=patience)
