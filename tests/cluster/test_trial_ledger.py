"""The ledger of trials: what runs share, what is kept, and that nothing is counted twice or forgotten."""

import io

import numpy as np
import pytest
from sqlalchemy import event

from backtest import TrialStatistics, add_trials, trial_clusters
from cluster.trial_ledger import TrialLedger, data_set
from evolution import Evolution, Windows
from evolution.objective import spec_of
from market import ManualClock, synthetic_candles
from storage import EvidenceRepository, RunRepository, open_database

MARKET = ("BTC/USDT:USDT", "1h")
CANDLES = synthetic_candles(symbol=MARKET[0], bars=2_000, seed=21)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """An embedded database of its own."""
    with open_database(tmp_path_factory.mktemp("home"), environ={}) as database:
        yield database


class Commits:
    """A journal that stores trials as a run does, and keeps the candidates."""

    def __init__(self, runs, run_id, data_hash):
        self.runs, self.run_id, self.data_hash = runs, run_id, data_hash
        self.candidates, self.commits = [], []

    def record(self, commit):
        self.commits.append(commit)
        trials = [
            {
                "batch": commit.batch, "species": str(one.species), "child": one.child, "genome": one.parameters,
                "data_hash": self.data_hash, "operator": one.operator,
            }
            for one in commit.candidates
        ]  # fmt: skip
        self.candidates += commit.candidates
        self.runs.commit(
            self.run_id, batch=commit.batch, state=b"", trials=trials, evaluations=commit.evaluations,
            generation=1, round=1,
        )  # fmt: skip


def run(database, candles, seed, generations=2):
    """Evolve a little and store it."""
    runs, evidence = RunRepository(database.engine), EvidenceRepository(database.engine)
    evidence.know([data_set(candles)])
    run_id = runs.create(
        {
            "engine_version": "1", "seed": seed, "settings": {}, "settings_hash": "s", "data_hash": candles.data_hash,
            "cost_hash": "c", "origin": candles.origin,
        }
    )  # fmt: skip
    journal = Commits(runs, run_id, candles.data_hash)
    windows = Windows([candles])
    evolution = Evolution(windows.objective(0), windows.spaces, population=40, seed=seed, journal=journal)
    evolution.run(generations)
    return windows, journal


def counted_at_once(windows, candidates, raw):
    """Count in one go what a ledger counts in portions."""
    prepared = windows.whole[MARKET]
    clusters = trial_clusters(prepared)
    distinct = dict.fromkeys((str(one.species), one.parameters) for one in candidates)
    first = {(str(one.species), one.parameters): one for one in reversed(candidates)}
    add_trials(clusters, [spec_of(first[key]) for key in distinct], prepared)
    return TrialStatistics.of(clusters, len(prepared), raw)


def test_ledger_counts_all_runs_on_overlapping_candles_and_goes_on_from_what_is_kept(database):
    evidence = EvidenceRepository(database.engine)
    windows, first = run(database, CANDLES, seed=1)
    told = []
    assert TrialLedger(evidence, windows, ManualClock(0), told.append).count()[MARKET] == counted_at_once(
        windows, first.candidates, raw=80 * 5
    )
    assert evidence.clusters(CANDLES.data_hash, windows.costs.cost_hash)[0] == len(
        {(str(one.species), one.parameters) for one in first.candidates}
    )
    _, second = run(database, CANDLES, seed=2)
    both = TrialLedger(evidence, windows, ManualClock(0), told.append).count()[MARKET]
    assert both == counted_at_once(windows, [*first.candidates, *second.candidates], raw=160 * 5)
    assert both.n_effective > 1
    # a shorter file of the same market overlaps: the count does not begin anew
    part = CANDLES[:1_500]
    evidence.know([data_set(part)])
    assert TrialLedger(evidence, Windows([part]), ManualClock(0)).count()[MARKET].n_trials == 160 * 5
    # another market knows nothing of it
    other = synthetic_candles(symbol="ETH/USDT:USDT", bars=1_500, seed=21)
    evidence.know([data_set(other)])
    fresh = TrialLedger(evidence, Windows([other]), ManualClock(0)).count()["ETH/USDT:USDT", "1h"]
    assert (fresh.n_trials, fresh.n_effective) == (1, 1)


def test_living_ledger_adds_what_it_observes_and_keeps_to_its_candles(database):
    evidence = EvidenceRepository(database.engine)
    candles = synthetic_candles(symbol=MARKET[0], bars=2_010, seed=22)
    windows, _ = run(database, candles[:2_000], seed=1)
    ledger = TrialLedger(evidence, windows, ManualClock(0))
    before = ledger.count()[MARKET]
    longer, later = run(database, candles, seed=2, generations=1)
    for commit in later.commits:
        ledger.observe(commit)
        ledger.observe(commit)  # twice is once
    windows.extend([candles])
    after = ledger.count()[MARKET]
    assert after.n_trials == before.n_trials + 40 * 5
    assert after.n_effective >= before.n_effective
    assert after.n_returns == 2_010
    # a new process takes up the kept clusters of the shorter candles, and adds the rest from the database
    again = TrialLedger(evidence, longer, ManualClock(0)).count()[MARKET]
    assert (again.n_trials, again.n_effective) == (after.n_trials, after.n_effective)


def test_clusters_that_an_earlier_version_kept_are_made_anew(database):
    evidence = EvidenceRepository(database.engine)
    candles = synthetic_candles(symbol=MARKET[0], bars=2_000, seed=25)
    windows, _ = run(database, candles, seed=1, generations=1)
    counted = TrialLedger(evidence, windows, ManualClock(0)).count()
    name = (candles.data_hash, windows.costs.cost_hash)
    n_genomes, state = evidence.clusters(*name)
    former = io.BytesIO()
    np.savez(
        former, threshold=0.7, leaders=np.ones((1, 9)), sums=np.ones((1, 9)), labels=np.zeros(5), sharpes=np.ones(5)
    )
    evidence.keep_clusters(*name, n_genomes, state[:32] + former.getvalue())
    assert TrialLedger(evidence, windows, ManualClock(0)).count() == counted
    assert evidence.clusters(*name) == (n_genomes, state)


def test_living_ledger_counts_what_other_runs_try_meanwhile(database):
    evidence = EvidenceRepository(database.engine)
    candles = synthetic_candles(symbol=MARKET[0], bars=2_000, seed=23)
    windows, _ = run(database, candles, seed=1, generations=1)
    clock = ManualClock(0)
    ledger = TrialLedger(evidence, windows, clock)
    before = ledger.count()[MARKET]
    run(database, candles[:1_500], seed=2, generations=3)  # by another process: nobody observes it
    clock.advance(599.0)
    assert ledger.count()[MARKET] == before
    clock.advance(1.0)
    after = ledger.count()[MARKET]
    assert after.n_trials == before.n_trials + 120 * 5
    fresh = TrialLedger(evidence, windows, ManualClock(0)).count()[MARKET]
    assert (after.n_trials, after.n_effective) == (fresh.n_trials, fresh.n_effective)
    assert after.n_effective > before.n_effective


def test_ledger_asks_the_database_every_ten_minutes_and_never_forgets_what_it_observed(database):
    evidence = EvidenceRepository(database.engine)
    candles = synthetic_candles(symbol=MARKET[0], bars=2_000, seed=24)
    windows, _ = run(database, candles, seed=1, generations=1)
    elsewhere = synthetic_candles(symbol=MARKET[0], bars=2_000, seed=25)
    _, later = run(database, elsewhere, seed=2, generations=1)  # as if these were not stored yet
    clock = ManualClock(0)
    ledger = TrialLedger(evidence, windows, clock)
    before = ledger.count()[MARKET]
    statements = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def heard(connection, cursor, statement, parameters, context, executemany):
        statements.append(statement)

    try:
        assert ledger.count()[MARKET] == before
        assert statements == []
        for commit in later.commits:
            ledger.observe(commit)
        clock.advance(600.0)
        after = ledger.count()[MARKET]
        assert any("FROM trials" in statement for statement in statements)
    finally:
        event.remove(database.engine, "before_cursor_execute", heard)
    assert after.n_trials == before.n_trials + 40 * 5
