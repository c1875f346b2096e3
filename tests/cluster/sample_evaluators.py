"""Evaluators for the tests of the runner; imported by workers, which find this folder on PYTHONPATH."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numba
import numpy as np

from evolution.candidate import Candidate
from evolution.species import Species

SPECIES = Species("sample", "BTC/USDT", "1h")


def candidates(count: int, first: int = 0) -> list[Candidate]:
    return [
        Candidate(
            number=number,
            species=SPECIES,
            child=number,
            batch=number // 64,
            genome=(number % 97 / 97.0,),
            names=("x",),
            parameters=(float(number % 97),),
            parents=(),
            operator="initial",
        )
        for number in range(first, first + count)
    ]


@numba.njit(cache=True)
def recurrence(prices: np.ndarray, gene: float) -> float:
    """A loop that neither vectorises nor folds: about 1 ns a price and more."""
    state = gene
    for price in prices:
        state = 0.999 * state + (price - state) / (1.0 + state * state)
    return state


@dataclass
class Kernel:
    """CPU-bound: one pass over the prices a candidate and repetition."""

    prices: np.ndarray
    repetitions: int = 1

    def __call__(self, candidates: Sequence[Candidate]) -> list[float]:
        scores = []
        for candidate in candidates:
            total = 0.0
            for repetition in range(self.repetitions):
                total += recurrence(self.prices, candidate.genome[0] + repetition)
            scores.append(total)
        return scores

    def work(self, candidates: Sequence[Candidate]) -> int:
        return len(candidates) * self.repetitions * len(self.prices)


@dataclass
class Recording:
    """Takes a fixed time a candidate, and writes which process evaluated what before it does."""

    folder: Path
    seconds: float = 0.0
    prices: np.ndarray = field(default_factory=lambda: np.zeros(8))

    def __call__(self, candidates: Sequence[Candidate]) -> list[float]:
        with (self.folder / f"{os.getpid()}").open("a") as file:
            file.write(f"{candidates[0].number} {candidates[-1].number}\n")
        deadline = time.perf_counter() + self.seconds * len(candidates)
        while time.perf_counter() < deadline:
            time.sleep(min(0.01, max(0.0, deadline - time.perf_counter())))
        return [2.0 * candidate.number for candidate in candidates]

    def work(self, candidates: Sequence[Candidate]) -> int:
        return len(candidates) * 1_000_000

    def processes(self) -> dict[int, list[str]]:
        return {int(path.name): path.read_text().splitlines() for path in self.folder.iterdir()}


@dataclass
class Failing:
    """Raises for one candidate."""

    number: int
    seconds: float = 0.0

    def __call__(self, candidates: Sequence[Candidate]) -> list[float]:
        time.sleep(self.seconds * len(candidates))
        if any(candidate.number == self.number for candidate in candidates):
            raise ZeroDivisionError("no such price")
        return [0.0] * len(candidates)

    def work(self, candidates: Sequence[Candidate]) -> int:
        return len(candidates) * 1_000_000


@dataclass
class Views:
    """Scores tell how the worker sees the shared array: 1.0 for a read-only view of shared memory, else 0.0."""

    prices: np.ndarray

    def __call__(self, candidates: Sequence[Candidate]) -> list[float]:
        time.sleep(0.01 * len(candidates))
        shared = not self.prices.flags.writeable and in_shared_mapping(self.prices)
        return [float(shared)] * len(candidates)

    def work(self, candidates: Sequence[Candidate]) -> int:
        return len(candidates) * 5_000_000


def in_shared_mapping(array: np.ndarray) -> bool:
    address = array.__array_interface__["data"][0]
    for line in Path("/proc/self/maps").read_text().splitlines():
        limits, mode, *_ = line.split()
        start, end = (int(limit, 16) for limit in limits.split("-"))
        if start <= address and address + array.nbytes <= end:
            return mode[3] == "s"
    return False


@dataclass
class CompiledElsewhere(Kernel):
    """Scores 1.0 where the kernel was loaded from the cache rather than compiled."""

    def __call__(self, candidates: Sequence[Candidate]) -> list[float]:
        super().__call__(candidates)
        stats = recurrence.stats
        return [float(sum(stats.cache_hits.values()) > 0 and not stats.cache_misses)] * len(candidates)
