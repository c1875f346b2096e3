"""Scrambled Sobol points (SciPy): random search without clusters and gaps."""

from collections.abc import Sequence

from landscapes.axis import Axis
from optimisers.optimiser import Point
from scipy.stats import qmc

__all__ = ["Sobol"]

_BLOCK = 6
"""Points are drawn 2 ** 6 at a time: the sequence is balanced in powers of two."""


class Sobol:
    """Owen-scrambled Sobol sequence on the scale of each axis."""

    def __init__(self, axes: tuple[Axis, ...], seed: int) -> None:
        self._axes = axes
        self._sequence = qmc.Sobol(len(axes), scramble=True, rng=seed)

    def ask(self) -> list[Point]:
        """Return the next block of points."""
        block = self._sequence.random_base2(_BLOCK) if not self._sequence.num_generated else self._sequence.random(64)
        return [[axis.from_unit(u) for axis, u in zip(self._axes, units, strict=True)] for units in block]

    def tell(self, scores: Sequence[float]) -> None:
        """Learn nothing."""
