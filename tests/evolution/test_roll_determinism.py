"""A run that rolls is the same with every runner, and resumed after every batch."""

from itertools import pairwise

import numpy as np
import pytest

from evolution import (
    Behaviour,
    Evolution,
    Optimizer,
    Settings,
    StopReason,
    decode_state,
    encode_state,
    operators,
    select_finalists,
)

RUN = {"population": 50, "seed": 7, "batch_size": 8}
GENERATIONS = 7
LABELS = ["", "spring", "summer"]
SUMMITS = [0.2, 0.7, 0.4]
EVERYTHING = Settings(
    shares={name: 1.0 / len(operators.available()) for name in operators.available()}, adaptation=0.1, experience=60
)


def scorer(window):
    """Return the landscape of a window: a hill whose summit lies elsewhere in each."""
    summit = SUMMITS[window]

    def score(candidate):
        rest = 0.0
        for gene in candidate.genome:
            rest += (gene - summit) * (gene - summit)
        return 10.0 + window - rest

    return score


def behaviours(window):
    """Return what tells how candidates trade in a window."""

    def tell(candidates):
        return [
            Behaviour(1.0 + 60.0 * c.genome[0], c.genome[1], 1.0 - 2.0 * c.genome[0] * (window + 1) / 3)
            for c in candidates
        ]

    return tell


def returns(members):
    """Return what members earned: a function of their genes."""
    waves = np.arange(40.0)
    return np.array([np.sin(waves * (0.3 + sum(member.candidate.genome))) for member in members]).T


class Walk:
    """A driver of three windows: the first ends after two generations, the second at a target, within a generation."""

    def __init__(self, spaces, make_landscape, make_runner, **changes):
        self.spaces, self.changes, self.labels = spaces, RUN | changes, LABELS
        self.make_landscape, self.make_runner = make_landscape, make_runner

    def start(self, state=None, journal=None):
        window = 0 if state is None else self.labels.index(decode_state(state)["window"]["label"])
        runner = self.make_runner(self.make_landscape(scorer(window)))
        return Evolution(
            runner, self.spaces, behaviours=behaviours(window), state=state, journal=journal, **self.changes
        )

    def roll(self, evolution, window):
        finalists = select_finalists(evolution.optimizer.population, returns, evolution.optimizer.finalists, 3)
        landscape = self.make_landscape(scorer(window))
        evolution.roll(landscape, self.labels[window], finalists, behaviours(window))

    def go_on(self, evolution):
        """Run to the end of the last window, from wherever it is."""
        window = self.labels.index(evolution.optimizer.window)
        if window == 0:
            assert evolution.run(generations=2).reason is StopReason.GENERATIONS
            self.roll(evolution, 1)
        if window <= 1:
            assert evolution.run(target_score=10.999).reason is StopReason.TARGET
            self.roll(evolution, 2)
        evolution.run(generations=GENERATIONS)
        return evolution


@pytest.fixture
def make_walk(three_species, make_landscape):
    """Return what makes a driver for a kind of runner; serial by default."""

    def make(make_runner=lambda landscape: landscape, **changes):
        return Walk(three_species, make_landscape, make_runner, **changes)

    return make


@pytest.fixture
def whole(make_walk, ledger):
    """Return the uninterrupted serial run; `ledger` holds its records."""
    walk = make_walk()
    evolution = walk.go_on(walk.start(journal=ledger))
    windows = [record.window for record in ledger.records]
    assert sorted(set(windows)) == sorted(LABELS)
    assert ledger.records[windows.index("summer") - 1].ends_generation is False  # the second roll is within one
    assert evolution.optimizer.evaluations == 350
    assert len(evolution.optimizer.finalists) == 6
    assert len(evolution.optimizer.archive) > 10
    return evolution.optimizer


@pytest.mark.parametrize("seed", range(6))
def test_run_with_two_rolls_is_the_same_whatever_the_order_of_results(make_walk, whole, ledger, shuffled_runner, seed):
    states = list(ledger.states)
    walk = make_walk(lambda landscape: shuffled_runner(landscape, seed))
    evolution = walk.go_on(walk.start(journal=ledger))
    assert evolution.optimizer.population_hash() == whole.population_hash()
    assert ledger.states[len(states) :] == states


def test_run_with_two_rolls_is_the_same_one_result_at_a_time(make_walk, whole, one_at_a_time):
    walk = make_walk(one_at_a_time)
    assert walk.go_on(walk.start()).optimizer.state() == whole.state()


def test_run_with_two_rolls_is_the_same_by_ask_and_tell(make_walk, whole, ledger, three_species):
    ends = {record.evaluations for record, following in pairwise(ledger.records) if record.window != following.window}
    optimizer, window = Optimizer(three_species, **RUN), 0
    while True:
        candidates = optimizer.take(350)
        optimizer.receive(candidates, [scorer(window)(candidate) for candidate in candidates])
        optimizer.advance()
        if optimizer.evaluations % 50 == 0:
            optimizer.characterise(behaviours(window))
        if optimizer.evaluations in ends:
            optimizer.freeze(select_finalists(optimizer.population, returns, optimizer.finalists, 3))
            window += 1
            optimizer.roll(LABELS[window])
        if optimizer.evaluations == 350:
            break
    assert optimizer.state() == whole.state()


def test_resume_after_any_batch_of_any_window_equals_the_uninterrupted_run(make_walk, whole, ledger, shuffled_runner):
    expected = whole.state()
    for seed, state in enumerate(ledger.states):  # the last of a window too: there the driver rolls again
        walk = make_walk(lambda landscape, seed=seed: shuffled_runner(landscape, seed))
        evolution = walk.go_on(walk.start(state))
        assert evolution.optimizer.population_hash() == whole.population_hash()
        assert evolution.optimizer.state() == expected


def test_resume_with_every_operator_and_adaptive_shares_equals_the_uninterrupted_run(make_walk, ledger, one_at_a_time):
    walk = make_walk(settings=EVERYTHING)
    expected = walk.go_on(walk.start(journal=ledger)).optimizer.state()
    for state in ledger.states[::5]:
        walk = make_walk(one_at_a_time, settings=EVERYTHING)
        assert walk.go_on(walk.start(state)).optimizer.state() == expected


def test_resume_right_after_a_roll_equals_the_uninterrupted_run(make_walk, whole):
    walk = make_walk()
    evolution = walk.start()
    evolution.run(generations=2)
    walk.roll(evolution, 1)
    state = encode_state(evolution.optimizer.state())  # nothing of the new window is committed
    assert walk.go_on(walk.start(state)).optimizer.state() == whole.state()
    evolution = walk.start(state)
    evolution.run(target_score=10.999)
    walk.roll(evolution, 2)
    state = encode_state(evolution.optimizer.state())
    assert walk.go_on(walk.start(state)).optimizer.state() == whole.state()


def test_resume_many_times_through_all_windows_equals_the_uninterrupted_run(make_walk, whole, ledger):
    expected, states = whole.state(), list(ledger.states)
    ledger.states.clear()
    walk, state = make_walk(), None
    while True:  # every life commits one batch, and rolls where that is due
        evolution = walk.start(state, ledger)
        evolution._listener = lambda record, run=evolution: run.stop()
        window = LABELS.index(evolution.optimizer.window)
        stops = [{"generations": 2}, {"target_score": 10.999}, {"generations": GENERATIONS}]
        outcome = evolution.run(**stops[window])
        if outcome.reason is StopReason.REQUEST:
            state = ledger.states[-1]
            continue
        if window == 2:
            break
        walk.roll(evolution, window + 1)
        state = encode_state(evolution.optimizer.state())
    assert ledger.states == states
    assert evolution.optimizer.state() == expected


def test_two_kills_between_the_last_batch_and_the_roll_freeze_the_finalists_once(make_walk, whole, ledger):
    ends = [record for record in ledger.records if record.window == ""]
    state = ledger.states[ends[-1].batch]
    walk = make_walk()
    for _ in range(2):
        evolution = walk.start(state)
        assert evolution.run(generations=2).evaluations == 100  # at once
        walk.roll(evolution, 1)
        assert len(evolution.optimizer.finalists) == 3  # and lost, until a batch of the new window is recorded
    assert walk.go_on(evolution).optimizer.state() == whole.state()


def test_scores_of_every_record_are_of_its_own_window(make_walk, whole, ledger):
    for record in ledger.records:
        score = scorer(LABELS.index(record.window))
        assert list(record.scores) == [score(candidate) for candidate in record.candidates]
        assert record.best.score == score(record.best.candidate)
    for finalist in whole.finalists:
        assert finalist.member.score == scorer(LABELS.index(finalist.window))(finalist.member.candidate)
    for elite in whole.archive:
        assert elite.member.score == scorer(2)(elite.member.candidate)
        assert [elite.behaviour] == behaviours(2)([elite.member.candidate])


def test_another_moment_of_the_roll_gives_another_population(make_walk, whole):
    walk = make_walk()
    evolution = walk.start()
    evolution.run(generations=1)
    walk.roll(evolution, 1)
    assert walk.go_on(evolution).optimizer.population_hash() != whole.population_hash()


def test_the_label_of_a_window_is_state_and_decides_nothing(make_walk, whole):
    walk = make_walk()
    walk.labels = ["", "a", "b"]
    optimizer = walk.go_on(walk.start()).optimizer
    assert optimizer.population_hash() == whole.population_hash()
    assert optimizer.state() != whole.state()
    assert [finalist.window for finalist in optimizer.finalists] == ["", "", "", "a", "a", "a"]


def test_golden_population_after_two_rolls_has_not_changed_silently(whole):
    assert whole.population_hash() == "8aed21b75145e5d62b24bd0688f4cfbd0a856f482327ba3987f5489ea6af810f", (
        "the same seed gives another population after a roll than before. If that is meant, raise "
        "evolution.engine_version.ENGINE_VERSION, put the new hash here, and say so in the changelog"
    )
