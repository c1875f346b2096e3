"""How candidates become chunks: what they will cost, and where to cut."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from evolution.candidate import Candidate

__all__ = ["Chunk", "Speed", "chunk_count", "cut"]

_PRIOR_SECONDS_PER_WORK = 2e-9  # half a billion strategy-bars a second: what one core of 2020 does
_NEWEST_WEIGHT = 0.4
SMALL_CHUNK_S = 0.05  # below, handing a chunk out costs more than a worker saves
FULL_CHUNK_S = 0.2  # from here on, handing it out costs a few per cent


@dataclass(slots=True)
class Chunk:
    """Candidates that are evaluated together.

    Attributes
    ----------
    candidates : sequence of Candidate
        What to evaluate.
    work : int
        How much that is, in the evaluator's unit.
    attempts : int
        How often it was handed to a worker.
    """

    candidates: Sequence[Candidate]
    work: int
    attempts: int = 0

    def __str__(self) -> str:
        first, last = self.candidates[0].number, self.candidates[-1].number
        return f"candidate {first}" if len(self.candidates) == 1 else f"candidates {first} to {last}"


@dataclass(slots=True)
class Speed:
    """Seconds for each unit of work: a prior, then an exponential average of what was measured.

    Attributes
    ----------
    seconds_per_work : float
        The present estimate.
    measured : bool
        Whether anything has been measured.
    """

    seconds_per_work: float = _PRIOR_SECONDS_PER_WORK
    measured: bool = field(default=False)

    def observe(self, work: int, seconds: float) -> None:
        """Take note of an evaluation by a process that had compiled everything before.

        Parameters
        ----------
        work : int
            How much it was.
        seconds : float
            How long it took.
        """
        if work <= 0:
            return
        weight = _NEWEST_WEIGHT if self.measured else 1.0
        self.seconds_per_work += weight * (seconds / work - self.seconds_per_work)
        self.measured = True

    def seconds(self, work: int) -> float:
        """Return how long an amount of work will take in one process.

        Parameters
        ----------
        work : int
            How much it is.

        Returns
        -------
        float
            The estimate.
        """
        return work * self.seconds_per_work


def chunk_count(seconds: float, idle: int, free: int) -> int:
    """Return into how many chunks to cut what is queued.

    Idle workers come first: each gets a chunk as long as that is worth the trip. More chunks than that, which will
    wait behind a running one so that no worker waits for us, are worth it only at full size.

    Parameters
    ----------
    seconds : float
        What is queued, as seconds in one process.
    idle : int
        Workers without a chunk.
    free : int
        How many more chunks may be under way.

    Returns
    -------
    int
        In 0..free; 0 if nothing is to be handed out for now.
    """
    spread = min(idle, max(1, math.ceil(seconds / SMALL_CHUNK_S))) if idle > 0 else 0
    return min(free, max(spread, int(seconds / FULL_CHUNK_S)))


def cut(candidates: Sequence[Candidate], works: Sequence[int], count: int) -> list[Chunk]:
    """Cut candidates into chunks of about equal work, in their order.

    Parameters
    ----------
    candidates : sequence of Candidate
        What to cut.
    works : sequence of int
        How much work each candidate is.
    count : int
        How many chunks are wanted, at least one.

    Returns
    -------
    list of Chunk
        At most `count` chunks, none of them empty; together all candidates.
    """
    chunks: list[Chunk] = []
    total = sum(works)
    start = passed = done = 0
    for index, work in enumerate(works):
        passed += work
        last = index == len(works) - 1
        if last or (passed * count >= total * (len(chunks) + 1) and len(chunks) < count - 1):
            chunks.append(Chunk(candidates[start : index + 1], passed - done))
            start, done = index + 1, passed
    return chunks
