"""The figures of a run after a batch, as the evolution log and the push tell them."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from evolution import BatchCommit

__all__ = ["knows_archive", "run_figures"]


def run_figures(commit: BatchCommit) -> dict[str, Any]:
    """Return how a run stands after a batch.

    Parameters
    ----------
    commit : BatchCommit
        The batch.

    Returns
    -------
    dict
        `generation`, `round` and `evaluations`; `best_scs`; `q25`, `median_scs`, `q75`, `diversity` and `coverage` as
        means over the species that have members. None where nothing is known yet, as of the archive while it is being
        filled (`knows_archive`).
    """
    alive, known = [one for one in commit.statistics if one.members], knows_archive(commit)

    def mean(values: Sequence[float]) -> float | None:
        return fmean(values) if values else None

    return {
        "generation": commit.generation,
        "round": commit.round,
        "evaluations": commit.evaluations,
        "best_scs": None if commit.best is None else commit.best.score,
        "q25": mean([one.q25 for one in alive]),
        "median_scs": mean([one.median for one in alive]),
        "q75": mean([one.q75 for one in alive]),
        "diversity": mean([one.diversity for one in alive]),
        "coverage": mean([one.coverage for one in alive if known]),
    }


def knows_archive(commit: BatchCommit) -> bool:
    """Return whether the archive of a window has been filled.

    Parameters
    ----------
    commit : BatchCommit
        A batch.

    Returns
    -------
    bool
        False from the beginning of a window until its first generation has ended: nobody was offered to the archive
        yet, and that it holds nothing tells nothing.
    """
    return commit.ends_generation or any(one.coverage for one in commit.statistics)
