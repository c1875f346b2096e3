"""The loop: ask, submit, collect, tell, record, until there is a reason to stop."""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evolution.candidate import Member
from evolution.commit import Commit
from evolution.errors import RunnerError, SettingsError, StateError
from evolution.identity import RunIdentity
from evolution.journal import BatchCommit, Journal, Listener
from evolution.optimizer import Optimizer
from evolution.runner import Evaluator, Runner, SerialRunner
from evolution.settings import Settings
from evolution.space import Space
from evolution.species import Species
from evolution.species_statistics import SpeciesStatistics
from evolution.state_codec import decode_state, encode_state
from evolution.window import Behaviours

__all__ = ["Evolution", "Outcome", "StopReason"]


class StopReason(StrEnum):
    """Why a run ended."""

    GENERATIONS = "generations"
    TARGET = "target"
    STAGNATION = "stagnation"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended; nothing in it depends on the number of workers, unless a stop was requested.

    Attributes
    ----------
    reason : StopReason
        Why it ended.
    evaluations, distinct : int
        Committed children, and how many of them were evaluated.
    generation, round : int
        Where it ended.
    population_hash : str
        SHA-256 of the population.
    """

    reason: StopReason
    evaluations: int
    distinct: int
    generation: int
    round: int
    population_hash: str


class Evolution:
    """Runs an `Optimizer` on a runner, and records every batch in a journal.

    Parameters
    ----------
    runner : Runner or Evaluator
        Where candidates are evaluated; an evaluator runs in this process.
    spaces : Space or mapping of (str or Species) to Space
        What to search.
    population : int
        Members over all species.
    seed : int
        Seed of all random numbers.
    batch_size : int or None
        Children of a batch; None for a sixteenth of the population, at most 64.
    lag : int
        Batches in flight at most.
    settings : Settings or None
        Parameters of the algorithm; None for the defaults.
    data_hash, costs_hash : str
        Identity of the candles and of the costs.
    objective_hash : str
        Identity of how candles become fitness: folds, neighbourhood, windows.
    behaviours : callable or None
        Tells how candidates trade: at the end of each generation its members enter the archive. None for no archive.
    journal : Journal or None
        Is given every committed batch in order.
    listener : Listener or None
        Is told of every committed batch after the journal.
    state : bytes or mapping or None
        Where to go on: a recorded state. It must belong to a run with the same identity.

    Examples
    --------
    >>> from evolution import Dimension, Evolution, Space
    >>> class Parabola:
    ...     def __call__(self, candidates):
    ...         return [-((c["x"] - 2) ** 2) for c in candidates]
    ...
    ...     def work(self, candidates):
    ...         return len(candidates)
    >>> evolution = Evolution(Parabola(), Space([Dimension("x", -5, 5)]), population=40, seed=3)
    >>> outcome = evolution.run(generations=5)
    >>> outcome.evaluations, outcome.generation, outcome.round
    (200, 5, 4)
    >>> round(evolution.optimizer.best.candidate["x"], 1)
    2.0
    """

    def __init__(
        self,
        runner: Runner | Evaluator,
        spaces: Space | Mapping[str | Species, Space],
        *,
        population: int = 1034,
        seed: int = 0,
        batch_size: int | None = None,
        lag: int = 4,
        settings: Settings | None = None,
        data_hash: str = "",
        costs_hash: str = "",
        objective_hash: str = "",
        behaviours: Behaviours | None = None,
        journal: Journal | None = None,
        listener: Listener | None = None,
        state: bytes | Mapping[str, Any] | None = None,
    ) -> None:
        identity = RunIdentity.of(
            spaces,
            population=population,
            seed=seed,
            batch_size=batch_size,
            lag=lag,
            settings=settings,
            data_hash=data_hash,
            costs_hash=costs_hash,
            objective_hash=objective_hash,
        )
        if state is None:
            self.optimizer = Optimizer.of(identity)
        else:
            values = decode_state(state) if isinstance(state, bytes) else state
            self.optimizer = Optimizer.from_state(values, identity)
        self._runner = runner if isinstance(runner, Runner) else SerialRunner(runner)
        self._behaviours = behaviours
        self._journal = journal
        self._listener = listener
        self._stop = threading.Event()

    def run(
        self, generations: int | None = None, target_score: float | None = None, patience: int | None = None
    ) -> Outcome:
        """Evolve until there is a reason to stop.

        Every stop but a requested one happens after the same batch in every run. Afterwards `run` may be called again.

        Parameters
        ----------
        generations : int or None
            Stop after so many generations in all, those before a resume included; None for no end.
        target_score : float or None
            Stop after the batch in which the best score of the window reaches this.
        patience : int or None
            Stop after so many generations in which the best score of the window did not improve.

        Returns
        -------
        Outcome
            Why and where it ended.

        Raises
        ------
        SettingsError
            If `generations` or `patience` is below 1.
        RunnerError
            If the runner lost candidates.
        """
        if generations is not None and generations < 1:
            raise SettingsError(f"generations must be at least 1, was {generations}")
        if patience is not None and patience < 1:
            raise SettingsError(f"patience must be at least 1 generation, was {patience}")
        horizon = math.inf if generations is None else self.optimizer.identity.population * generations
        while True:
            reason = self._commit(horizon, target_score, patience)
            if reason is not None:
                if reason is StopReason.REQUEST:
                    self._stop.clear()  # else it is still to be met, by the next window of a walk-forward for instance
                return self._outcome(reason)
            self._runner.submit(self.optimizer.take(horizon))
            if not self._runner.pending:
                raise RunnerError(
                    f"the runner has nothing pending, but results up to batch {self.optimizer.committed} are missing"
                )
            results = self._runner.collect()
            self.optimizer.receive([candidate for candidate, _ in results], [score for _, score in results])

    def stop(self) -> None:
        """Ask a run to end after the results that are being collected; safe from signal handlers and threads.

        What is in flight then is evaluated again after a resume, or by the next `run`. Without a run, or where it ends
        for another reason at that moment, the next one ends at once.
        """
        self._stop.set()

    def roll(
        self, evaluator: Evaluator, window: str, finalists: Sequence[Member] = (), behaviours: Behaviours | None = None
    ) -> None:
        """Begin another window: freeze finalists of the present one, and score the elites again on other candles.

        Parameters
        ----------
        evaluator : Evaluator
            What scores candidates from now on.
        window : str
            Its label.
        finalists : sequence of Member
            Members of the present window that are kept as they are, for good.
        behaviours : callable or None
            How candidates trade in the new window.
        """
        self.renew(evaluator, behaviours)
        self.optimizer.freeze(finalists)
        self.optimizer.roll(window)

    def renew(self, evaluator: Evaluator, behaviours: Behaviours | None = None) -> None:
        """Go on with another evaluator for the same window, after a resume for instance.

        Parameters
        ----------
        evaluator : Evaluator
            What scores candidates from now on; it must give the scores that the recorded ones belong to.
        behaviours : callable or None
            How candidates trade.
        """
        self._runner.renew(evaluator)
        self._behaviours = behaviours

    def _commit(self, horizon: float, target_score: float | None, patience: int | None) -> StopReason | None:
        """Commit and record what is complete; return the reason to stop if there is one."""
        while True:
            best = self.optimizer.best
            if target_score is not None and best is not None and best.score >= target_score:
                return StopReason.TARGET
            if self.optimizer.evaluations >= horizon:
                return StopReason.GENERATIONS
            if patience is not None and self.optimizer.stagnation >= patience * self.optimizer.identity.population:
                return StopReason.STAGNATION
            if self._stop.is_set():
                return StopReason.REQUEST
            commit = self.optimizer.advance()
            if commit is None:
                return None
            if self._behaviours is not None and self._ends_generation:
                self.optimizer.characterise(self._behaviours)
            self._record(commit)

    @property
    def _ends_generation(self) -> bool:
        return self.optimizer.evaluations % self.optimizer.identity.population == 0

    def _record(self, commit: Commit) -> None:
        if self._journal is None and self._listener is None:
            return
        optimizer = self.optimizer

        def state() -> bytes:
            if optimizer.committed != commit.batch + 1:
                raise StateError(
                    f"the state after batch {commit.batch} is gone: {optimizer.committed} batches are committed; "
                    "take it before the next batch is recorded"
                )
            return encode_state(optimizer.state())

        record = BatchCommit(
            batch=commit.batch,
            candidates=commit.candidates,
            scores=commit.scores,
            shared=commit.shared,
            joined=commit.joined,
            evaluations=optimizer.evaluations,
            distinct=optimizer.distinct,
            generation=optimizer.generation,
            round=optimizer.round,
            best=optimizer.best,
            statistics=tuple(
                SpeciesStatistics.of(species, deme, optimizer.archive) for species, deme in optimizer.demes.items()
            ),
            window=optimizer.window,
            ends_generation=self._ends_generation,
            in_flight=-(-self._runner.pending // optimizer.identity.batch_size),
            state=state,
        )
        if self._journal is not None:
            self._journal.record(record)
        if self._listener is not None:
            self._listener(record)

    def _outcome(self, reason: StopReason) -> Outcome:
        optimizer = self.optimizer
        return Outcome(
            reason=reason,
            evaluations=optimizer.evaluations,
            distinct=optimizer.distinct,
            generation=optimizer.generation,
            round=optimizer.round,
            population_hash=optimizer.population_hash(),
        )
