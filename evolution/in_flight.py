"""What is in flight: the batches that are generated but not committed, and what of them is still to be handed out."""

import math
from collections import deque
from collections.abc import Callable, Sequence

from evolution.batch import Batch, Slot
from evolution.candidate import Candidate
from evolution.errors import TellError

__all__ = ["InFlight", "not_asked"]


class InFlight:
    """Batches in their order, found by the number of a child or by its fingerprint."""

    def __init__(self) -> None:
        self.batches: deque[Batch] = deque()
        self._slots: dict[int, Slot] = {}
        self._keys: set[bytes] = set()
        self._queue: deque[Candidate] = deque()

    def __contains__(self, key: bytes) -> bool:
        return key in self._keys

    @property
    def has_queue(self) -> bool:
        """Whether something is left to hand out."""
        return bool(self._queue)

    def open(self, batch: Batch) -> None:
        """Add the next batch.

        Parameters
        ----------
        batch : Batch
            Its children become known, and those that share no result are queued.
        """
        self.batches.append(batch)
        for slot in batch.slots:
            self._slots[slot.candidate.number] = slot
            self._keys.add(slot.key)
            if not slot.is_shared:
                self._queue.append(slot.candidate)

    def close(self) -> Batch:
        """Remove the first batch.

        Returns
        -------
        Batch
            The batch, to be committed.
        """
        batch = self.batches.popleft()
        for slot in batch.slots:
            del self._slots[slot.candidate.number]
            self._keys.discard(slot.key)
        return batch

    def take(self, most: float, before: float) -> list[Candidate]:
        """Hand out candidates, each once.

        Parameters
        ----------
        most : float
            At most so many.
        before : float
            Only numbers below this one.

        Returns
        -------
        list of Candidate
            In the order of their numbers.
        """
        taken: list[Candidate] = []
        while self._queue and len(taken) < most and self._queue[0].number < before:
            taken.append(self._queue.popleft())
        return taken

    def match(
        self, candidates: Sequence[Candidate], scores: Sequence[float], committed_score: Callable[[Candidate], float]
    ) -> list[tuple[Slot, float]]:
        """Return the slots that told scores are for; nothing is stored yet.

        Parameters
        ----------
        candidates : sequence of Candidate
            What was evaluated.
        scores : sequence of float
            One score each.
        committed_score : callable
            Returns the score of a candidate that is not in flight any more, or raises.

        Returns
        -------
        list of (Slot, float)
            Open slots and their scores; what was told before is left out.

        Raises
        ------
        TellError
            If there is not one number a candidate, or a candidate was never handed out or has another score already.
        """
        if len(candidates) != len(scores):
            raise TellError(f"there must be one score a candidate, were {len(scores)} for {len(candidates)}")
        fresh: dict[int, tuple[Slot, float]] = {}
        for candidate, given in zip(candidates, scores, strict=True):
            score = _number(given)
            slot = self._slots.get(candidate.number)
            if slot is not None and (slot.is_shared or slot.candidate != candidate):
                raise TellError(not_asked(candidate))
            known = committed_score(candidate) if slot is None else slot.score
            if candidate.number in fresh:
                known = fresh[candidate.number][1]
            if known is not None and not _is_same(known, score):
                raise TellError(f"candidate {candidate.number} has the score {known} already, was told {score}")
            if known is None and slot is not None:
                fresh[candidate.number] = (slot, score)
        return list(fresh.values())

    def score(self, slot: Slot, score: float) -> None:
        """Store a score.

        Parameters
        ----------
        slot : Slot
            Where `match` says it belongs.
        score : float
            Its score.
        """
        slot.score = score
        self.batches[slot.candidate.batch - self.batches[0].number].missing -= 1


def not_asked(candidate: Candidate) -> str:
    """Return what to say of a candidate that was never handed out.

    Parameters
    ----------
    candidate : Candidate
        What somebody told a score of.

    Returns
    -------
    str
        The message.
    """
    return (
        f"candidate {candidate.number} ({candidate.species}) was not asked for in this run; "
        "tell what `ask` of this optimizer returned"
    )


def _number(value: object) -> float:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
        raise TellError(f"a score must be a number, was {value!r}")
    return float(value)


def _is_same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))
