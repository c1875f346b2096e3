"""Refinement: a sample of the normal distribution that the best members span."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["RankMu"]

_SPREAD = 1.3
"""The sample is wider than the parents: they were selected, which has narrowed them."""


class RankMu(Operator):
    """The rank-mu part of CMA-ES, without a memory: mean and covariance of winners of tournaments.

    A normal sample with the covariance of the parents is their mean plus a sum of their deviations from it, each times
    a normal number, so no matrix is needed.

    References
    ----------
    Hansen, N., Ostermeier, A. (2001). "Completely Derandomized Self-Adaptation in Evolution Strategies". Evolutionary
    Computation 9(2).
    """

    name = "rank_mu"
    n_parents = 5

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        count = len(parents)
        means = [_total([parent[index] for parent in parents]) / count for index in range(n_genes)]
        genes = list(means)
        scale = _SPREAD / count**0.5
        for parent in parents:
            # twelve uniform numbers less six: normal enough, and without a logarithm
            normal = _total([stream.uniform() for _ in range(12)]) - 6.0
            for index in range(n_genes):
                genes[index] += scale * normal * (parent[index] - means[index])
        return genes


def _total(values: Sequence[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total
