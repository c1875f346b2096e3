"""The journal: where a run is recorded, batch by batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from evolution.candidate import Candidate, Member
from evolution.species_statistics import SpeciesStatistics

__all__ = ["BatchCommit", "Journal", "Listener"]


@dataclass(frozen=True, slots=True)
class BatchCommit:
    """One committed batch, the counters after it, and the state to resume from.

    Attributes
    ----------
    batch : int
        Number of the batch, from 0 without gaps.
    candidates : tuple of Candidate
        Its children in their order.
    scores : tuple of float
        Their scores; one that is not finite never ranks.
    shared : tuple of bool
        Whether a child took over the result of an equal one instead of being evaluated.
    joined : tuple of bool
        Whether a child has become a member.
    evaluations : int
        Committed children so far, this batch included.
    distinct : int
        Evaluated genomes so far.
    generation, round : int
        The generation of the last child, from 1, and the round within it, 1 to 4.
    best : Member or None
        The best member of the window; None before a finite score.
    statistics : tuple of SpeciesStatistics
        One a species, in their order, after this batch.
    window : str
        Label of the window that the scores belong to.
    ends_generation : bool
        Whether this batch is the last one of its generation.
    in_flight : int
        Batches of which the runner has not brought back every result.
    state : callable
        Returns the encoded state after this batch. It may be called until the next batch is recorded: a journal that
        groups batches into one transaction takes it from the last one.
    """

    batch: int
    candidates: tuple[Candidate, ...]
    scores: tuple[float, ...]
    shared: tuple[bool, ...]
    joined: tuple[bool, ...]
    evaluations: int
    distinct: int
    generation: int
    round: int
    best: Member | None
    statistics: tuple[SpeciesStatistics, ...]
    window: str
    ends_generation: bool
    in_flight: int
    state: Callable[[], bytes]


@runtime_checkable
class Journal(Protocol):
    """Records what has been committed."""

    def record(self, commit: BatchCommit) -> None:
        """Record one batch; called once for each, in order.

        Parameters
        ----------
        commit : BatchCommit
            What was committed, and how to get the state after it.
        """
        ...


Listener = Callable[[BatchCommit], None]
"""Is told of every committed batch, after the journal; for progress bars."""
