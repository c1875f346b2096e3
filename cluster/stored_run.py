"""A run in the database: where it goes on, and what it left behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.run_evidence import RunEvidence
from storage import StrategyCounts

__all__ = ["Result", "StoredRun"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run in the database, and where it goes on.

    Attributes
    ----------
    id : str
        Its id.
    last_batch : int
        Last stored batch, -1 for none.
    state : bytes or None
        State after it.
    evaluations : int
        Committed so far.
    seconds : float
        Time already spent on it.
    """

    id: str
    last_batch: int = -1
    state: bytes | None = None
    evaluations: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a run left behind.

    Attributes
    ----------
    rows : sequence of mapping
        The stored population, best SCS first.
    counts : StrategyCounts
        How many of it pass which bar.
    evidence : RunEvidence or None
        What is known of it out of sample; None where the run was interrupted.
    seconds : float
        Time spent on the run, over all processes that worked on it.
    on_workers : int
        Candidates that Ray's workers evaluated for this process.
    """

    rows: Sequence[Mapping[str, Any]]
    counts: StrategyCounts
    evidence: RunEvidence | None
    seconds: float
    on_workers: int
