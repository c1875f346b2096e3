"""CMA-ES with margin (package cmaes), restarted with a doubled population when it has converged."""

from collections.abc import Sequence

import numpy as np
from cmaes import CMAwM
from landscapes.axis import Axis
from optimisers.optimiser import Point

__all__ = ["CmaEsMargin"]


class CmaEsMargin:
    """CMAwM in the unit cube.

    A whole number on a linear scale has its margin. On a logarithmic scale whole numbers are not evenly spaced, which
    the package does not provide for; there the variable is continuous and rounded.

    References
    ----------
    Hamano, R., Saito, S., Nomura, M., Shirakawa, S. (2022). "CMA-ES with Margin". Proceedings of GECCO 2022.

    Auger, A., Hansen, N. (2005). "A Restart CMA Evolution Strategy With Increasing Population Size". Proceedings of
    CEC 2005.
    """

    def __init__(self, axes: tuple[Axis, ...], seed: int) -> None:
        self._axes = axes
        self._generator = np.random.default_rng(seed)
        even = [axis.integer and not axis.log for axis in axes]
        self._steps = np.array(
            [1.0 / (axis.high - axis.low) if is_even else 0.0 for axis, is_even in zip(axes, even, strict=True)]
        )
        self._size: int | None = None
        self._restart(np.full(len(axes), 0.5))

    def ask(self) -> list[Point]:
        """Return one generation."""
        asked = [self._search.ask() for _ in range(self._search.population_size)]
        self._raw = [raw for _, raw in asked]
        return [[axis.from_unit(u) for axis, u in zip(self._axes, units, strict=True)] for units, _ in asked]

    def tell(self, scores: Sequence[float]) -> None:
        """Update mean and covariance; start afresh elsewhere when converged."""
        self._search.tell(list(zip(self._raw, (-score for score in scores), strict=True)))
        if self._search.should_stop():
            self._size = 2 * self._search.population_size
            self._restart(self._generator.random(len(self._axes)))

    def _restart(self, mean: np.ndarray) -> None:
        self._search = CMAwM(
            mean=mean,
            sigma=0.3,
            bounds=np.tile([0.0, 1.0], (len(self._axes), 1)),
            steps=self._steps,
            population_size=self._size,
            seed=int(self._generator.integers(2**31)),
        )
