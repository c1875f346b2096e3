"""pymoo's MixedVariableGA with its defaults; it never proposes a point twice."""

from collections.abc import Sequence

import numpy as np
from landscapes.axis import Axis
from optimisers.optimiser import Point
from pymoo.core.individual import Individual
from pymoo.core.mixed import MixedVariableGA
from pymoo.core.problem import Problem
from pymoo.core.termination import NoTermination
from pymoo.core.variable import Integer, Real

__all__ = ["PymooMixed"]


class PymooMixed:
    """Populations of 50; logarithmic scales as a transformation, as pymoo has no flag for them."""

    def __init__(self, axes: tuple[Axis, ...], seed: int) -> None:
        self._axes = axes
        variables = {
            axis.name: Integer(bounds=(int(axis.low), int(axis.high)))
            if axis.integer and not axis.log
            else Real(bounds=(0.0, 1.0))
            for axis in axes
        }
        self._search = MixedVariableGA(pop_size=50)
        self._search.setup(Problem(vars=variables, n_obj=1), termination=NoTermination(), seed=seed, verbose=False)

    def ask(self) -> list[Point]:
        """Return one generation."""
        self._asked = self._search.ask()
        return [self._point(individual) for individual in self._asked]

    def tell(self, scores: Sequence[float]) -> None:
        """Select the survivors."""
        for individual, score in zip(self._asked, scores, strict=True):
            individual.F = np.array([-score])
            individual.evaluated = {"F", "G", "H"}
        self._search.tell(infills=self._asked)

    def _point(self, individual: Individual) -> list[float]:
        return [
            float(individual.X[axis.name])
            if axis.integer and not axis.log
            else axis.from_unit(float(individual.X[axis.name]))
            for axis in self._axes
        ]
