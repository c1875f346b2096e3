"""The runs of this desk."""

from dataclasses import dataclass

from ui.evolution_answers import Run
from ui.panel import Column, View, table
from ui.panel.formats import ABSENT

__all__ = ["draw_runs"]

_AGE_S = 5.0
_COLUMNS = (
    Column("id", "evolution.run", width=170, pinned=True),
    Column("started_at", "evolution.started", "moment", width=160),
    Column("state", "evolution.state", words="run", width=110),
    Column("generation", "evolution.generation", "number", width=100),
    Column("evaluations", "evolution.evaluations", "number", width=110),
    Column("best_scs", "evolution.best", "number", 1, width=90),
    Column("population", "evolution.population", "number", width=100),
    Column("seed", "evolution.seed", width=90),
    Column("origin", "evolution.origin", width=120),
    Column("population_hash", "evolution.population_hash", width=200),
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A run, and what it was asked to do."""

    id: str
    started_at: int
    state: str
    generation: int
    evaluations: int
    best_scs: float | None
    population: int | None
    seed: str
    origin: str
    population_hash: str | None

    @classmethod
    def of(cls, run: Run) -> "_Row":
        """Return the row of a run; its seed is a name, not a quantity."""
        asked = run.settings
        seed = ABSENT if asked.seed is None else str(asked.seed)
        return cls(
            run.id,
            run.started_at,
            run.state,
            run.generation,
            run.evaluations,
            run.best_scs,
            asked.population,
            seed,
            run.origin,
            run.population_hash,
        )


def draw_runs(view: View) -> None:
    """Draw the latest runs, the newest first."""
    found = view.load("runs", view.client.runs, max_age_s=_AGE_S)
    if found is None:
        return
    if not found:
        view.empty("evolution.runs_empty")
        return
    table(view, [_Row.of(run) for run in found], _COLUMNS, "evolution-runs")
