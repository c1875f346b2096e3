"""The evaluator of `bench_ray.py`, in a module of its own so that workers can import it."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from evolution.candidate import Candidate

__all__ = ["PROCESS", "TimedKernel"]

PROCESS = 1_000.0


@numba.njit(cache=True)
def recurrence(prices: np.ndarray, gene: float) -> float:
    """Return the end of a recursion that neither vectorises nor folds, a few nanoseconds a price."""
    state = gene
    for price in prices:
        state = 0.999 * state + (price - state) / (1.0 + state * state)
    return state


@dataclass(frozen=True)
class TimedKernel:
    """CPU-bound work whose scores say which process it kept busy, and how long: `PROCESS * pid + seconds`.

    Attributes
    ----------
    prices : ndarray of float64
        What every candidate passes over.
    passes : int
        How often.
    """

    prices: np.ndarray
    passes: int

    def __call__(self, candidates: Sequence[Candidate]) -> list[float]:
        """Return for each candidate how long it took, and where."""
        seconds = []
        for candidate in candidates:
            started = time.perf_counter()
            for number in range(self.passes):
                recurrence(self.prices, candidate.genome[0] + number)
            seconds.append(PROCESS * os.getpid() + time.perf_counter() - started)
        return seconds

    def work(self, candidates: Sequence[Candidate]) -> int:
        """Return the prices that are passed over."""
        return len(candidates) * self.passes * len(self.prices)
