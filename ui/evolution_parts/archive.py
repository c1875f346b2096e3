"""Which ways of trading a run has found."""

from collections.abc import Sequence
from itertools import pairwise

import streamlit as st

from backtest.plots import archive_figure
from ui.evolution_answers import BehaviourMap, MapCell
from ui.panel import View, plot

__all__ = ["draw_archive"]

_AGE_S = 10.0


def draw_archive(view: View, run_id: str | None, species: str | None, kind: str) -> None:
    """Draw the archive as a map of holding time and exposure.

    Parameters
    ----------
    view : View
        For whom.
    run_id, species : str or None
        None for the run that was worked on last, and for all species.
    kind : str
        all, against, apart or with: how the returns go along with the market's.
    """
    found = view.load(
        f"archive:{run_id}:{species}", lambda: view.patient_client.archive(run_id, species), max_age_s=_AGE_S
    )
    if found is None:
        return
    shown = _filled(found, f"archive.held:{run_id}:{species}")
    if not shown.cells:
        view.empty("evolution.archive_unfilled")
        return
    cells = [cell for cell in shown.cells if kind in ("all", _kind(shown, cell))]
    if not cells:
        view.empty("evolution.archive_empty")
        return
    holding = [view.number(bars) for bars in shown.holding_bars]
    holding[-1] += "+"
    exposure = [f"{view.percent(low, 0)}–{view.percent(high, 0)}" for low, high in pairwise(shown.exposure_edges)]
    words = {
        "holding": view.text("evolution.holding"),
        "exposure": view.text("evolution.exposure"),
        "score": "SCS",
    }
    figure = archive_figure(_best(cells, len(exposure), len(holding)), holding, exposure, labels=words)
    plot(figure, "evolution-archive", view.text("evolution.archive_alt", n=view.number(len(cells))))
    note = view.text("evolution.archive_note", n=view.number(len(shown.cells)), share=view.percent(shown.coverage, 1))
    if shown is not found:
        note = f"{note} {view.text('evolution.archive_held', n=view.number(shown.generation))}"
    st.caption(note)


def _filled(found: BehaviourMap, name: str) -> BehaviourMap:
    """Return the last map of the run that held anything: a new window empties it until a generation has ended."""
    held: BehaviourMap | None = st.session_state.get(name)
    if found.cells or held is None or held.run_id != found.run_id:
        st.session_state[name] = held = found
    return held


def _kind(found: BehaviourMap, cell: MapCell) -> str:
    """Return how who trades like this goes along with the market: the middle bin is apart from it."""
    middle = (len(found.correlation_edges) - 2) / 2.0
    return "against" if cell.correlation < middle else "with" if cell.correlation > middle else "apart"


def _best(cells: Sequence[MapCell], n_exposure: int, n_holding: int) -> list[list[float | None]]:
    """Return the best score for each exposure and holding time."""
    scores: list[list[float | None]] = [[None] * n_holding for _ in range(n_exposure)]
    for cell in cells:
        if cell.exposure < n_exposure and cell.holding < n_holding:
            held = scores[cell.exposure][cell.holding]
            scores[cell.exposure][cell.holding] = cell.best_scs if held is None else max(held, cell.best_scs)
    return scores
