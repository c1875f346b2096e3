"""Walk-forward evolution: no look-ahead, rolls where the plan says, and the same run whatever interrupts it."""

import numpy as np
import pytest

import backtest
from evolution import (
    Evolution,
    FoldSettings,
    SettingsError,
    StopReason,
    WalkForward,
    WalkForwardEvolution,
    Windows,
    encode_state,
)
from market import Candles, synthetic_candles

PLAN = WalkForward(rolls=(1, 3, 4))
GENERATIONS = 6
RUN = {"population": 40, "seed": 11, "batch_size": 12}
FOLDS = FoldSettings(folds=3, neighbours=2)
CHEAP = backtest.Costs(1, 0)
CANDLES = [
    synthetic_candles(symbol="BTC/USDT:USDT", bars=1300, seed=6, regimes=["trend"]),
    synthetic_candles(symbol="ETH/USDT", timeframe="4h", bars=1100, seed=6, regimes=["trend"]),
]


def start(candles=CANDLES, make_runner=None, state=None, journal=None, listener=None, **changes):
    windows = Windows(candles, CHEAP, changes.pop("plan", PLAN), FOLDS)
    objective = windows.objective(0)
    runner = objective if make_runner is None else make_runner(objective)
    evolution = Evolution(runner, windows.spaces, state=state, journal=journal, listener=listener, **(RUN | changes))
    return WalkForwardEvolution(evolution, windows)


def everything_of(run):
    """Return all that a run has come to: its whole state and its finalists."""
    return run.evolution.optimizer.state(), run.finalists(), run.evolution.optimizer.population_hash()


class Records(list):
    """A journal: every record, and the state after it."""

    def __init__(self):
        super().__init__()
        self.states = []

    def record(self, commit):
        self.append(commit)
        self.states.append(commit.state())


@pytest.fixture(scope="module")
def whole():
    """Return a run without interruption, its outcome, its records and the state after each."""

    records = Records()
    run = start(journal=records)
    return run, run.run(GENERATIONS), records


def with_other_candles_from(candles, bar):
    """Return candles of the same market with other prices from a bar on."""
    other = synthetic_candles(symbol=candles.symbol, timeframe=candles.timeframe, bars=len(candles), seed=99)
    columns = {
        name: np.append(getattr(candles, name)[:bar], getattr(other, name)[bar:])
        for name in ("open", "high", "low", "close", "volume")
    }
    labels = {name: getattr(candles, name) for name in ("symbol", "timeframe", "venue", "market_type", "origin")}
    return Candles(timestamp=candles.timestamp, **columns, **labels)


@pytest.mark.parametrize(("window", "generations"), [(0, 1), (1, 2), (1, 3), (2, 4), (3, 6)])
def test_candles_after_the_training_of_a_window_change_nothing_of_it(ledger, window, generations):
    expected = start(journal=ledger)
    outcome = expected.run(generations)
    changed = start([with_other_candles_from(c, PLAN.train_stop(len(c), window)) for c in CANDLES])
    assert changed.run(generations) == outcome
    assert changed.window == expected.window == window
    assert everything_of(changed) == everything_of(expected)
    assert expected.candidates_of_window()
    seen = start([with_other_candles_from(c, PLAN.train_stop(len(c), window) - 1) for c in CANDLES])
    assert seen.run(generations).population_hash != outcome.population_hash  # the very last bar of it counts


def test_run_rolls_exactly_after_the_planned_generations(whole):
    _, outcome, records = whole
    windows = {generation: set() for generation in range(1, GENERATIONS + 1)}
    for record in records:
        windows[record.generation].add(record.window)
    assert windows == {1: {""}, 2: {"1"}, 3: {"1"}, 4: {"2"}, 5: {"3"}, 6: {"3"}}
    assert outcome.reason is StopReason.GENERATIONS


def test_run_makes_population_times_generations_evaluations(whole):
    run, outcome, records = whole
    assert outcome.evaluations == RUN["population"] * GENERATIONS == sum(len(r.candidates) for r in records)
    assert [c.number for r in records for c in r.candidates] == list(range(outcome.evaluations))
    assert (outcome.generation, outcome.round) == (GENERATIONS, 4)
    assert len(run.evolution.optimizer.population) == RUN["population"]


def test_scores_are_the_fitness_on_the_candles_of_their_window(whole):
    run, _, records = whole
    seen = {}
    for record in records:
        window = int(record.window or 0)
        known = seen.setdefault(window, {})
        objective = run.windows.objective(window)
        for candidate, score in zip(record.candidates, objective(record.candidates), strict=True):
            known.setdefault((candidate.species, candidate.parameters), score)
        expected = [known[c.species, c.parameters] for c in record.candidates]
        assert list(record.scores) == expected


def test_finalists_are_those_that_each_window_would_have_sent_on_at_its_end(whole):
    run, _, _ = whole
    expected = []
    for generations, label in [(1, ""), (3, "1"), (4, "2"), (6, "3")]:
        part = start()
        part.run(generations)
        assert part.evolution.optimizer.window == label
        expected += [(member, label) for member in part.candidates_of_window()]
    assert [(finalist.member, finalist.window) for finalist in run.finalists()] == expected
    assert [f.window for f in run.evolution.optimizer.finalists] == [w for _, w in expected if w != "3"]
    assert {window for _, window in expected} == {"", "1", "2", "3"}


def test_finalists_hold_their_place_and_their_score_in_the_population_of_their_window(whole):
    run, _, records = whole
    for finalist in run.finalists():
        window = int(finalist.window or 0)
        candidate = finalist.member.candidate
        (record,) = [record for record in records if candidate in record.candidates]
        assert record.window == finalist.window
        assert finalist.member.score == run.windows.objective(window)([candidate])[0] > 0.0


def test_asking_for_finalists_freezes_nobody(whole):
    run, _, _ = whole
    before = run.evolution.optimizer.state()
    assert run.finalists() == run.finalists()
    assert run.evolution.optimizer.state() == before


def test_run_resumed_after_any_batch_is_the_same(whole):
    run, outcome, records = whole
    expected = everything_of(run)
    assert len(records.states) == 4 * GENERATIONS
    for state in records.states:
        resumed = start(state=state)
        assert resumed.run(GENERATIONS) == outcome
        assert everything_of(resumed) == expected


class Killed(BaseException):
    """What ends a process in the middle of something."""


@pytest.mark.parametrize("roll", [1, 2, 3])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_run_killed_right_before_or_after_a_roll_is_the_same(whole, ledger, monkeypatch, roll, done):
    run, outcome, _ = whole
    killed = start(journal=ledger)
    optimizer, real = killed.evolution.optimizer, killed.evolution.optimizer.roll

    def deadly(window):
        if window == str(roll) and not done:
            raise Killed
        real(window)
        if window == str(roll):
            raise Killed

    monkeypatch.setattr(optimizer, "roll", deadly)
    with pytest.raises(Killed):
        killed.run(GENERATIONS)
    recorded = start(state=ledger.states[-1])
    assert recorded.window == roll - 1  # a roll is not a batch: nothing was recorded of it
    assert recorded.run(GENERATIONS) == outcome
    assert everything_of(recorded) == everything_of(run)
    if done:  # its state may have been kept all the same
        kept = start(state=encode_state(optimizer.state()))
        assert kept.window == roll
        assert kept.run(GENERATIONS) == outcome
        assert everything_of(kept) == everything_of(run)


@pytest.mark.parametrize("stops", [(1,), (2,), (3, 3), (4, 5), tuple(range(1, GENERATIONS))])
def test_run_in_portions_is_the_same(whole, stops):
    run, outcome, _ = whole
    again = start()
    for generations in stops:
        part = again.run(generations)
        assert (part.reason, part.generation) == (StopReason.GENERATIONS, generations)
    assert again.run(GENERATIONS) == outcome
    assert everything_of(again) == everything_of(run)


def test_run_is_the_same_in_any_order_of_results(whole, shuffled_runner, one_at_a_time):
    run, outcome, _ = whole
    for make_runner in (lambda objective: shuffled_runner(objective, 3), one_at_a_time):
        other = start(make_runner=make_runner)
        assert other.run(GENERATIONS) == outcome
        assert everything_of(other) == everything_of(run)


def test_another_seed_is_another_run(whole):
    assert start(seed=12).run(GENERATIONS).population_hash != whole[1].population_hash


def first_reaching(records, target):
    return next(record for record in records if record.best is not None and record.best.score >= target)


def test_run_stops_after_the_batch_in_which_the_window_reaches_the_target(whole, ledger, shuffled_runner):
    run, outcome, records = whole
    first = max(record.best.score for record in records if record.window == "")
    later = max(record.best.score for record in records)
    assert later > first + 1e-9  # the second target is reached in a later window only
    for target in (first, later):
        expected = first_reaching(records, target)
        aimed = start(make_runner=lambda objective: shuffled_runner(objective, 5))
        stopped = aimed.run(GENERATIONS, target_score=target)
        assert (stopped.reason, stopped.evaluations) == (StopReason.TARGET, expected.evaluations)
        assert aimed.evolution.optimizer.window == expected.window
        assert aimed.run(GENERATIONS, target_score=target) == stopped
        assert aimed.run(GENERATIONS) == outcome
        assert everything_of(aimed) == everything_of(run)


def test_best_of_an_earlier_window_reaches_no_target(whole):
    _, outcome, records = whole
    target = max(record.best.score for record in records if record.window == "1")
    later = [record for record in records if record.window in ("2", "3")]
    assert max(record.best.score for record in later) < target - 0.1
    rolled = start()
    rolled.run(4)
    assert rolled.window == 2
    for again in (rolled, start(state=records.states[later[0].batch])):
        assert again.run(GENERATIONS, target_score=target) == outcome


@pytest.mark.parametrize("patience", [1, 2])
def test_run_stops_where_the_best_of_the_window_did_not_improve_for_so_long(whole, patience):
    run, outcome, records = whole
    ends = {generation * RUN["population"] for generation in (*PLAN.rolls, GENERATIONS)}

    def is_stagnant(record):
        first = PLAN.rolls[int(record.window) - 1] * RUN["population"] if record.window else 0
        since = first if record.best is None else record.best.candidate.number + 1
        return record.evaluations - since >= patience * RUN["population"] and record.evaluations not in ends

    expected = next((record for record in records if is_stagnant(record)), None)
    impatient = start()
    stopped = impatient.run(GENERATIONS, patience=patience)
    if expected is None:
        assert stopped == outcome
    else:
        assert (stopped.reason, stopped.evaluations) == (StopReason.STAGNATION, expected.evaluations)
        assert impatient.evolution.optimizer.window == expected.window
    assert impatient.run(GENERATIONS) == outcome
    assert everything_of(impatient) == everything_of(run)


@pytest.mark.parametrize("batch", [1, 3, 6, 11, 15, 23], ids=lambda batch: f"batch-{batch}")
def test_stop_on_request_is_met_within_a_window_and_at_its_end(whole, batch):
    run, outcome, records = whole
    stopping = start(listener=lambda record: record.batch == batch and stopping.evolution.stop())
    stopped = stopping.run(GENERATIONS)
    if batch == len(records) - 1:
        assert stopped == outcome
        assert stopping.run(GENERATIONS + 1).evaluations == outcome.evaluations  # the request is still to be met
    assert stopped.evaluations == records[batch].evaluations
    assert stopped.reason is (StopReason.GENERATIONS if batch == len(records) - 1 else StopReason.REQUEST)
    assert stopping.run(GENERATIONS) == outcome
    assert everything_of(stopping) == everything_of(run)


def test_endless_run_lasts_in_the_last_window():
    endless = start(listener=lambda record: record.generation == 7 and endless.evolution.stop())
    stopped = endless.run()
    assert (stopped.reason, stopped.generation, endless.window) == (StopReason.REQUEST, 7, 3)


def test_run_without_test_spans_never_rolls(ledger):
    run = start([CANDLES[0][:700]], plan=None, journal=ledger)
    assert run.windows.plan.spans == 0
    assert run.run(3).evaluations == 3 * RUN["population"]
    assert {record.window for record in ledger.records} == {""}
    assert run.evolution.optimizer.finalists == ()
    assert {finalist.window for finalist in run.finalists()} == {""}


def test_run_that_ends_in_a_short_first_window_has_finalists():
    """The first window trains on less than a test span is long."""
    run = start(plan=WalkForward(first=0.15, rolls=(2, 3, 4)))
    run.run(1)
    assert [finalist.member for finalist in run.finalists()] == list(run.candidates_of_window())
    assert run.finalists()


def test_run_generations_below_one_are_refused():
    with pytest.raises(SettingsError, match="generations must be at least 1, was 0"):
        start().run(0)
