"""The journal of a run: when the statistics of a round are stored, and what they say of the archive."""

import pytest

from cluster.run_journal import RunJournal
from evolution import Evolution, StopReason, Windows
from market import ManualClock, synthetic_candles
from storage import EvolutionLogRepository, GenerationRepository, RunRepository, open_database

_POPULATION = 40


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Of an embedded database of its own."""
    with open_database(tmp_path_factory.mktemp("home"), environ={}) as database:
        yield database.engine


@pytest.fixture
def run(engine):
    """A run with its journal: what evolves, on which windows, and the generations that are stored."""
    runs, clock = RunRepository(engine), ManualClock(start_ms=1_700_000_000_123)
    run_id = runs.create(
        {
            "engine_version": "1", "seed": 1, "settings": {}, "settings_hash": "s", "data_hash": "d", "cost_hash": "c",
            "origin": "real:binance",
        }
    )  # fmt: skip
    windows = Windows([synthetic_candles(symbol="BTC/USDT:USDT", bars=1_500, seed=3)])
    hashes = {market: candles.data_hash for market, candles in windows.candles.items()}
    journal = RunJournal(runs, run_id, hashes, clock)
    objective = windows.objective(0)
    evolution = Evolution(
        objective, windows.spaces, population=_POPULATION, seed=2, behaviours=objective.behaviours, journal=journal
    )
    return evolution, objective, journal, lambda: GenerationRepository(engine).of_run(run_id, 3, 10), run_id


def _stop_after(evolution, journal, evaluations):
    """Evolve until so many evaluations are committed, in the middle of a generation."""
    record = journal.record

    def stopping(commit):
        record(commit)
        if commit.evaluations >= evaluations:
            evolution.stop()

    journal.record = stopping
    assert evolution.run().reason is StopReason.REQUEST


def test_journal_of_a_generation_that_has_ended_has_its_statistics_at_once(run):
    evolution, _, journal, generations, _ = run
    evolution.run(1)
    journal.flush()
    (stored,) = generations()
    assert (stored["generation"], stored["evaluations"]) == (1, _POPULATION)
    assert stored["coverage"] > 0.0


def test_journal_of_a_window_that_begins_says_no_coverage_until_its_archive_is_filled(run, engine):
    evolution, objective, journal, generations, run_id = run
    evolution.run(1)
    evolution.roll(objective, "1", behaviours=objective.behaviours)
    _stop_after(evolution, journal, int(1.6 * _POPULATION))
    journal.close()
    first, second = generations()
    assert first["coverage"] > 0.0
    assert (second["generation"], second["coverage"]) == (2, None)
    assert second["diversity"] > 0.0
    log = EvolutionLogRepository(engine).page(run_id=run_id, sort="ts").items
    assert 0.0 not in {row["coverage"] for row in log}


def test_journal_stores_the_statistics_of_a_round_once(run, engine):
    evolution, _, journal, _, run_id = run
    evolution.run(2)
    journal.close()
    log = EvolutionLogRepository(engine).page(run_id=run_id, sort="ts", limit=500).items
    rounds = [(row["generation"], row["round"], row["species"]) for row in log if row["source"] == "history"]
    assert len(rounds) == len(set(rounds))
    assert {(generation, number) for generation, number, _ in rounds} == {(g, r) for g in (1, 2) for r in (1, 2, 3, 4)}
