import pickle

import pytest

from evolution import (
    Dimension,
    Evolution,
    Outcome,
    Runner,
    RunnerError,
    SerialRunner,
    SettingsError,
    Space,
    StateError,
    StopReason,
)

RUN = {"population": 30, "seed": 7, "batch_size": 8}


@pytest.fixture
def make(space, landscape):
    def evolution(runner=None, **changes):
        return Evolution(runner or landscape, space, **(RUN | changes))

    return evolution


def test_run_stops_after_exactly_the_generations(make, landscape):
    evolution = make()
    outcome = evolution.run(generations=3)
    assert (outcome.reason, outcome.evaluations, outcome.generation, outcome.round) == ("generations", 90, 3, 4)
    assert sum(landscape.calls.values()) == outcome.distinct  # nothing beyond the end was evaluated
    assert evolution.run(generations=3) == outcome
    assert evolution.run(generations=4).evaluations == 120


def test_run_in_an_exhausted_space_stops_after_exactly_the_generations(make_landscape):
    landscape = make_landscape(lambda c: c["n"])
    space = Space([Dimension("n", 0, 3, integer=True)])
    outcome = Evolution(landscape, space, **RUN).run(generations=20)
    assert (outcome.evaluations, outcome.distinct) == (600, 4)


def test_run_with_a_target_stops_after_the_same_batch_in_every_run(make, landscape, shuffled_runner):
    serial = make().run(generations=50, target_score=-1e-3)
    assert (serial.reason, serial.evaluations < 1500) == (StopReason.TARGET, True)
    for seed in range(5):
        assert make(shuffled_runner(landscape, seed)).run(generations=50, target_score=-1e-3) == serial


def test_run_with_a_target_reached_before_ends_at_once(make, ledger):
    make(journal=ledger).run(target_score=-1e-2)
    resumed = make(state=ledger.states[-1]).run(target_score=-1e-2)
    assert (resumed.reason, resumed.evaluations) == ("target", ledger.records[-1].evaluations)


def test_stop_ends_an_endless_run_in_a_consistent_state(make, ledger):
    evolution = make(journal=ledger, listener=lambda record: record.batch == 20 and evolution.stop())
    outcome = evolution.run()
    assert (outcome.reason, ledger.records[-1].batch) == ("request", 20)
    whole = make().run(generations=10)
    assert make(state=ledger.states[-1]).run(generations=10) == whole
    assert evolution.run(generations=10) == whole  # the same object goes on as well


def test_stop_before_a_run_ends_it_before_anything_is_evaluated(make, landscape):
    evolution = make()
    evolution.stop()
    assert evolution.run(generations=2).evaluations == 0
    assert not landscape.calls


def test_interrupted_evaluation_can_be_run_again(make, landscape, make_landscape):
    interrupted = []

    def once(candidate):
        if candidate.number == 50 and not interrupted:
            interrupted.append(candidate)
            raise KeyboardInterrupt
        return landscape.function(candidate)

    evolution = make(make_landscape(once))
    with pytest.raises(KeyboardInterrupt):
        evolution.run(generations=4)
    assert evolution.run(generations=4) == make().run(generations=4)


def test_journal_is_given_every_batch_once_in_order_with_counters(make, ledger, shuffled_runner, landscape):
    make(shuffled_runner(landscape, 1), journal=ledger).run(generations=2)
    records = ledger.records
    assert [record.batch for record in records] == list(range(8))
    assert [len(record.candidates) for record in records] == [8, 8, 8, 6] * 2
    assert [record.evaluations for record in records] == [8, 16, 24, 30, 38, 46, 54, 60]
    assert [(record.generation, record.round) for record in records] == [
        (1, 2), (1, 3), (1, 4), (1, 4), (2, 2), (2, 3), (2, 4), (2, 4),
    ]  # fmt: skip
    numbers = [candidate.number for record in records for candidate in record.candidates]
    assert numbers == list(range(60))
    for record in records:
        assert len(record.scores) == len(record.shared) == len(record.candidates)
        assert all(landscape.function(c) == s for c, s in zip(record.candidates, record.scores, strict=True))
        (statistics,) = record.statistics
        assert statistics.best == record.best.score
        assert statistics.best >= statistics.q75 >= statistics.median >= statistics.q25
        assert 0.0 < statistics.diversity < 2.0
    assert records[-1].statistics[0].members == 30


def test_journal_state_is_refused_once_the_next_batch_is_committed(make, ledger):
    make(journal=ledger).run(generations=1)
    with pytest.raises(StateError, match="the state after batch 0 is gone"):
        ledger.records[0].state()
    assert ledger.records[-1].state() == ledger.states[-1]  # the last one of a group stays valid


def test_listener_is_told_after_the_journal(make, ledger):
    seen = []
    make(journal=ledger, listener=lambda record: seen.append(len(ledger.records))).run(generations=1)
    assert seen == [1, 2, 3, 4]


class Forgetful(SerialRunner):
    """Loses what it is given."""

    def submit(self, candidates):
        pass


def test_runner_that_loses_candidates_is_reported(make, landscape):
    with pytest.raises(RunnerError, match="nothing pending"):
        make(Forgetful(landscape)).run(generations=1)


def test_runner_with_too_few_scores_is_reported(make, landscape):
    class Short(type(landscape)):
        def __call__(self, candidates):
            return super().__call__(candidates)[1:]

    with pytest.raises(RunnerError, match="one score a candidate, gave 29 for 30"):
        make(Short(landscape.function)).run(generations=1)


def test_run_generations_below_one_are_refused(make):
    with pytest.raises(SettingsError, match="generations must be at least 1, was 0"):
        make().run(generations=0)


def test_serial_runner_fulfils_the_protocol(landscape, make):
    runner = SerialRunner(landscape)
    assert isinstance(runner, Runner)
    assert (runner.pending, runner.collect()) == (0, [])
    candidates = make().optimizer.ask()
    runner.submit(candidates[:3])
    runner.submit(candidates[3:4])
    assert runner.pending == 4
    assert [candidate for candidate, _ in runner.collect()] == candidates[:4]
    runner.submit(candidates)
    runner.close()
    assert runner.pending == 0


def test_candidates_and_outcomes_survive_pickling(make):
    evolution = make()
    outcome = evolution.run(generations=2)
    population = evolution.optimizer.population
    assert pickle.loads(pickle.dumps(population)) == population
    assert pickle.loads(pickle.dumps(outcome)) == outcome
    assert isinstance(outcome, Outcome)
