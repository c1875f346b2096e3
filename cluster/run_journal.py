"""A run's journal in the database: trials, counters, statistics and the state, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cluster.operator_counts import OperatorCounts
from cluster.run_figures import knows_archive, run_figures
from evolution import BatchCommit, Candidate, SpeciesStatistics
from market import Clock
from storage import RunRepository

__all__ = ["RunJournal"]

_EVERY_S = 1.0
_MOST_TRIALS = 8192


class RunJournal:
    """Records committed batches of one run, several in one transaction when they come fast.

    What is not yet written is lost with the process and evaluated again on resume, with the same result: a batch and
    the state after it are written together or not at all.

    Parameters
    ----------
    runs : RunRepository
        Where runs are stored.
    run_id : str
        The run; it must be running.
    data_hashes : mapping of (symbol, timeframe) to str
        Hash of the candles of each market.
    clock : Clock
        Stamps rows, and decides when a second has passed.
    last_batch : int
        Last batch that is stored, -1 for none.
    on_events : callable
        Is given the rows of strategy_optimization_logs that were just stored.
    """

    def __init__(
        self,
        runs: RunRepository,
        run_id: str,
        data_hashes: Mapping[tuple[str, str], str],
        clock: Clock,
        last_batch: int = -1,
        on_events: Callable[[Sequence[Mapping[str, Any]]], None] = lambda _: None,
    ) -> None:
        self._runs = runs
        self._on_events = on_events
        self._run_id = run_id
        self._data_hashes = data_hashes
        self._clock = clock
        self._stored = last_batch
        self._written_at = clock.monotonic()
        self._trials: list[dict[str, Any]] = []
        self._history: list[dict[str, Any]] = []
        self._logs: list[dict[str, Any]] = []
        self._last: BatchCommit | None = None
        self._operators = OperatorCounts()

    def on(self, data_hashes: Mapping[tuple[str, str], str]) -> None:
        """Record trials on other candles from now on: the window has rolled.

        Parameters
        ----------
        data_hashes : mapping of (symbol, timeframe) to str
            Hash of the candles of each market.
        """
        self._data_hashes = dict(data_hashes)

    def record(self, commit: BatchCommit) -> None:
        """Take one committed batch; write when a second has passed or much has gathered.

        Parameters
        ----------
        commit : BatchCommit
            The next batch.
        """
        previous = self._last
        if previous is not None and not previous.ends_generation and _stands(previous) != _stands(commit):
            self._history += self._statistics(previous)
        if previous is not None and previous.window != commit.window:
            self._logs.append(self._rolled(commit))
        self._operators.add(commit)
        if commit.ends_generation:  # the next batch may be a rest and another window away
            self._logs.append(self._generation(commit))
            self._history += self._statistics(commit)
        self._last = commit
        self._trials += [
            self._trial(commit.batch, candidate, score)
            for candidate, score in zip(commit.candidates, commit.scores, strict=True)
        ]
        if self._clock.monotonic() - self._written_at >= _EVERY_S or len(self._trials) >= _MOST_TRIALS:
            self._write(commit)

    def flush(self) -> None:
        """Write what is left."""
        if self._last is not None and self._last.batch > self._stored:
            self._write(self._last)

    def close(self) -> None:
        """Write what is left, and the statistics of the last round."""
        if self._last is not None and self._last.batch > self._stored:
            if not self._last.ends_generation:
                self._history += self._statistics(self._last)
            self._write(self._last)

    def _write(self, commit: BatchCommit) -> None:
        self._runs.commit(
            self._run_id,
            batch=commit.batch,
            expected_batch=self._stored,
            state=commit.state(),
            trials=self._trials,
            evaluations=commit.evaluations,
            generation=commit.generation,
            round=commit.round,
            history=self._history,
            logs=self._logs,
        )
        events = self._logs
        self._stored = commit.batch
        self._trials, self._history, self._logs = [], [], []
        self._written_at = self._clock.monotonic()
        if events:
            self._on_events(events)

    def _trial(self, batch: int, candidate: Candidate, score: float) -> dict[str, Any]:
        return {
            "batch": batch,
            "species": str(candidate.species),
            "child": candidate.child,
            "genome": candidate.parameters,
            "data_hash": self._data_hashes[candidate.species.market],
            "fitness": score,
            "operator": candidate.operator,
            "parents": candidate.parents,
        }

    def _statistics(self, commit: BatchCommit) -> list[dict[str, Any]]:
        known = knows_archive(commit)

        def row(statistics: SpeciesStatistics) -> dict[str, Any]:
            return {
                "ts": self._clock.now_ms(),
                "generation": commit.generation,
                "round": commit.round,
                "species": str(statistics.species),
                "evaluations": commit.evaluations,
                "best_scs": statistics.best,
                "q25": statistics.q25,
                "median_scs": statistics.median,
                "q75": statistics.q75,
                "diversity": statistics.diversity,
                "coverage": statistics.coverage if known else None,
            }

        return [row(statistics) for statistics in commit.statistics if statistics.members]

    def _generation(self, commit: BatchCommit) -> dict[str, Any]:
        """Describe a generation: its operators, and what it left behind."""
        alive = [one for one in commit.statistics if one.members]
        figures = run_figures(commit)
        archive = (
            f"the archive covers {figures['coverage']:.1%}, diversity {figures['diversity']:.2f}"
            if alive
            else "nobody yet"
        )
        return {
            "ts": self._clock.now_ms(),
            "batch": commit.batch,
            "event": "generation",
            "message": f"generation {commit.generation}: {archive}",
            "details": {
                "figures": figures,
                "window": commit.window or "0",
                "generation": commit.generation,
                "members": {str(one.species): one.members for one in alive},
                "operators": self._operators.take(),
                "coverage": {str(one.species): one.coverage for one in alive},
                "diversity": {str(one.species): one.diversity for one in alive},
                "qd_score": {str(one.species): one.quality for one in alive},
            },
        }

    def _rolled(self, commit: BatchCommit) -> dict[str, Any]:
        return {
            "ts": self._clock.now_ms(),
            "batch": commit.batch,
            "event": "rolled",
            "message": f"window {commit.window} begins with batch {commit.batch}: elites are scored again",
            "details": {"figures": run_figures(commit), "window": commit.window},
        }


def _stands(commit: BatchCommit) -> tuple[int, int]:
    return commit.generation, commit.round
