"""Uniform crossover: each gene from one parent or the other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.operators.polynomial_mutation import mutate
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["UniformCrossover"]


class UniformCrossover(Operator):
    """Genes of two parents by the toss of a coin, then mutated.

    The parameters of a strategy mean something one by one, so a good value of one is worth trying with another's.

    References
    ----------
    Syswerda, G. (1989). "Uniform Crossover in Genetic Algorithms". Proceedings of the Third International Conference on
    Genetic Algorithms.
    """

    name = "uniform"
    n_parents = 2

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        one, other = parents
        genes = [one[index] if stream.uniform() < 0.5 else other[index] for index in range(n_genes)]
        return mutate(genes, stream, settings.mutation_eta, settings.gene_rate(n_genes))
