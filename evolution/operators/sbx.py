"""Simulated binary crossover: a child spread around two parents as far as they are apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.operators.polynomial_mutation import mutate
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["SimulatedBinaryCrossover"]


class SimulatedBinaryCrossover(Operator):
    """One of the two SBX children, mutated: each gene crosses with probability one half.

    References
    ----------
    Deb, K., Agrawal, R. B. (1995). "Simulated Binary Crossover for Continuous Search Space". Complex Systems 9(2),
    115-148.
    """

    name = "sbx"
    n_parents = 2

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        near, far = parents
        power = 1.0 / (settings.crossover_eta + 1.0)
        genes = list(near)
        for index in range(n_genes):
            if stream.uniform() < 0.5:
                u = stream.uniform()
                beta = (2.0 * u) ** power if u < 0.5 else (0.5 / (1.0 - u)) ** power
                genes[index] = 0.5 * ((1.0 + beta) * near[index] + (1.0 - beta) * far[index])
        return mutate(genes, stream, settings.mutation_eta, settings.gene_rate(n_genes))
