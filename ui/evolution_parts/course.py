"""How a run has come along: fitness, diversity and coverage over its generations."""

import streamlit as st

from backtest.plots import diversity_figure, fitness_figure
from ui.evolution_answers import Populations
from ui.panel import View, plot

__all__ = ["GENERATIONS", "draw_course", "populations_of"]

GENERATIONS = 300
"""The latest ones that are drawn, at most."""

_AGE_S = 3.0


def populations_of(view: View, run_id: str | None, species: str | None) -> Populations | None:
    """Return the generations of a run; it is said here where there is nothing to show.

    Parameters
    ----------
    view : View
        For whom.
    run_id : str or None
        None for the run that was worked on last.
    species : str or None
        Only of this one; None for all.

    Returns
    -------
    Populations or None
        With at least one generation.
    """
    found = view.load(
        f"populations:{run_id}:{species}",
        lambda: view.client.populations(run_id, species, GENERATIONS),
        max_age_s=_AGE_S,
    )
    if found is not None and not found.generations:
        view.empty("evolution.course_empty")
        return None
    return found


def draw_course(view: View, run_id: str | None, species: str | None) -> None:
    """Draw fitness on the left, diversity and coverage on the right.

    Parameters
    ----------
    view : View
        For whom.
    run_id, species : str or None
        As for `populations_of`.
    """
    found = populations_of(view, run_id, species)
    if found is None:
        return
    rows = found.generations
    numbers = [row.generation for row in rows]
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
        fitness = fitness_figure(
            numbers,
            [row.best_scs for row in rows],
            [row.q25 for row in rows],
            [row.median_scs for row in rows],
            [row.q75 for row in rows],
            labels=words,
        )
        plot(fitness, "evolution-fitness", view.text("evolution.fitness_alt", n=view.number(len(rows))))
    with right:
        st.subheader(view.text("evolution.search"), anchor=False)
        search = diversity_figure(
            numbers, [row.diversity for row in rows], [row.coverage for row in rows], labels=words
        )
        plot(search, "evolution-diversity", view.text("evolution.search_alt", n=view.number(len(rows))))
