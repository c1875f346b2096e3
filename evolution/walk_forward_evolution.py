"""Walk-forward evolution: a run that rolls from window to window and freezes finalists at the end of each."""

from collections.abc import Sequence

import numpy as np

import backtest
from evolution.candidate import Member
from evolution.evolution import Evolution, Outcome, StopReason
from evolution.finalists import Finalist, select_finalists
from evolution.objective import spec_of
from evolution.windows import Windows
from market import Candles

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
        for finalist in evolution.optimizer.finalists:
            windows.index(finalist.window)
        self._aim()

    @property
    def window(self) -> int:
        """The window that is being searched, from 0."""
        return self.windows.index(self.evolution.optimizer.window)

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
            self._roll(str(self.window + 1), self.candidates_of_window())

    def is_due(self, candles: Sequence[Candles]) -> bool:
        """Take in candles that have closed, and tell whether the window should roll on to them (`follow`).

        Parameters
        ----------
        candles : sequence of Candles
            Every market, from its first candle to the newest one.

        Returns
        -------
        bool
            False where a market has no new candle, and before the windows of the plan are through.
        """
        self.windows.extend(candles)
        return self.windows.plan.last_generation(self.window) is None and self.windows.is_stale(self.window)

    def follow(self) -> None:
        """Roll on to a window that trains on all candles there are.

        Finalists are frozen once a test span's worth of candles, not with every candle: many looks at much the same
        prices would prove nothing more.
        """
        finalists = self.candidates_of_window() if self._is_span_over() else ()
        self._roll(self.windows.open_live(self.window + 1), finalists)

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
        optimizer = self.evolution.optimizer
        present = self.candidates_of_window() if self._is_span_over() else ()
        return (*optimizer.finalists, *(Finalist(member, optimizer.window) for member in present))

    def _roll(self, label: str, finalists: Sequence[Member]) -> None:
        objective = self.windows.objective(self.windows.index(label))
        self.evolution.roll(objective, label, finalists, objective.behaviours)

    def _is_span_over(self) -> bool:
        """Whether the present window is a test span's worth of candles younger than the last one that froze."""
        frozen = self.evolution.optimizer.finalists
        if not frozen:
            return True
        market = min(self.windows.candles)
        since = self.windows.train_stop(market, self.windows.index(frozen[-1].window))
        n_bars, spans = self.windows.n_bars[market], self.windows.plan.spans
        span = (n_bars - self.windows.train_stop(market, 0)) // spans if spans else n_bars // 8
        return self.windows.train_stop(market, self.window) - since >= max(span, 1)

    def _aim(self) -> None:
        objective = self.windows.objective(self.window)
        self.evolution.renew(objective, objective.behaviours)
