"""A landscape: every point of a grid scored beforehand, so that the optimum is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from landscapes.axis import Axis

__all__ = ["Landscape"]


@dataclass(frozen=True)
class Landscape:
    """Scores on a grid.

    Attributes
    ----------
    name : str
        What was enumerated.
    axes : tuple of Axis
        The variables.
    scores : ndarray of float64
        One score for each combination of values, one array dimension an axis.
    optimum : float
        The best of them.
    middle : float
        Their median: what an arbitrary point gives.
    """

    name: str
    axes: tuple[Axis, ...]
    scores: np.ndarray
    optimum: float = field(init=False)
    middle: float = field(init=False)

    def __post_init__(self) -> None:
        assert self.scores.shape == tuple(len(axis.values) for axis in self.axes)
        object.__setattr__(self, "optimum", float(self.scores.max()))
        object.__setattr__(self, "middle", float(np.median(self.scores)))

    def score(self, point: Sequence[float]) -> float:
        """Return the score of the grid point nearest to a proposal.

        Parameters
        ----------
        point : sequence of float
            One proposal an axis.

        Returns
        -------
        float
            The score; higher is better.
        """
        return float(self.scores[tuple(axis.snap(x) for axis, x in zip(self.axes, point, strict=True))])

    def regret(self, best: np.ndarray) -> np.ndarray:
        """Return how far the best score found is from the optimum.

        Parameters
        ----------
        best : ndarray of float64
            Best scores found.

        Returns
        -------
        ndarray of float64
            0 at the optimum, 1 at the median of the landscape, more below it.
        """
        return (self.optimum - best) / (self.optimum - self.middle)

    def target(self, share: float) -> float:
        """Return the score from which a search counts as successful.

        Parameters
        ----------
        share : float
            Share of the optimum, 0.99 for 99 %.

        Returns
        -------
        float
            That share of the way from the median to the optimum.
        """
        return self.middle + share * (self.optimum - self.middle)

    def success_share(self, share: float) -> float:
        """Return which share of the points reaches the target: one over what random search needs.

        Parameters
        ----------
        share : float
            Share of the optimum.

        Returns
        -------
        float
            More than 0: the optimum itself counts. Grid points are weighted equally.
        """
        return float(np.mean(self.scores >= self.target(share)))
