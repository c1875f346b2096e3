"""A search that goes from one window to the next, and how soon it is as good there as a restart."""

from typing import Any

import numpy as np
import numpy.typing as npt

import backtest
import strategies
from evolution import Evolution, Space, Species
from evolution.fold_objective import FoldObjective
from market import Candles

__all__ = ["LEVELS", "REACHED", "Curve", "Search", "compared", "levels", "objective_of"]

REACHED = ("of the best", "reach it", "restarts do", "evaluations", "restart", "ratio")
"""Columns of `compared`."""

LEVELS = ("level", "a restart's", "difference")
"""Columns of `levels`."""

Curve = npt.NDArray[np.float64]
"""The best score so far after each evaluation."""

Reached = list[int | None]


def objective_of(candles: Candles) -> FoldObjective:
    """Return what scores strategies of all types on candles."""
    market = candles.symbol, candles.timeframe
    spaces = {Species(kind, *market): Space.of(strategies.get(kind)) for kind in strategies.available()}
    return FoldObjective({market: backtest.prepare(candles, strategies.available())}, spaces)


class Search:
    """A run on one market after another.

    Parameters
    ----------
    objective : FoldObjective
        What scores candidates to begin with.
    population, seed : int
        Of the run.
    state : dict or None
        Where to go on.
    """

    def __init__(
        self, objective: FoldObjective, population: int, seed: int, state: dict[str, Any] | None = None
    ) -> None:
        self.objective, self.population, self.seed = objective, population, seed
        self._scores: list[float] = []
        self._evolution = Evolution(
            objective,
            dict[str | Species, Space](objective.spaces.items()),
            population=population,
            seed=seed,
            behaviours=objective.behaviours,
            listener=lambda record: self._scores.extend(record.scores),
            state=state,
        )

    def best_so_far(self, generations: int) -> Curve:
        """Go on, and return the best score after each evaluation; whoever returned and is scored again counts."""
        self._scores.clear()
        done = self._evolution.optimizer.evaluations // self.population
        self._evolution.run(generations=done + generations)
        return np.maximum.accumulate(self._scores)

    def rolled(self, objective: FoldObjective, remembers: bool = True) -> "Search":
        """Return another run that goes on from here, on other candles."""
        state = self._evolution.optimizer.state()
        if not remembers:
            state["past"] = Search(self.objective, self.population, self.seed)._evolution.optimizer.state()["past"]
        other = Search(self.objective, self.population, self.seed, state)
        other._evolution.roll(objective, f"{other._evolution.optimizer.evaluations}", (), objective.behaviours)
        other.objective = objective
        return other


def reached(curve: Curve, target: float) -> int | None:
    """Return how many evaluations it took; None for more than there are."""
    found = np.flatnonzero(curve >= target)
    return int(found[0]) + 1 if found.size else None


def expected(found: Reached, horizon: int) -> float:
    """Return evaluations spent over targets reached: what it takes if one starts again where one did not reach it."""
    within = [one for one in found if one is not None and one <= horizon]
    return (sum(within) + horizon * (len(found) - len(within))) / len(within) if within else float("inf")


def compared(warm: list[Curve], cold: list[list[Curve]], share: float) -> list[str]:
    """Return the figures of one row: each restart is judged by the best of the others, and so is the warm run."""
    ours: Reached = []
    theirs: Reached = []
    for curve, restarts in zip(warm, cold, strict=True):
        for index, restart in enumerate(restarts):
            target = share * max(other[-1] for at, other in enumerate(restarts) if at != index)
            ours.append(reached(curve, target))
            theirs.append(reached(restart, target))
    horizon = min(len(curve) for curve in warm)
    a, b = expected(ours, horizon), expected(theirs, horizon)
    cells = [f"{share:.0%}", *(f"{_share(found, horizon):.0%}" for found in (ours, theirs))]
    return [*cells, *(f"{value:,.0f}" if np.isfinite(value) else "none" for value in (a, b)), _ratio(a, b)]


def levels(warm: list[Curve], cold: list[list[Curve]], evaluations: int) -> list[str]:
    """Return the mean levels after a budget, judged as in `compared`, and their difference with its standard error."""
    ours: list[float] = []
    theirs: list[float] = []
    for curve, restarts in zip(warm, cold, strict=True):
        targets = [max(other[-1] for at, other in enumerate(restarts) if at != index) for index in range(len(restarts))]
        ours.append(float(np.mean([curve[evaluations - 1] / target for target in targets])))
        pairs = zip(restarts, targets, strict=True)
        theirs.append(float(np.mean([restart[evaluations - 1] / target for restart, target in pairs])))
    difference = np.subtract(ours, theirs)
    error = difference.std(ddof=1) / np.sqrt(difference.size)
    return [f"{np.mean(ours):.3f}", f"{np.mean(theirs):.3f}", f"{difference.mean():+.3f} ({error:.3f})"]


def _share(found: Reached, horizon: int) -> float:
    return float(np.mean([one is not None and one <= horizon for one in found]))


def _ratio(a: float, b: float) -> str:
    return f"{a / b:.2f}" if np.isfinite(a) and np.isfinite(b) else ""
