"""What happened in evolution, the newest first."""

from dataclasses import replace

from ui.panel import Column, View, pager, table
from ui.panel.desk_sentences import sentence_words, species_words

__all__ = ["draw_log"]

_PER_PAGE = 50
_COLUMNS = (
    Column("ts", "evolution.ts", "moment", width=160),
    Column("generation", "evolution.generation", "number", width=95),
    Column("round", "evolution.round_title", "number", width=70),
    Column("species", "evolution.species", width=250),
    Column("event", "evolution.event", words="event", width=120),
    Column("message", "evolution.message", width=330),
    Column("evaluations", "evolution.evaluations", "number", width=110),
    Column("best_scs", "evolution.best", "number", 1, width=90),
    Column("median_scs", "evolution.median", "number", 1, width=90),
    Column("diversity", "evolution.diversity", "percent", 1, width=90),
    Column("coverage", "evolution.coverage", "percent", 1, width=90),
)


def draw_log(view: View, run_id: str | None, species: str | None) -> None:
    """Draw a page of the evolution log.

    Parameters
    ----------
    view : View
        For whom.
    run_id, species : str or None
        Only of these; None for all.
    """
    with pager(view, "evolution-log", (run_id, species)) as pages:
        found = view.load(
            f"evolution-log:{run_id}:{species}:{pages.cursor}",
            lambda: view.client.evolution_log(run_id=run_id, species=species, limit=_PER_PAGE, cursor=pages.cursor),
        )
        if found is None:
            return
        pages.show(found)
    if not found.items:
        view.empty("evolution.log_empty")
        return
    rows = [
        replace(row, species=species_words(view, row.species), message=sentence_words(view, row.message))
        for row in found.items
    ]
    table(view, rows, _COLUMNS, "evolution-log", height_px=420)
