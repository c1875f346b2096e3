"""Differential evolution: steps as long, and in such directions, as the population is wide."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["Differential"]

_CROSSOVER = 0.9
"""Probability that a gene takes the step: nearly all of them, so that the search follows valleys off the axes."""

_SMALLEST, _LARGEST = 0.3, 0.9
"""Bounds of the random factor of the difference."""


class Differential(Operator):
    """The first parent, moved by a fraction of the difference of the other two.

    All three are selected like other parents, so the differences shrink as the better half contracts.

    References
    ----------
    Storn, R., Price, K. (1997). "Differential Evolution: A Simple and Efficient Heuristic for Global Optimization over
    Continuous Spaces". Journal of Global Optimization 11, 341-359.

    Gong, W., Cai, Z. (2013). "Differential Evolution with Ranking-Based Mutation Operators". IEEE Transactions on
    Cybernetics 43(6), 2066-2081.
    """

    name = "differential"
    n_parents = 3

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        start, to, back = parents
        factor = _SMALLEST + (_LARGEST - _SMALLEST) * stream.uniform()
        always = stream.below(n_genes)
        genes = list(start)
        for index in range(n_genes):
            if index == always or stream.uniform() < _CROSSOVER:
                genes[index] += factor * (to[index] - back[index])
        return genes
