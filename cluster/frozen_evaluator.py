"""An evaluator as workers see it, for the process that makes it: one kind of arrays, one compiled kernel."""

import pickle

from evolution.runner import Evaluator

__all__ = ["frozen"]


def frozen(evaluator: Evaluator) -> tuple[Evaluator, int]:
    """Return an evaluator as workers will have it: the same arrays, not copied, but read-only.

    Numba compiles a kernel anew for read-only arrays. What this process compiles is therefore what workers load; and
    an evaluator that writes into its arrays fails here already.

    Parameters
    ----------
    evaluator : Evaluator
        What scores candidates.

    Returns
    -------
    Evaluator
        A copy of it with views of its arrays; the evaluator itself if only Ray's own pickle can copy it.
    int
        How many bytes it takes in the object store.
    """
    buffers: list[pickle.PickleBuffer] = []
    try:
        rest = pickle.dumps(evaluator, protocol=5, buffer_callback=buffers.append)
    except (pickle.PicklingError, AttributeError, TypeError):
        return evaluator, 0
    views = [buffer.raw().toreadonly() for buffer in buffers]
    copy: Evaluator = pickle.loads(rest, buffers=views)  # noqa: S301  # our own bytes, from the line above
    return copy, len(rest) + sum(view.nbytes for view in views)
