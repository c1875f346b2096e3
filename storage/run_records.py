"""What is told about runs: frozen values."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

__all__ = ["RunRecord", "RunState", "new_run_id"]

_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: nothing to misread


class RunState(NamedTuple):
    """Where a run stands.

    Attributes
    ----------
    batch : int
        The last committed batch, -1 before the first one.
    data : bytes
        The state after it, empty before the first one.
    """

    batch: int
    data: bytes


@dataclass(frozen=True)
class RunRecord:
    """One run, without its state.

    Attributes
    ----------
    id : str
        Short, readable and sorted by time, such as "20260314-092653-k7qz".
    status : str
        "running" (also after a kill), "done", "interrupted" or "failed".
    evidence : mapping or None
        What speaks for its population, as `RunRepository.finish` was given it.
    """

    id: str
    created_at: datetime
    updated_at: datetime
    status: str
    engine_version: str
    seed: int
    settings: Mapping[str, Any]
    settings_hash: str
    data_hash: str
    cost_hash: str
    origin: str
    host: str | None
    pid: int | None
    evaluations: int
    generation: int
    round: int
    batch: int
    population_hash: str | None
    seconds: float | None
    evidence: Mapping[str, Any] | None


def new_run_id() -> str:
    """Return a new id for a run.

    Returns
    -------
    str
        The time to the second (UTC), so that ids sort, and 20 random bits.
    """
    suffix = "".join(secrets.choice(_ID_ALPHABET) for _ in range(4))
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{suffix}"
