"""The comparison: regrets, expected evaluations, and whether the differences are more than chance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from landscapes.landscape import Landscape
from scipy.stats import wilcoxon

__all__ = ["Comparison", "Verdict", "expected_evaluations", "finite", "holm"]


def expected_evaluations(hits: Sequence[float], budget: int) -> float:
    """Return the expected number of evaluations until a target is reached.

    Parameters
    ----------
    hits : sequence of float
        Evaluations until it was reached, one a run; inf where it was not within the budget.
    budget : int
        Evaluations of a run without success.

    Returns
    -------
    float
        Evaluations of all runs over the number of successes: what restarting until success costs. inf without any.

    References
    ----------
    Hansen, N., Auger, A., Ros, R., Mersmann, O., Tusar, T., Brockhoff, D. (2021). "COCO: A Platform for Comparing
    Continuous Optimizers in a Black-Box Setting". Optimization Methods and Software 36(1).
    """
    successes = sum(math.isfinite(hit) for hit in hits)
    return sum(min(hit, budget) for hit in hits) / successes if successes else math.inf


def finite(value: float) -> float | None:
    """Return a value as JSON has it.

    Parameters
    ----------
    value : float
        Perhaps inf: what never happened.

    Returns
    -------
    float or None
        None if it is not finite.
    """
    return value if math.isfinite(value) else None


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number.

    Parameters
    ----------
    p_values : sequence of float
        Of all hypotheses that are tested together.

    Returns
    -------
    list of float
        In the same order, each at least as large as before and at most 1.

    References
    ----------
    Holm, S. (1979). "A Simple Sequentially Rejective Multiple Test Procedure". Scandinavian Journal of Statistics 6(2).
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for position, index in enumerate(np.argsort(p_values, kind="stable")):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - position)))
        adjusted[index] = largest
    return adjusted


@dataclass(frozen=True)
class Verdict:
    """Ours against one baseline at one budget.

    Attributes
    ----------
    baseline : str
        Whom ours is compared with.
    budget : int
        Evaluations.
    difference : float
        Mean regret of ours less that of the baseline: negative where ours is better.
    p : float
        Two-sided Wilcoxon signed-rank test, adjusted over all baselines and budgets.
    """

    baseline: str
    budget: int
    difference: float
    p: float


class Comparison:
    """Curves of all optimisers on the same landscapes with the same seeds.

    Parameters
    ----------
    landscapes : sequence of Landscape
        What was searched.
    curves : mapping of str to ndarray of float64, shape (n_landscapes, n_seeds, budget)
        Best score found after each evaluation, by optimiser.
    share : float
        Share of the optimum that counts as success.
    """

    def __init__(self, landscapes: Sequence[Landscape], curves: Mapping[str, np.ndarray], share: float = 0.99) -> None:
        self.landscapes = landscapes
        self.curves = curves
        self.share = share
        self.budget = next(iter(curves.values())).shape[2]

    def regrets(self, name: str, budget: int) -> np.ndarray:
        """Return normalised regrets.

        Parameters
        ----------
        name : str
            The optimiser.
        budget : int
            After so many evaluations.

        Returns
        -------
        ndarray of float64, shape (n_landscapes, n_seeds)
            0 at the optimum, 1 at the landscape's median.
        """
        best = self.curves[name][:, :, budget - 1]
        return np.array([each.regret(row) for each, row in zip(self.landscapes, best, strict=True)])

    def hits(self, name: str, share: float) -> np.ndarray:
        """Return how many evaluations it took to a share of the optimum.

        Parameters
        ----------
        name : str
            The optimiser.
        share : float
            The share, 0.99 for 99 %.

        Returns
        -------
        ndarray of float64, shape (n_landscapes, n_seeds)
            inf where it was not reached.
        """
        targets = np.array([each.target(share) for each in self.landscapes])
        reached = self.curves[name] >= targets[:, None, None]
        return np.where(reached.any(axis=2), reached.argmax(axis=2) + 1.0, np.inf)

    def expected(self, name: str, share: float) -> float:
        """Return the expected evaluations over all landscapes taken together.

        Parameters
        ----------
        name : str
            The optimiser.
        share : float
            Share of the optimum.

        Returns
        -------
        float
            Evaluations of all runs over their successes.
        """
        return expected_evaluations(self.hits(name, share).ravel().tolist(), self.budget)

    def verdicts(self, ours: str, budgets: Sequence[int]) -> list[Verdict]:
        """Return how ours compares with everybody else.

        Pairs are (landscape, seed): each landscape counts as often as there are seeds, so the test finds small
        differences, for and against.

        Parameters
        ----------
        ours : str
            One of the optimisers.
        budgets : sequence of int
            After how many evaluations.

        Returns
        -------
        list of Verdict
            One a baseline and budget; Holm's correction covers them all.
        """
        pairs = [(name, budget) for name in self.curves if name != ours for budget in budgets]
        differences = [(self.regrets(ours, at) - self.regrets(name, at)).ravel() for name, at in pairs]
        adjusted = holm([_p_value(difference) for difference in differences])
        return [
            Verdict(name, budget, float(difference.mean()), p)
            for (name, budget), difference, p in zip(pairs, differences, adjusted, strict=True)
        ]


def _p_value(differences: np.ndarray) -> float:
    if not np.any(differences):
        return 1.0  # the test is not defined without a difference
    return float(wilcoxon(differences, method="approx").pvalue)
