"""A living population: it follows its candles, rests between generations, and survives whatever ends it."""

import pytest

from cluster.candle_files import CandleFiles
from cluster.living_population import LivingPopulation
from evolution import Evolution, StopReason, WalkForward, WalkForwardEvolution, Windows
from market import CandleStore, ManualClock, synthetic_candles

BARS = synthetic_candles(symbol="BTC/USDT:USDT", bars=1_600, seed=4)
PLAN = WalkForward(spans=2, rolls=(1,), fewest_bars=1000)


class Ledger:
    """A journal that keeps the last state, and what was evaluated on which window."""

    def __init__(self):
        self.state = None
        self.windows = []

    def record(self, commit):
        self.state = commit.state()
        self.windows.append(commit.window)


def search(ledger, state=None, candles=BARS[:1_200]):
    windows = Windows([candles], plan=PLAN, n_bars={("BTC/USDT:USDT", "1h"): 1_200})
    evolution = Evolution(
        windows.objective(0), windows.spaces, population=40, seed=3, objective_hash=windows.objective_hash,
        journal=ledger, state=state,
    )  # fmt: skip
    return WalkForwardEvolution(evolution, windows)


class Market:
    """Gives the candles that have closed by a clock, and asks to stop after some looks."""

    def __init__(self, clock, looks):
        self.clock, self.left = clock, looks
        self.population = None

    def read(self):
        self.left -= 1
        if self.left < 0:
            self.population.stop()
        closed = sum(1 for opened in BARS.timestamp if opened + 3_600_000 <= self.clock.now_ms())
        return [BARS[:closed]]


def living(looks, *, state=None, start_ms=None, interval_s=600.0, per_window=2):
    """Return a population that is stopped after so many looks at its market; an hour has six intervals."""
    clock = ManualClock(start_ms=BARS[:1_200].close_time if start_ms is None else start_ms)
    ledger, market = Ledger(), Market(clock, looks)
    generations = []
    rolled = []
    run = search(ledger, state)
    population = LivingPopulation(
        run, market.read, clock, lambda: interval_s, per_window, lambda: generations.append(run.window),
        lambda: rolled.append(run.evolution.optimizer.window),
    )  # fmt: skip
    market.population = population
    return population, run, ledger, clock, rolled


def test_population_rolls_with_every_candle_and_rests_in_between():
    population, run, ledger, clock, rolled = living(looks=20)
    outcome = population.run()
    assert outcome.reason is StopReason.REQUEST
    optimizer = run.evolution.optimizer
    # one generation in the first window of the plan, two in the last one, then two in each hour's window
    labels = list(dict.fromkeys(ledger.windows))
    hours = [label for label in labels if "@" in label]
    assert labels[:2] == ["", "1"]
    assert [int(label.partition("@")[0]) for label in hours] == [2, 3, 4]
    assert all(int(label.partition("@")[2]) % 3_600_000 == 0 for label in hours)
    assert rolled == hours
    assert optimizer.evaluations == 40 * (1 + 2 + 2 + 2 + 2)
    assert sum(clock.waits) == pytest.approx(20 * 600.0)
    assert max(clock.waits) <= 0.25


def test_population_trains_on_what_is_closed_and_keeps_finalists_for_spans():
    population, run, *_ = living(looks=20)
    population.run()
    windows = run.windows
    market = ("BTC/USDT:USDT", "1h")
    assert windows.train_stop(market, run.window) == 1_203
    assert len(windows.training(run.window)[market]) == 1_203
    frozen = [finalist.window for finalist in run.evolution.optimizer.finalists]
    # the first live window trains on a test span more than the last one of the plan; the next ones on an hour more
    assert list(dict.fromkeys(frozen)) == ["", "1", f"2@{BARS[:1_201].close_time}"]
    assert {finalist.window for finalist in run.finalists()} == set(frozen)


def test_killed_population_goes_on_as_if_nothing_had_happened():
    whole = living(looks=20)
    whole[0].run()
    for looks in (1, 2, 4, 8, 9, 14):
        first = living(looks)
        first[0].run()
        again = living(20 - looks, state=first[2].state, start_ms=first[3].now_ms())
        again[0].run()
        assert again[1].evolution.optimizer.population_hash() == whole[1].evolution.optimizer.population_hash()
        assert again[1].finalists() == whole[1].finalists()


def test_population_rests_as_long_as_is_configured_by_then():
    population, _, _, clock, _ = living(looks=2)
    configured = iter([3_600.0, 3_600.0, 2.0, 0.0, 0.0])
    population._interval_s = lambda: next(configured)
    population.run()
    assert clock.waits[:8] == [0.25] * 8  # asked for every second: the hour was two seconds by then
    assert sum(clock.waits) == 2.0


def test_population_that_is_resumed_within_a_rest_goes_on_at_once():
    population, run, _, clock, _ = living(looks=2, interval_s=3_600.0)
    began = clock.monotonic()
    population._is_paused = lambda: 10.0 <= clock.monotonic() - began < 20.0
    population.run()
    assert sum(clock.waits) == pytest.approx(20.0 + 3_600.0)
    assert run.evolution.optimizer.evaluations == 40 * 2


def test_population_that_is_paused_within_a_generation_goes_on_unchanged():
    whole = living(looks=8)
    whole[0].run()
    population, run, ledger, clock, _ = living(looks=8)
    record, batches = ledger.record, []

    def paused_record(commit):
        record(commit)
        batches.append(commit.evaluations)
        if len(batches) == 5:
            run.evolution.stop()  # what a pause does

    ledger.record = paused_record
    population._is_paused = lambda: len(batches) == 5 and clock.waits[-3:] != [0.25] * 3
    population.run()
    assert batches[4] % 40  # it was within a generation
    assert run.evolution.optimizer.population_hash() == whole[1].evolution.optimizer.population_hash()
    assert ledger.windows == whole[2].windows


def test_population_ends_at_its_aim():
    population, *_ = living(looks=100)
    assert population.run(target_score=0.0).reason is StopReason.TARGET
    population, *_ = living(looks=400, per_window=1_000)
    assert population.run(patience=3).reason is StopReason.STAGNATION


def test_candle_files_leave_out_the_open_candle_and_are_read_again_when_they_grow(tmp_path):
    store = CandleStore(tmp_path)
    store.add(BARS[:1_000])
    path = store.path(BARS.venue, BARS.symbol, BARS.timeframe, BARS.origin)
    clock = ManualClock(start_ms=BARS[:1_000].close_time - 1)
    files = CandleFiles([path], None, None, clock)
    assert len(files.read()[0]) == 999
    clock.advance(1.0)
    assert files.read()[0] == BARS[:1_000]
    store.add(BARS[1_000:1_010])
    clock.advance(36_000.0)
    assert files.read()[0] == BARS[:1_010]
    path.rename(path.with_suffix(".away"))
    assert files.read()[0] == BARS[:1_010]
