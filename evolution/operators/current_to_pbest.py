"""Differential evolution, current-to-pbest: anybody moves towards one of the best."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["CurrentToPbest"]

_CROSSOVER = 0.9
_SMALLEST, _LARGEST = 0.3, 0.9


class CurrentToPbest(Operator):
    """Any member, moved by a fraction of its distance to an elite and of the difference of two others.

    References
    ----------
    Zhang, J., Sanderson, A. C. (2009). "JADE: Adaptive Differential Evolution With Optional External Archive". IEEE
    Transactions on Evolutionary Computation 13(5).
    """

    name = "current_to_pbest"
    n_parents = 4
    roles = ("anyone", "elite", "anyone", "anyone")

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        current, best, to, back = parents
        factor = _SMALLEST + (_LARGEST - _SMALLEST) * stream.uniform()
        always = stream.below(n_genes)
        genes = list(current)
        for index in range(n_genes):
            if index == always or stream.uniform() < _CROSSOVER:
                genes[index] += factor * (best[index] - current[index]) + factor * (to[index] - back[index])
        return genes
