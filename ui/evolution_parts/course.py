"""How a species has come along: fitness, diversity and coverage over generations."""

from collections.abc import Iterable

import streamlit as st

from backtest.plots import diversity_figure, fitness_figure
from ui.desk_answers import EvolutionLogRow
from ui.panel import View, plot

__all__ = ["draw_course"]

_MOST = 500
_AGE_S = 3.0


def draw_course(view: View, species: str) -> None:
    """Draw the course of a species in the run that goes on.

    Parameters
    ----------
    view : View
        For whom.
    species : str
        Such as momentum|BTC/USDT:USDT|1m.
    """
    found = view.load(
        f"evolution-course:{species}",
        lambda: view.client.evolution_log(species=species, limit=_MOST),
        max_age_s=_AGE_S,
    )
    if found is None:
        return
    rows = _last_of_each_generation(found.items)
    if not rows:
        view.empty("evolution.course_empty")
        return
    generations = [row.generation or 0 for row in rows]
    words = {
        "generation": view.text("evolution.generation"),
        "score": "SCS",
        "best": view.text("evolution.best"),
        "median": view.text("evolution.median"),
        "quartiles": view.text("evolution.quartiles"),
        "diversity": view.text("evolution.diversity"),
        "coverage": view.text("evolution.coverage"),
    }
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(view.text("evolution.fitness"), anchor=False)
        figure = fitness_figure(
            generations,
            [row.best_scs for row in rows],
            [row.q25 for row in rows],
            [row.median_scs for row in rows],
            [row.q75 for row in rows],
            labels=words,
        )
        plot(figure, "evolution-fitness", view.text("evolution.fitness_alt", species=species))
    with right:
        st.subheader(view.text("evolution.search"), anchor=False)
        figure = diversity_figure(
            generations, [row.diversity for row in rows], [row.coverage for row in rows], labels=words
        )
        plot(figure, "evolution-diversity", view.text("evolution.search_alt", species=species))


def _last_of_each_generation(rows: Iterable[EvolutionLogRow]) -> list[EvolutionLogRow]:
    """Return the last round of every generation of the newest run, oldest first; rows come newest first."""
    kept: dict[int, EvolutionLogRow] = {}
    run_id = None
    for row in rows:
        if row.generation is None or row.best_scs is None:
            continue
        run_id = run_id or row.run_id
        if row.run_id == run_id:
            kept.setdefault(row.generation, row)
    return [kept[generation] for generation in sorted(kept)]
