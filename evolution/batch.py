"""Batches: the candidates that are generated but not committed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evolution.candidate import Candidate

__all__ = ["Batch", "Slot"]


@dataclass(slots=True)
class Slot:
    """One child in flight.

    Attributes
    ----------
    candidate : Candidate
        The child.
    key : bytes
        Fingerprint of its parameters.
    is_shared : bool
        Whether its parameters are evaluated already, or by a child before it: it takes over that result and is never
        handed out.
    score : float or None
        Its score once told.
    """

    candidate: Candidate
    key: bytes
    is_shared: bool
    score: float | None = None


@dataclass(slots=True)
class Batch:
    """Children that commit together.

    Attributes
    ----------
    number : int
        Number of the batch.
    slots : sequence of Slot
        Its children in their order.
    missing : int
        How many results are still to be told.
    """

    number: int
    slots: Sequence[Slot]
    missing: int = field(init=False)

    def __post_init__(self) -> None:
        self.missing = sum(not slot.is_shared for slot in self.slots)
