"""A living population: it evolves for ever, and rolls on to every candle that closes."""

import threading
from collections.abc import Callable, Sequence

from evolution import Outcome, StopReason, WalkForwardEvolution
from market import Candles, Clock

__all__ = ["LivingPopulation"]

_SLICE_S = 0.25
"""Longest sleep without a look at whether somebody asked to stop or to pause."""
_SLICES = 4
"""After so many of them the interval is asked for again: it may have been changed."""


class LivingPopulation:
    """Evolves one generation at a time, with a pause after each, and follows its markets.

    Endless search on the same candles would destroy its own evidence: after `generations_per_window` generations it
    waits until a candle closes in every market. Then the window rolls on, and the elites are scored again first.

    Parameters
    ----------
    search : WalkForwardEvolution
        The run; it may be in any window.
    source : callable
        Returns the candles of every market as they are now.
    clock : Clock
        Measures pauses.
    interval_s : callable
        Returns the pause after each generation, and between two looks at the source, in seconds.
    generations_per_window : int
        Generations on the same candles at most; the windows of the plan end when it says.
    after_generation : callable, optional
        Called after each generation, with its population there.
    after_roll : callable, optional
        Called after each roll, with the new candles known and the population of the new window still to come.
    is_paused : callable, optional
        Tells whether it is to rest: no generation and no roll until it is not. Then it goes on at once, in the middle
        of a generation where somebody stopped the evolution within one.
    """

    def __init__(
        self,
        search: WalkForwardEvolution,
        source: Callable[[], Sequence[Candles]],
        clock: Clock,
        interval_s: Callable[[], float],
        generations_per_window: int = 50,
        after_generation: Callable[[], None] = lambda: None,
        after_roll: Callable[[], None] = lambda: None,
        is_paused: Callable[[], bool] = lambda: False,
    ) -> None:
        self._search = search
        self._source = source
        self._clock = clock
        self._interval_s = interval_s
        self._per_window = generations_per_window
        self._after_generation = after_generation
        self._after_roll = after_roll
        self._is_paused = is_paused
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask it to end after the batch in hand; safe from signal handlers and threads."""
        self._stop.set()
        self._search.evolution.stop()

    def run(self, target_score: float | None = None, patience: int | None = None) -> Outcome:
        """Live until somebody asks to stop, or until an aim is reached.

        Parameters
        ----------
        target_score : float or None
            End once the best fitness of a window reaches this.
        patience : int or None
            End after so many generations of a window in which its best fitness did not improve.

        Returns
        -------
        Outcome
            Never "generations".
        """
        optimizer = self._search.evolution.optimizer
        while True:
            while self._is_paused() and not self._stop.is_set():
                self._clock.sleep(_SLICE_S)
            is_between = optimizer.evaluations % optimizer.identity.population == 0
            if is_between and self._search.is_due(self._source()):
                self._search.follow()
                self._after_roll()
            is_planned = self._search.windows.plan.last_generation(self._search.window) is not None
            if is_planned or optimizer.generations_in_window < self._per_window:
                done = optimizer.evaluations // optimizer.identity.population
                outcome = self._search.run(done + 1, target_score, patience)
                if outcome.reason is StopReason.REQUEST and not self._stop.is_set():
                    continue  # a pause: the rest of the generation comes before anything else
                if outcome.reason is not StopReason.GENERATIONS:
                    return outcome
                self._after_generation()
            self._rest()
            if self._stop.is_set():
                return self._search.run(target_score=target_score)  # its stop is asked for already: it ends at once

    def _rest(self) -> None:
        """Wait for the interval, as it is by then; a request to stop or to pause ends the wait."""
        rested, slices, interval_s = 0.0, 0, self._interval_s()
        while rested < interval_s and not self._stop.is_set() and not self._is_paused():
            wait_s = min(interval_s - rested, _SLICE_S)
            self._clock.sleep(wait_s)
            rested, slices = rested + wait_s, slices + 1
            if slices % _SLICES == 0:
                interval_s = self._interval_s()
