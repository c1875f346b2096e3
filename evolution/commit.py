"""A commit: one batch whose results have entered the state."""

from dataclasses import dataclass

from evolution.candidate import Candidate

__all__ = ["Commit"]


@dataclass(frozen=True, slots=True)
class Commit:
    """The children of one batch and their results, in their order.

    Attributes
    ----------
    batch : int
        Number of the batch.
    candidates : tuple of Candidate
        Its children.
    scores : tuple of float
        Their scores; one that is not finite never ranks.
    shared : tuple of bool
        Whether a child took over the result of an equal one instead of being evaluated.
    joined : tuple of bool
        Whether a child has become a member.
    """

    batch: int
    candidates: tuple[Candidate, ...]
    scores: tuple[float, ...]
    shared: tuple[bool, ...]
    joined: tuple[bool, ...]
