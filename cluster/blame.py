"""Who is to blame when an evaluator raises: the message that names the candidate."""

from cluster.chunks import Chunk
from cluster.errors import EvaluationError
from cluster.ray_worker import EvaluatorFailure

__all__ = ["evaluation_error"]


def evaluation_error(chunk: Chunk, failure: EvaluatorFailure) -> EvaluationError:
    """Say which candidate the evaluator could not evaluate.

    Parameters
    ----------
    chunk : Chunk
        What was evaluated.
    failure : EvaluatorFailure
        What came of it.

    Returns
    -------
    EvaluationError
        One line; the evaluator's traceback is its note.
    """
    what = f"{chunk} together"
    if failure.index is not None:
        candidate = chunk.candidates[failure.index]
        what = f"candidate {candidate.number} ({candidate.species}, {candidate.as_dict()})"
    error = EvaluationError(f"the evaluator fails for {what}: {failure.text}")
    if failure.trace:
        error.add_note(failure.trace)
    return error
