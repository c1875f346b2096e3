"""What runs in a worker: one chunk of candidates, scored by the evaluator that the object store holds."""

import os
import time
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster.errors import UserError
from evolution.candidate import Candidate
from evolution.runner import Evaluator

if TYPE_CHECKING:
    import ray

__all__ = ["ChunkResult", "EvaluatorFailure", "evaluate_chunk", "niceness", "score"]

_KEPT_EVALUATORS = 2
_NICENESS = 5
_MOST_NICE = 19
_evaluators: "OrderedDict[str, Evaluator]" = OrderedDict()


@dataclass(frozen=True, slots=True)
class EvaluatorFailure:
    """What an evaluator raised.

    Attributes
    ----------
    index : int or None
        Which of the candidates raises by itself; None if only their company does.
    text : str
        The exception, in one line.
    trace : str
        Its traceback.
    """

    index: int | None
    text: str
    trace: str


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What came of a chunk.

    Attributes
    ----------
    scores : tuple of float
        One score a candidate, in their order; empty after a failure.
    seconds : float
        How long the evaluator took.
    warm : bool
        Whether this process had evaluated for the same evaluator before: the first time includes compiling.
    process : int
        Where it ran.
    failure : EvaluatorFailure or None
        Set if the evaluator raised.
    """

    scores: tuple[float, ...]
    seconds: float
    warm: bool
    process: int
    failure: EvaluatorFailure | None = None


def score(evaluator: Evaluator, candidates: Sequence[Candidate]) -> tuple[float, ...] | EvaluatorFailure:
    """Evaluate candidates, and find the one to blame if that fails.

    Parameters
    ----------
    evaluator : Evaluator
        What scores them.
    candidates : sequence of Candidate
        What to evaluate.

    Returns
    -------
    tuple of float or EvaluatorFailure
        One score a candidate, in their order; or what the evaluator raised.
    """
    try:
        scores = tuple(float(value) for value in evaluator(candidates))
        if len(scores) == len(candidates):
            return scores
        text = f"it must give one score a candidate, gave {len(scores)} for {len(candidates)}"
        return EvaluatorFailure(None, text, "")
    except Exception as error:  # an evaluator may raise anything; the driver tells which candidate it was
        failure = EvaluatorFailure(None, f"{type(error).__name__}: {error}", traceback.format_exc())
    for index, candidate in enumerate(candidates):
        try:
            evaluator([candidate])
        except Exception as error:  # as above
            return EvaluatorFailure(index, f"{type(error).__name__}: {error}", traceback.format_exc())
    return failure


def niceness(environ: Mapping[str, str]) -> int:
    """Return how far workers stand back behind whoever answers people.

    Parameters
    ----------
    environ : mapping of str to str
        EVOQ_WORKER_NICE is looked up there.

    Returns
    -------
    int
        Their nice value, 0..19; 5 by default.

    Raises
    ------
    UserError
        If the variable has another value.
    """
    text = environ.get("EVOQ_WORKER_NICE", "").strip()
    if not text:
        return _NICENESS
    if not text.isascii() or not text.isdigit() or int(text) > _MOST_NICE:
        raise UserError(f"EVOQ_WORKER_NICE must be a whole number in [0, {_MOST_NICE}], was {text!r}")
    return int(text)


def evaluate_chunk(shared: "list[ray.ObjectRef[Any]]", candidates: Sequence[Candidate], nice: int = 0) -> ChunkResult:
    """Evaluate a chunk in a worker.

    The evaluator is fetched once a process and kept, its arrays being views of the object store; what it prepares
    lazily therefore serves later chunks too.

    Parameters
    ----------
    shared : list of one ObjectRef
        The evaluator. Ray would fetch it anew for each call if it were not in a list.
    candidates : sequence of Candidate
        What to evaluate.
    nice : int, optional
        The nice value of this process from here on, unless it has a higher one.

    Returns
    -------
    ChunkResult
        Scores, or what the evaluator raised.
    """
    import ray

    _stand_back(nice)
    (reference,) = shared
    key = reference.hex()
    warm = key in _evaluators
    evaluator: Evaluator = _evaluators[key] if warm else ray.get(reference)
    started = time.perf_counter()
    outcome = score(evaluator, candidates)
    seconds = time.perf_counter() - started
    _evaluators[key] = evaluator
    _evaluators.move_to_end(key)
    while len(_evaluators) > _KEPT_EVALUATORS:
        _evaluators.popitem(last=False)
    if isinstance(outcome, EvaluatorFailure):
        return ChunkResult((), seconds, warm, os.getpid(), outcome)
    return ChunkResult(outcome, seconds, warm, os.getpid())


def _stand_back(nice: int) -> None:
    """Give way to whoever answers people; there is no way back without privileges, so it is never taken down."""
    if hasattr(os, "setpriority") and os.getpriority(os.PRIO_PROCESS, 0) < nice:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
