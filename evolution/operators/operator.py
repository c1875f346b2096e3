"""What a variation operator is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from evolution.reflection import reflect
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings  # which imports the operators

__all__ = ["Operator"]


class Operator(ABC):
    """Makes the genes of a child; the author of an operator writes `_vary` only.

    Attributes
    ----------
    name : str
        Its name in `Settings.shares` and in the lineage of its children.
    n_parents : int
        How many parents it takes.
    roles : tuple of str
        Who each of them is: "winner" (of a tournament, or an elite), "anyone", "elite", "foreign elite" of another
        market of the same strategy type, or "sample" of the species' refinement. Empty where all are winners.
    """

    name: ClassVar[str]
    n_parents: ClassVar[int]
    roles: ClassVar[tuple[str, ...]] = ()

    def breed(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        """Return the genes of a child, inside the unit cube.

        Parameters
        ----------
        parents : sequence of sequence of float
            `n_parents` genomes.
        n_genes : int
            Genes of a genome.
        stream : Stream
            The child's own random numbers.
        settings : Settings
            Parameters of the algorithm.

        Returns
        -------
        list of float
            `n_genes` genes; those that left the cube are reflected.
        """
        return [reflect(gene) for gene in self._vary(parents, n_genes, stream, settings)]

    @abstractmethod
    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        """Return the genes of a child; they may lie outside the unit cube.

        Parameters
        ----------
        parents : sequence of sequence of float
            `n_parents` genomes.
        n_genes : int
            Genes of a genome.
        stream : Stream
            The child's own random numbers; the only source of chance.
        settings : Settings
            Parameters of the algorithm.

        Returns
        -------
        list of float
            `n_genes` finite numbers.
        """
