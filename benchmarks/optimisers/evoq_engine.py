"""Evoq's own engine, with its defaults but for the population, which a user chooses for the budget."""

from collections.abc import Sequence

from landscapes.axis import Axis
from optimisers.optimiser import Point

from evolution import Dimension, Optimizer, Settings, Space

__all__ = ["EvoqEngine"]

_POPULATION = 50
"""As many as pymoo, Optuna's NSGA-III and DEAP are given."""


class EvoqEngine:
    """The steady-state engine, its lag of four batches included: it never sees the newest results."""

    def __init__(
        self, axes: tuple[Axis, ...], seed: int, population: int = _POPULATION, settings: Settings | None = None
    ) -> None:
        space = Space(Dimension(axis.name, axis.low, axis.high, integer=axis.integer, log=axis.log) for axis in axes)
        self._optimizer = Optimizer(space, population=population, seed=seed, settings=settings)

    def ask(self) -> list[Point]:
        """Return the batches that are open."""
        self._asked = self._optimizer.ask()
        return [candidate.parameters for candidate in self._asked]

    def tell(self, scores: Sequence[float]) -> None:
        """Commit them."""
        self._optimizer.tell(self._asked, scores)
