"""Walk-forward evolution: a run that rolls from window to window and freezes finalists at the end of each."""

from collections.abc import Sequence

import numpy as np

import backtest
from evolution.candidate import Member
from evolution.evolution import Evolution, Outcome, StopReason
from evolution.finalists import Finalist, select_finalists
from evolution.objective import spec_of
from evolution.windows import Windows

__all__ = ["WalkForwardEvolution"]


class WalkForwardEvolution:
    """Drives an `Evolution` through the windows of its plan.

    Parameters
    ----------
    evolution : Evolution
        New, or restored from a recorded state: it goes on in the window that the state belongs to.
    windows : Windows
        What it trains on.
    """

    def __init__(self, evolution: Evolution, windows: Windows) -> None:
        self.evolution = evolution
        self.windows = windows
        self._aim()

    @property
    def window(self) -> int:
        """The window that is being searched, from 0."""
        return int(self.evolution.optimizer.window or 0)

    def run(
        self, generations: int | None = None, target_score: float | None = None, patience: int | None = None
    ) -> Outcome:
        """Evolve, and roll on where the plan says so.

        Parameters
        ----------
        generations : int or None
            Stop after so many generations in all; None for no end.
        target_score : float or None
            Stop once the best fitness of the window reaches this.
        patience : int or None
            Stop after so many generations in which the best fitness of the window did not improve.

        Returns
        -------
        Outcome
            Why and where it ended.
        """
        while True:
            last = self.windows.plan.last_generation(self.window)
            goal = last if generations is None or (last is not None and last < generations) else generations
            outcome = self.evolution.run(goal, target_score, patience)
            if outcome.reason is not StopReason.GENERATIONS or goal == generations:
                return outcome
            following = self.window + 1
            finalists = self.candidates_of_window()
            objective = self.windows.objective(following)
            self.evolution.roll(objective, str(following), finalists, objective.behaviours)

    def candidates_of_window(self) -> tuple[Member, ...]:
        """Return whom the present window would send on: few, different, and chosen without a look beyond it."""
        optimizer = self.evolution.optimizer
        training = self.windows.training(self.window)

        def returns(members: Sequence[Member]) -> np.ndarray:
            market = members[0].species.market
            return backtest.interval_returns(
                [spec_of(member.candidate) for member in members], training[market], self.windows.costs
            )

        return select_finalists(optimizer.population, returns, optimizer.finalists)

    def finalists(self) -> tuple[Finalist, ...]:
        """Return everybody frozen so far, and whom the present window would freeze if it ended now."""
        label = self.evolution.optimizer.window
        present = tuple(Finalist(member, label) for member in self.candidates_of_window())
        return (*self.evolution.optimizer.finalists, *present)

    def _aim(self) -> None:
        objective = self.windows.objective(self.window)
        self.evolution.renew(objective, objective.behaviours)
