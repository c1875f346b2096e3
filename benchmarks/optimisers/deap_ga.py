"""A genetic algorithm of DEAP's parts: (mu + lambda), bounded SBX and polynomial mutation, tournaments of three."""

import random
from collections.abc import Sequence

from deap import tools
from landscapes.axis import Axis
from optimisers.optimiser import Point

__all__ = ["DeapGa"]

_SIZE = 50
_CROSSOVER = 0.9
_ETA = 15.0


class _Genome(list):
    """Genes of the unit cube with the score that selection reads."""

    def __init__(self, genes: Sequence[float]) -> None:
        super().__init__(genes)
        self.score = float("-inf")


class DeapGa:
    """Populations of 50. DEAP draws from the module `random`, whose state is lent to it and put back."""

    def __init__(self, axes: tuple[Axis, ...], seed: int) -> None:
        self._axes = axes
        self._random = random.Random(seed).getstate()  # noqa: S311 -- no secret
        self._members: list[_Genome] = []

    def ask(self) -> list[Point]:
        """Return one generation."""
        outside = random.getstate()
        random.setstate(self._random)
        n = len(self._axes)
        if self._members:
            self._children = self._offspring(n)
        else:
            self._children = [_Genome([random.random() for _ in range(n)]) for _ in range(_SIZE)]  # noqa: S311
        self._random = random.getstate()
        random.setstate(outside)
        return [[axis.from_unit(u) for axis, u in zip(self._axes, child, strict=True)] for child in self._children]

    def tell(self, scores: Sequence[float]) -> None:
        """Keep the best of parents and children."""
        for child, score in zip(self._children, scores, strict=True):
            child.score = score
        self._members = tools.selBest(self._members + self._children, _SIZE, fit_attr="score")

    def _offspring(self, n: int) -> list[_Genome]:
        parents = tools.selTournament(self._members, _SIZE, tournsize=3, fit_attr="score")
        children = [_Genome(parent) for parent in parents]
        for one, two in zip(children[::2], children[1::2], strict=True):
            if random.random() < _CROSSOVER:  # noqa: S311
                tools.cxSimulatedBinaryBounded(one, two, _ETA, 0.0, 1.0)
        for child in children:
            tools.mutPolynomialBounded(child, _ETA, 0.0, 1.0, 1.0 / n)
        return children
