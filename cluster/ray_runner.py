"""The runner over Ray: candidates are evaluated by workers, and nothing that happens to a worker loses one.

What stays in this process: anything under 50 ms while a worker idles, the first few candidates (they measure the
speed and fill the compile cache, so that workers do not all compile at once), everything until starting Ray has paid
for itself, and everything after Ray was lost. What is handed out goes in the order it was submitted, in few and large
chunks; at most two for each worker are under way. Scores do not depend on any of that, an evaluator's score being the
same alone or in company.

A chunk whose worker dies, or does not answer within its deadline, is evaluated again by another worker, at last by
this process. If Ray itself is lost, a warning says so, and this process carries on alone: a run of hours is worth more
than its speed. Only what the evaluator itself raises ends a run.
"""

import logging
import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from cluster.blame import evaluation_error
from cluster.chunks import SMALL_CHUNK_S, Chunk, Speed, chunk_count, cut
from cluster.errors import StartError, WorkerImportError
from cluster.frozen_evaluator import frozen
from cluster.ray_session import RaySession
from cluster.ray_worker import ChunkResult, EvaluatorFailure, evaluate_chunk, niceness, score
from evolution.candidate import Candidate
from evolution.runner import Evaluator

__all__ = ["RayRunner"]

_logger = logging.getLogger(__name__)
_PROBES = (2, 4)  # candidates evaluated here first: one lot compiles, the other measures
_PIECE_S = 1.0  # when this process evaluates alone, it hands results back about this often
_CHUNKS_PER_WORKER = 2
_ATTEMPTS = 3
_FIRST_DEADLINE_MULTIPLE = 5.0  # a worker's first chunk may have to compile
_LOOK_S = 2.0  # how often a silent Ray is asked whether it lives
_FETCH_S = 30.0

Results: TypeAlias = list[tuple[Candidate, float]]


@dataclass(slots=True)
class _Flight:
    """A chunk under way.

    Attributes
    ----------
    chunk : Chunk
        What it is.
    deadline : float
        When it is given up, on the monotonic clock.
    """

    chunk: Chunk
    deadline: float


class RayRunner:
    """Evaluates candidates in the workers of a Ray session. Fulfils `evolution.runner.Runner`.

    Parameters
    ----------
    evaluator : Evaluator
        What scores the candidates. It is put into the object store once, where workers read its arrays without a copy,
        and must not write into them.
    session : RaySession
        Where. It is started when that pays, and not closed by this runner.
    workers : int, optional
        How many of the session's workers are used; by default all.
    deadline_s : float, optional
        The shortest time after which a chunk that has not come back is given up; the first chunks, for which workers
        may have to compile, get five times as long.

    Attributes
    ----------
    on_workers : int
        Candidates that workers have answered for so far.
    deadline_multiple : float, optional
        A chunk that is estimated to be long gets its estimate, with all that is under way before it, times this.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        session: RaySession,
        *,
        workers: int | None = None,
        deadline_s: float = 30.0,
        deadline_multiple: float = 20.0,
    ) -> None:
        self._evaluator, self._shared_bytes = frozen(evaluator)
        self._session = session
        self._asked_workers = workers
        self._nice = niceness(os.environ)
        self._deadline_s = deadline_s
        self._deadline_multiple = deadline_multiple
        self._queue: deque[tuple[Candidate, int]] = deque()
        self._again: deque[Chunk] = deque()
        self._flights: dict[Any, _Flight] = {}
        self._reference: Any = None
        self._task: Any = None
        self._speed = Speed()
        self._probes = list(_PROBES)
        self._spent_here_s = 0.0
        self._answered = False
        self._alone = False
        self.on_workers = 0

    @property
    def pending(self) -> int:
        """How many submitted candidates have not been collected."""
        away = sum(len(flight.chunk.candidates) for flight in self._flights.values())
        return len(self._queue) + away + sum(len(chunk.candidates) for chunk in self._again)

    @property
    def workers(self) -> int:
        """How many workers are used."""
        return min(self._asked_workers or self._session.workers, self._session.workers)

    @property
    def under_way(self) -> int:
        """How many chunks workers have been given and not brought back; at most two for each worker."""
        return len(self._flights)

    def start(self) -> None:
        """Start Ray now, rather than when it pays."""
        self._session.start(self._shared_bytes)
        if self._reference is None:
            import ray

            self._reference = ray.put(self._evaluator)
            self._task = ray.remote(evaluate_chunk).options(
                num_cpus=1, max_retries=0, retry_exceptions=False, name="evoq.evaluate"
            )

    def submit(self, candidates: Sequence[Candidate]) -> None:
        """Queue candidates.

        Parameters
        ----------
        candidates : sequence of Candidate
            What to evaluate.
        """
        self._queue.extend((candidate, self._evaluator.work([candidate])) for candidate in candidates)

    def collect(self) -> Results:
        """Wait until at least one result is there, and return all that are.

        Returns
        -------
        list of (Candidate, float)
            Results in any order; empty only when nothing is pending.
        """
        results: Results = []
        while self.pending and not results:
            if self._queue and self._stays_here():
                return self._evaluate_next_here()
            if self._again and (self._alone or self._again[0].attempts >= _ATTEMPTS):
                return self._evaluate_here(self._again.popleft())
            self._hand_out()
            results = self._take_in()
        if results and not self._alone:
            self._hand_out()
        return results

    def renew(self, evaluator: Evaluator) -> None:
        """Evaluate with another evaluator from now on; what is pending is dropped.

        Parameters
        ----------
        evaluator : Evaluator
            What scores candidates.
        """
        self.close()
        self._evaluator, self._shared_bytes = frozen(evaluator)
        if self._session.started and not self._alone:
            self.start()

    def close(self) -> None:
        """Drop what is pending, and free the object store. The session stays."""
        self._queue.clear()
        self._again.clear()
        if self._session.started and not self._alone:
            for reference in self._flights:
                self._cancel(reference)
        self._flights.clear()
        self._reference = None

    def _stays_here(self) -> bool:
        """Decide whether this process evaluates what is queued next.

        Returns
        -------
        bool
            True if handing it out would cost more than it brings, or if there is no Ray.
        """
        if self._alone or self._probes:
            return True
        seconds = self._queued_seconds()
        if seconds < SMALL_CHUNK_S and len(self._flights) < self.workers:
            return True
        if self._reference is not None:
            return False
        saved = (self._spent_here_s + seconds) * (1.0 - 1.0 / self.workers)
        if saved <= self._session.start_seconds:
            return True
        return not self._started_now()

    def _started_now(self) -> bool:
        """Start Ray because it pays.

        Returns
        -------
        bool
            False if it does not start, which is no reason to end a run.
        """
        try:
            self.start()
        except StartError as error:
            _logger.warning("%s; this process evaluates alone", error)
            self._alone = True
            return False
        return True

    def _queued_seconds(self) -> float:
        """Return what is queued, as seconds in one process.

        Returns
        -------
        float
            The estimate.
        """
        return self._speed.seconds(sum(work for _, work in self._queue))

    def _evaluate_next_here(self) -> Results:
        """Evaluate the next piece of the queue in this process.

        Returns
        -------
        list of (Candidate, float)
            Its results.
        """
        count = self._probes[0] if self._probes else len(self._queue)
        taken, work = 0, 0
        for _, cost in self._queue:
            if taken >= count or (taken and self._speed.measured and self._speed.seconds(work + cost) > _PIECE_S):
                break
            taken, work = taken + 1, work + cost
        results = self._evaluate_here(Chunk([self._queue[index][0] for index in range(taken)], work))
        for _ in range(taken):  # only now: an interrupted evaluation leaves the queue as it was
            self._queue.popleft()
        if self._probes:
            self._probes.pop(0)
        return results

    def _evaluate_here(self, chunk: Chunk) -> Results:
        """Evaluate a chunk in this process.

        Parameters
        ----------
        chunk : Chunk
            What to evaluate.

        Returns
        -------
        list of (Candidate, float)
            Its results.
        """
        started = time.perf_counter()
        outcome = score(self._evaluator, chunk.candidates)
        seconds = time.perf_counter() - started
        if isinstance(outcome, EvaluatorFailure):
            failed = evaluation_error(chunk, outcome)
            raise failed
        if len(self._probes) < len(_PROBES):
            self._speed.observe(chunk.work, seconds)
        self._spent_here_s += seconds
        return list(zip(chunk.candidates, outcome, strict=True))

    def _hand_out(self) -> None:
        """Give chunks to workers, in the order of submission, as far as there is room."""
        if self._reference is None or self._alone:
            return
        free = _CHUNKS_PER_WORKER * self.workers - len(self._flights)
        while self._again and free > 0 and self._again[0].attempts < _ATTEMPTS:
            self._fly(self._again.popleft())
            free -= 1
        if not self._queue or free <= 0:
            return
        count = chunk_count(self._queued_seconds(), self.workers - len(self._flights), free)
        if count > 0:
            candidates, works = zip(*self._queue, strict=True)
            self._queue.clear()
            for chunk in cut(candidates, works, count):
                self._fly(chunk)

    def _fly(self, chunk: Chunk) -> None:
        """Give one chunk to a worker.

        Parameters
        ----------
        chunk : Chunk
            What to evaluate.
        """
        chunk.attempts += 1
        ahead = sum(flight.chunk.work for flight in self._flights.values())
        patience = max(self._deadline_s, self._deadline_multiple * self._speed.seconds(ahead + chunk.work))
        if not self._answered:
            patience *= _FIRST_DEADLINE_MULTIPLE
        reference = self._task.remote([self._reference], list(chunk.candidates), self._nice)
        self._flights[reference] = _Flight(chunk, time.monotonic() + patience)

    def _take_in(self) -> Results:
        """Wait a while for results, and take in all that are there.

        Returns
        -------
        list of (Candidate, float)
            Results; empty if none came in time, or if what came has to be evaluated again.
        """
        if not self._flights:
            return []
        import ray

        references = list(self._flights)
        nearest = min(flight.deadline for flight in self._flights.values()) - time.monotonic()
        try:
            ready, _ = ray.wait(references, num_returns=1, timeout=max(0.0, min(_LOOK_S, nearest)))
            if ready:
                ready, _ = ray.wait(references, num_returns=len(references), timeout=0)
        except (ray.exceptions.RayError, ConnectionError) as error:
            self._carry_on_alone(str(error))
            return []
        if not ready:
            self._look_after_silence()
        results: Results = []
        for reference in ready:
            if reference in self._flights:
                results += self._land(reference)
        return results

    def _land(self, reference: Any) -> Results:
        """Take in one chunk.

        Parameters
        ----------
        reference : ObjectRef
            The finished call.

        Returns
        -------
        list of (Candidate, float)
            Its results; empty if its worker died, in which case it is queued again.

        Raises
        ------
        WorkerImportError
            If the worker could not load the evaluator.
        """
        import ray

        chunk = self._flights.pop(reference).chunk
        try:
            result: ChunkResult = ray.get(reference, timeout=_FETCH_S)
        except (ray.exceptions.RayTaskError, ray.exceptions.RuntimeEnvSetupError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise WorkerImportError(
                f"a worker must be able to load what it evaluates, and cannot ({reason}):"
                " install the same Evoq, Python and packages on every node"
            ) from error
        except (ray.exceptions.RayError, ConnectionError) as error:
            self._repeat(chunk, f"its worker was lost ({type(error).__name__})")
            return []
        self._answered = True
        self.on_workers += len(chunk.candidates)
        if result.failure is not None:
            failed = evaluation_error(chunk, result.failure)
            raise failed
        if result.warm:
            self._speed.observe(chunk.work, result.seconds)
        return list(zip(chunk.candidates, result.scores, strict=True))

    def _look_after_silence(self) -> None:
        """Give up chunks that are past their deadline, and Ray if it is gone."""
        now = time.monotonic()
        if not self._session.alive():
            self._carry_on_alone("it does not answer any more")
            return
        for reference, flight in list(self._flights.items()):
            if now >= flight.deadline:
                del self._flights[reference]
                self._cancel(reference)
                self._repeat(flight.chunk, "its worker did not answer in time")

    def _cancel(self, reference: Any) -> None:
        """End a call together with its worker, which may be frozen.

        Parameters
        ----------
        reference : ObjectRef
            The call.
        """
        import ray

        try:
            ray.cancel(reference, force=True)
        except (ray.exceptions.RayError, ConnectionError) as error:
            _logger.debug("a call could not be cancelled: %s", error)

    def _repeat(self, chunk: Chunk, reason: str) -> None:
        """Queue a chunk again, before all others.

        Parameters
        ----------
        chunk : Chunk
            What is still to be evaluated.
        reason : str
            What happened to it.
        """
        where = "by another worker" if chunk.attempts < _ATTEMPTS else "by this process"
        _logger.warning("%s (%s): evaluated again %s", chunk, reason, where)
        self._again.append(chunk)

    def _carry_on_alone(self, reason: str) -> None:
        """Take everything back from a Ray that is lost.

        Parameters
        ----------
        reason : str
            How that was noticed.
        """
        _logger.warning("Ray is lost (%s): this process evaluates alone from here on", reason.splitlines()[0])
        self._alone = True
        self._again.extend(flight.chunk for flight in self._flights.values())
        self._flights.clear()
        self._reference = self._task = None
        self._session.close()
