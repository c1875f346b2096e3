"""A contest: one optimiser on one landscape with one seed, up to a budget of evaluations."""

import numpy as np
from landscapes.landscape import Landscape
from optimisers.optimiser import MakeOptimiser

__all__ = ["best_so_far"]


def best_so_far(make: MakeOptimiser, landscape: Landscape, budget: int, seed: int) -> np.ndarray:
    """Return the best score found after each evaluation.

    A point that is proposed again counts again; only what a library leaves out by itself is not counted.

    Parameters
    ----------
    make : callable
        Makes the optimiser.
    landscape : Landscape
        What it searches.
    budget : int
        Evaluations.
    seed : int
        Seed of the optimiser.

    Returns
    -------
    ndarray of float64, shape (budget,)
        Never decreasing.
    """
    optimiser = make(landscape.axes, seed)
    scores: list[float] = []
    idle = 0
    while len(scores) < budget:
        found = [landscape.score(point) for point in optimiser.ask()]
        scores += found
        optimiser.tell(found)
        idle = 0 if found else idle + 1
        if idle > 1_000:  # an exhausted space: it knows all there is to know
            scores += [max(scores)] * (budget - len(scores))
    return np.maximum.accumulate(scores[:budget])
