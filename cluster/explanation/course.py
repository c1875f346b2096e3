"""The course of a run: fitness, diversity and coverage by generation, over all species."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster.explanation.timeline import Timeline
from storage import RunRepository

__all__ = ["GenerationRow", "course_of"]

_MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class GenerationRow:
    """How the population stood after a generation; NaN where nothing is known.

    Attributes
    ----------
    generation, window, evaluations : int
        Which, in which window, and how many strategies had been evaluated by then.
    best : float
        Highest fitness of all species; comparable within a window only.
    median : float
        Mean over species of the median fitness.
    diversity, coverage : float
        Means over species.
    """

    generation: int
    window: int
    evaluations: int
    best: float
    median: float
    diversity: float
    coverage: float


def course_of(runs: RunRepository, run_id: str, timeline: Timeline) -> list[GenerationRow]:
    """Return how a run went.

    Parameters
    ----------
    runs : RunRepository
        Where its history is.
    run_id : str
        The run.
    timeline : Timeline
        Of the run.

    Returns
    -------
    list of GenerationRow
        One a generation, as of its last round.
    """
    last: dict[int, dict[str, Mapping[str, Any]]] = {}
    for row in reversed(runs.history(run_id, limit=_MOST_ROWS)):
        if row["species"] is not None:
            last.setdefault(row["generation"], {})[row["species"]] = row  # a later round replaces an earlier one
    return [_generation(number, last[number].values(), timeline) for number in sorted(last)]


def _generation(number: int, rows: Iterable[Mapping[str, Any]], timeline: Timeline) -> GenerationRow:
    found = list(rows)
    return GenerationRow(
        generation=number,
        window=timeline.window(number),
        evaluations=max(row["evaluations"] or 0 for row in found),
        best=max(_known(found, "best_scs"), default=math.nan),
        median=_mean(_known(found, "median_scs")),
        diversity=_mean(_known(found, "diversity")),
        coverage=_mean(_known(found, "coverage")),
    )


def _known(rows: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    return [row[name] for row in rows if row[name] is not None]


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
