"""Random search: the yardstick."""

from collections.abc import Sequence

import numpy as np
from landscapes.axis import Axis
from optimisers.optimiser import Point

__all__ = ["RandomSearch"]


class RandomSearch:
    """Uniform points on the scale of each axis."""

    def __init__(self, axes: tuple[Axis, ...], seed: int) -> None:
        self._axes = axes
        self._generator = np.random.default_rng(seed)

    def ask(self) -> list[Point]:
        """Return one point."""
        units = self._generator.random(len(self._axes))
        return [[axis.from_unit(u) for axis, u in zip(self._axes, units, strict=True)]]

    def tell(self, scores: Sequence[float]) -> None:
        """Learn nothing."""
