"""Random immigrants: children without parents, so that the search never closes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.operators.operator import Operator
from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.settings import Settings

__all__ = ["Immigrant"]


class Immigrant(Operator):
    """Uniform in the unit cube.

    References
    ----------
    Grefenstette, J. J. (1992). "Genetic Algorithms for Changing Environments". Parallel Problem Solving from Nature 2.
    """

    name = "immigrant"
    n_parents = 0

    def _vary(
        self, parents: Sequence[Sequence[float]], n_genes: int, stream: Stream, settings: "Settings"
    ) -> list[float]:
        return [stream.uniform() for _ in range(n_genes)]
