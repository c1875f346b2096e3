"""The compact ledger agrees with a slow, obvious one, whatever is tried, by whomever, and however often it restarts."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest import TrialStatistics, add_trials, trial_clusters
from cluster.trial_ledger import TrialLedger, data_set
from evolution import BatchCommit, Candidate, Windows
from market import ManualClock, synthetic_candles
from storage import EvidenceRepository, RunRepository, open_database
from strategies import StrategySpec

MARKET = ("BTC/USDT:USDT", "1h")
SEEDS = itertools.count(1_000)  # candles of its own for every example: none knows of another one's trials
MINE, THEIRS = 0, 1


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """An embedded database of its own."""
    with open_database(tmp_path_factory.mktemp("home"), environ={}) as database:
        yield database


class Desk:
    """Two runs on the same candles that store what they try."""

    def __init__(self, database):
        self.candles = synthetic_candles(symbol=MARKET[0], bars=600, seed=next(SEEDS))
        self.windows = Windows([self.candles])
        self.evidence, self.runs = EvidenceRepository(database.engine), RunRepository(database.engine)
        self.clock = ManualClock(0)
        self.evidence.know([data_set(self.candles)])
        run = {
            "engine_version": "1", "seed": 1, "settings": {}, "settings_hash": "s",
            "data_hash": self.candles.data_hash, "cost_hash": "c", "origin": self.candles.origin,
        }  # fmt: skip
        self.run_ids = [self.runs.create(run), self.runs.create(run)]
        self.batches = [0, 0]
        self.species = list(self.windows.spaces)
        rng = random.Random(3)
        self.pool = [
            (one, space.decode([rng.random() for _ in range(len(space))]))
            for one, space in self.windows.spaces.items()
            for _ in range(6)
        ]

    def commit(self, whose, drawn, gone=False):
        """Store genomes of the pool, given by their numbers, and perhaps one that nobody can backtest any more."""
        batch, self.batches[whose] = self.batches[whose], self.batches[whose] + 1
        candidates = tuple(
            Candidate(
                0, species, 100 * batch + place, batch, (), self.windows.spaces[species].names, parameters, (), "sbx"
            )
            for place, (species, parameters) in enumerate(self.pool[number % len(self.pool)] for number in drawn)
        )
        rows = [(str(one.species), one.child, one.parameters) for one in candidates]
        rows += [(f"gone {' '.join(MARKET)}", 100 * batch, (float(batch % 2),))] if gone else []
        trials = [
            {
                "batch": batch, "species": species, "child": child, "genome": genome,
                "data_hash": self.candles.data_hash, "operator": "sbx",
            }
            for species, child, genome in rows
        ]  # fmt: skip
        self.runs.commit(
            self.run_ids[whose], batch=batch, state=b"", trials=trials, evaluations=1, generation=1, round=1
        )
        return BatchCommit(
            batch, candidates, (0.0,) * len(candidates), (), (), 0, 0, 1, 1, None, (), "", True, 0, lambda: b""
        )


class SlowLedger:
    """Remembers every genome, and makes all clusters anew for every count."""

    def __init__(self, desk):
        self.desk, self.genomes, self.raw, self.asked_s = desk, None, 0, 0.0

    def observe(self, commit):
        if self.genomes is not None:
            for one in sorted(commit.candidates, key=lambda one: (str(one.species), one.child)):
                self.genomes.setdefault((str(one.species), one.parameters), one.species.type)
                self.raw += 1

    def count(self):
        desk = self.desk
        if self.genomes is None or desk.clock.monotonic() - self.asked_s >= 600.0:
            self.genomes = {} if self.genomes is None else self.genomes
            for species, parameters in desk.evidence.genomes(desk.candles.data_hash):
                self.genomes.setdefault((species, parameters), species.split()[0])
            self.raw = desk.evidence.trial_count(desk.candles.data_hash).raw
            self.asked_s = desk.clock.monotonic()
        names = {str(species): space.names for species, space in desk.windows.spaces.items()}
        specs = [
            StrategySpec(kind, dict(zip(names[species], parameters, strict=True)))
            for (species, parameters), kind in self.genomes.items()
            if kind != "gone"
        ]
        prepared = desk.windows.whole[MARKET]
        clusters = trial_clusters(prepared)
        add_trials(clusters, specs, prepared)
        return TrialStatistics.of(clusters, len(prepared), self.raw * (1 + desk.windows.folds.neighbours))


STEPS = st.one_of(
    st.tuples(st.just("mine"), st.lists(st.integers(0, 200), max_size=12), st.booleans()),
    st.tuples(st.just("theirs"), st.lists(st.integers(0, 200), max_size=12), st.booleans()),
    st.sampled_from([("count",), ("wait",), ("restart",)]),
)


@given(st.lists(STEPS, min_size=3, max_size=20))
@settings(max_examples=25, deadline=None)
def test_compact_ledger_agrees_with_one_that_remembers_everything(database, steps):
    desk = Desk(database)
    compact, slow = TrialLedger(desk.evidence, desk.windows, desk.clock), SlowLedger(desk)
    for step in [*steps, ("wait",), ("restart",)]:
        match step:
            case ("mine", drawn, gone):
                commit = desk.commit(MINE, drawn, gone)
                compact.observe(commit)
                slow.observe(commit)
            case ("theirs", drawn, gone):
                desk.commit(THEIRS, drawn, gone)
            case ("wait",):
                desk.clock.advance(600.0)
            case ("restart",):
                compact, slow = TrialLedger(desk.evidence, desk.windows, desk.clock), SlowLedger(desk)
        if step[0] in {"count", "wait", "restart"}:
            assert repr(compact.count()[MARKET]) == repr(slow.count())  # NaN has to equal NaN
