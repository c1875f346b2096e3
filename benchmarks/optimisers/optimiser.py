"""What an optimiser is to the benchmark: it proposes points and is told their scores."""

from collections.abc import Callable, Sequence
from typing import Protocol

from landscapes.axis import Axis

__all__ = ["MakeOptimiser", "Optimiser", "Point"]

Point = Sequence[float]
"""One proposal an axis, within its bounds, whole where the axis is."""


class Optimiser(Protocol):
    """A search for the highest score; made from axes and a seed, on which alone it depends."""

    def ask(self) -> list[Point]:
        """Return what to evaluate next.

        Returns
        -------
        list of Point
            At least one; as many as the library proposes together.
        """
        ...

    def tell(self, scores: Sequence[float]) -> None:
        """Take the scores of what was asked last.

        Parameters
        ----------
        scores : sequence of float
            One score a point, in their order; higher is better.
        """
        ...


MakeOptimiser = Callable[[tuple[Axis, ...], int], Optimiser]
"""Makes an optimiser of axes and a seed."""
