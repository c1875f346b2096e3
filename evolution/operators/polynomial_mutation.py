"""Polynomial mutation: small steps mostly, long ones now and then."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["PolynomialMutation", "mutate"]


def mutate(genes: Sequence[float], stream: Stream, eta: float, rate: float, always: int = -1) -> list[float]:
    """Return `genes` with some of them moved by a polynomially distributed step of at most 1.

    Parameters
    ----------
    genes : sequence of float
        Genes to start from.
    stream : Stream
        The child's own random numbers: one a gene, and another for each gene that mutates.
    eta : float
        Distribution index; the step's density is proportional to (1 - |step|) ** eta.
    rate : float
        Probability that a gene mutates.
    always : int
        A gene that mutates in any case; none when negative.

    Returns
    -------
    list of float
        As many genes, perhaps outside the unit cube.

    References
    ----------
    Deb, K., Goyal, M. (1996). "A Combined Genetic Adaptive Search (GeneAS) for Engineering Design". Computer Science
    and Informatics 26(4), 30-45.
    """
    power = 1.0 / (eta + 1.0)
    mutated = list(genes)
    for index in range(len(mutated)):
        if stream.uniform() < rate or index == always:
            u = stream.uniform()
            step = (2.0 * u) ** power - 1.0 if u < 0.5 else 1.0 - (2.0 * (1.0 - u)) ** power
            mutated[index] += step
    return mutated


class PolynomialMutation(Operator):
    """A copy of one parent with at least one gene mutated."""

    name = "mutation"
    n_parents = 1

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        always = stream.below(n_genes)
        return mutate(parents[0], stream, settings.mutation_eta, settings.gene_rate(n_genes), always)
