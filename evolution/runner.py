"""Runners: where candidates are evaluated. The algorithm knows this protocol and nothing about a cluster."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from evolution.candidate import Candidate
from evolution.errors import RunnerError

__all__ = ["Evaluator", "Runner", "SerialRunner"]


@runtime_checkable
class Evaluator(Protocol):
    """Scores candidates. Picklable; heavy arrays are attributes, so that a cluster ships them once."""

    def __call__(self, candidates: Sequence[Candidate]) -> Sequence[float]:
        """Return one score a candidate, in their order.

        Parameters
        ----------
        candidates : sequence of Candidate
            What to evaluate. A score must not depend on the company it is computed in.

        Returns
        -------
        sequence of float
            Scores, higher is better; a score that is not finite is recorded and never ranks.
        """
        ...

    def work(self, candidates: Sequence[Candidate]) -> int:
        """Return how much work the candidates are, so that a runner can size its chunks.

        Parameters
        ----------
        candidates : sequence of Candidate
            What would be evaluated.

        Returns
        -------
        int
            Strategy-bars (or any unit that is proportional to time).
        """
        ...


@runtime_checkable
class Runner(Protocol):
    """Evaluates candidates somewhere and gives the results back in any order."""

    @property
    def pending(self) -> int:
        """How many submitted candidates have not been collected."""
        ...

    def submit(self, candidates: Sequence[Candidate]) -> None:
        """Queue candidates for evaluation; never blocks for long.

        Parameters
        ----------
        candidates : sequence of Candidate
            What to evaluate.
        """
        ...

    def collect(self) -> list[tuple[Candidate, float]]:
        """Wait until at least one result is there, and return all that are.

        Returns
        -------
        list of (Candidate, float)
            Results in any order; empty only when nothing is pending.
        """
        ...

    def renew(self, evaluator: Evaluator) -> None:
        """Evaluate with another evaluator from now on; pending candidates are dropped.

        Parameters
        ----------
        evaluator : Evaluator
            What scores candidates, on the candles of another window for instance.
        """
        ...

    def close(self) -> None:
        """Release what the runner holds; pending candidates are dropped."""
        ...


class SerialRunner:
    """Evaluates in this process, in order.

    Parameters
    ----------
    evaluator : Evaluator
        What scores the candidates.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._queue: list[Candidate] = []

    @property
    def pending(self) -> int:
        """How many submitted candidates have not been collected."""
        return len(self._queue)

    def submit(self, candidates: Sequence[Candidate]) -> None:
        """Queue candidates for the next `collect`.

        Parameters
        ----------
        candidates : sequence of Candidate
            What to evaluate.
        """
        self._queue.extend(candidates)

    def collect(self) -> list[tuple[Candidate, float]]:
        """Evaluate everything queued. An interrupted evaluation leaves the queue as it was.

        Returns
        -------
        list of (Candidate, float)
            One result a candidate, in the order of submission.

        Raises
        ------
        RunnerError
            If the evaluator does not give one score a candidate.
        """
        candidates = self._queue
        if not candidates:
            return []
        scores = [float(score) for score in self._evaluator(candidates)]
        if len(scores) != len(candidates):
            raise RunnerError(f"an evaluator must give one score a candidate, gave {len(scores)} for {len(candidates)}")
        self._queue = []
        return list(zip(candidates, scores, strict=True))

    def renew(self, evaluator: Evaluator) -> None:
        """Evaluate with another evaluator from now on; what is queued is dropped.

        Parameters
        ----------
        evaluator : Evaluator
            What scores candidates.
        """
        self._queue = []
        self._evaluator = evaluator

    def close(self) -> None:
        """Drop what is queued."""
        self._queue = []
