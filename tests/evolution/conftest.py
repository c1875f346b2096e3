"""Small landscapes, runners and journals that the tests of evolution share."""

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import settings

from evolution import BatchCommit, Candidate, Dimension, Evaluator, SerialRunner, Space, Species

settings.register_profile("no-deadline", deadline=None)  # no wall clock decides about a test
settings.load_profile("no-deadline")


class Landscape:
    """An evaluator from a function of one candidate; counts the evaluations of each genome."""

    def __init__(self, function: Callable[[Candidate], float]) -> None:
        self.function = function
        self.calls: Counter = Counter()

    def __call__(self, candidates: Sequence[Candidate]) -> list[float]:
        self.calls.update((candidate.species, candidate.parameters) for candidate in candidates)
        return [self.function(candidate) for candidate in candidates]

    def work(self, candidates: Sequence[Candidate]) -> int:
        return len(candidates)


class ShuffledRunner:
    """Completes candidates in random order and in chunks of random size."""

    def __init__(self, evaluator: Evaluator, seed: int) -> None:
        self._evaluator = evaluator
        self._random = random.Random(seed)
        self._queue: list[Candidate] = []
        self.most_pending = 0

    @property
    def pending(self) -> int:
        return len(self._queue)

    def submit(self, candidates: Sequence[Candidate]) -> None:
        self._queue.extend(candidates)
        self.most_pending = max(self.most_pending, self.pending)

    def collect(self) -> list[tuple[Candidate, float]]:
        self._random.shuffle(self._queue)
        size = self._random.randint(1, max(1, len(self._queue)))
        chunk, self._queue = self._queue[:size], self._queue[size:]
        return list(zip(chunk, self._evaluator(chunk), strict=True))

    def renew(self, evaluator: Evaluator) -> None:
        self._queue = []
        self._evaluator = evaluator

    def close(self) -> None:
        self._queue = []


class OneAtATime(SerialRunner):
    """Gives back one result at a time."""

    def collect(self) -> list[tuple[Candidate, float]]:
        queue, self._queue = self._queue[1:], self._queue[:1]
        results = super().collect()
        self._queue = queue
        return results


class Ledger:
    """A journal in memory: every record, and the state after it."""

    def __init__(self) -> None:
        self.records: list[BatchCommit] = []
        self.states: list[bytes] = []

    def record(self, commit: BatchCommit) -> None:
        self.records.append(commit)
        self.states.append(commit.state())


def mixed(candidate: Candidate) -> float:
    """A smooth hill in all genes; plain arithmetic, so that it is the same everywhere."""
    score = 0.0
    for gene in candidate.genome:
        score -= (gene - 0.375) * (gene - 0.375)
    return score


MIXED = Space(
    [
        Dimension("period", 2, 60, integer=True),
        Dimension("threshold", -1.0, 3.0),
        Dimension("stop", 0.01, 0.5, off=True),
    ]
)

THREE_SPECIES = {
    Species("momentum", "BTC/USDT", "1h"): MIXED,
    Species("breakout", "ETH/USDT", "1h"): Space([Dimension("width", 0.0, 1.0), Dimension("n", 1, 9, integer=True)]),
    Species("breakout", "BTC/USDT", "1h"): Space([Dimension("width", 0.0, 1.0), Dimension("n", 1, 9, integer=True)]),
}


@pytest.fixture
def space() -> Space:
    """Return a space with an integer, a real and an off-switchable dimension."""
    return MIXED


@pytest.fixture
def three_species() -> dict[Species, Space]:
    """Return spaces of three species on two markets."""
    return THREE_SPECIES


@pytest.fixture
def landscape() -> Landscape:
    """Return a fresh counting landscape: a smooth hill."""
    return Landscape(mixed)


@pytest.fixture
def make_landscape() -> type[Landscape]:
    """Return what makes a counting landscape of a function of one candidate."""
    return Landscape


@pytest.fixture
def shuffled_runner() -> type[ShuffledRunner]:
    """Return the runner that completes in random order."""
    return ShuffledRunner


@pytest.fixture
def one_at_a_time() -> type[OneAtATime]:
    """Return the runner that gives back one result at a time."""
    return OneAtATime


@pytest.fixture
def ledger() -> Ledger:
    """Return an empty journal in memory."""
    return Ledger()
