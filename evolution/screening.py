"""Screening: of several proposals, the one that is worth an evaluation."""

from collections.abc import Sequence

import numpy as np

from evolution.experience import Experience

__all__ = ["most_promising"]

_NEIGHBOURS = 3
"""Evaluated genomes that a prediction averages."""

_SOFTENING = 1e-6
"""Added to a squared distance before it divides."""

_FARTHEST = 0.5
"""Distances beyond this count no more."""


def most_promising(
    proposals: Sequence[Sequence[float]],
    experience: Experience,
    pending: Sequence[Sequence[float]],
    spread: float,
    novelty: float,
) -> int:
    """Return which proposal to evaluate: predicted to be good, and far from what is known.

    The prediction is the mean of the nearest evaluated genomes, weighted by one over the squared distance, in units of
    `spread`. To it comes `novelty` times the distance to the nearest genome that is evaluated or pending.

    Only additions, multiplications, divisions and square roots, element by element and in fixed order, so that the
    choice is the same on every machine; of equals the first.

    Parameters
    ----------
    proposals : sequence of sequence of float
        Genomes.
    experience : Experience
        What is evaluated and committed; not empty.
    pending : sequence of sequence of float
        Genomes that are generated and not committed.
    spread : float
        Difference of scores that counts as one; positive.
    novelty : float
        What a distance of one is worth.

    Returns
    -------
    int
        Index into `proposals`.

    References
    ----------
    Regis, R. G., Shoemaker, C. A. (2007). "A Stochastic Radial Basis Function Method for the Global Optimization of
    Expensive Functions". INFORMS Journal on Computing 19(4): candidate points judged by prediction and distance.
    """
    genes, scores = experience.columns()
    places = np.array(proposals, dtype=np.float64)
    squared = _squared_distances(places, genes)
    rows = np.arange(len(proposals))
    weighted, weights = np.zeros(len(proposals)), np.zeros(len(proposals))
    nearest = np.full(len(proposals), np.inf)
    for _ in range(min(_NEIGHBOURS, scores.size)):
        at = squared.argmin(axis=1)  # the first of equals, unlike a partition
        distance = squared[rows, at]
        nearest = np.minimum(nearest, distance)
        weight = 1.0 / (distance + _SOFTENING)
        weighted += weight * scores[at]
        weights += weight
        squared[rows, at] = np.inf
    if pending:
        open_places = np.ascontiguousarray(np.array(pending, dtype=np.float64).T)
        nearest = np.minimum(nearest, _squared_distances(places, open_places).min(axis=1))
    worth = weighted / weights / spread + novelty * np.minimum(np.sqrt(nearest), _FARTHEST)
    return int(worth.argmax())


def _squared_distances(places: np.ndarray, genes: np.ndarray) -> np.ndarray:
    total = np.zeros((len(places), genes.shape[1]))
    for column, gene in zip(places.T, genes, strict=True):
        difference = gene - column[:, None]
        total += difference * difference
    return total
