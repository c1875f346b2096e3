"""Which species a run consists of, and which operators have made members of it."""

from collections.abc import Sequence

import streamlit as st

from backtest.plots import operators_figure, species_shares_figure
from ui.evolution_answers import Generation
from ui.evolution_parts.course import populations_of
from ui.panel import View, plot
from ui.panel.desk_sentences import species_words

__all__ = ["draw_shares"]

_LATEST = 20


def draw_shares(view: View, run_id: str | None) -> None:
    """Draw the share of each species over generations, and how the operators did in the latest ones.

    Parameters
    ----------
    view : View
        For whom.
    run_id : str or None
        None for the run that was worked on last.
    """
    found = populations_of(view, run_id, None)
    if found is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(view.text("evolution.shares"), anchor=False)
        _species(view, [each for each in found.generations if each.members])
    with right:
        st.subheader(view.text("evolution.operators"), anchor=False)
        _operators(view, [each for each in found.generations if each.operators][-_LATEST:])


def _species(view: View, generations: Sequence[Generation]) -> None:
    if not generations:
        view.empty("evolution.shares_empty")
        return
    latest = generations[-1].members or {}
    names = sorted({name for each in generations for name in each.members or {}}, key=lambda name: -latest.get(name, 0))
    totals = [sum((each.members or {}).values()) for each in generations]
    shares = [
        [
            (each.members or {}).get(name, 0) / total if total else None
            for each, total in zip(generations, totals, strict=True)
        ]
        for name in names
    ]
    words = {"generation": view.text("evolution.generation"), "share": view.text("evolution.share")}
    figure = species_shares_figure(
        [each.generation for each in generations],
        [species_words(view, name) or name for name in names],
        shares,
        labels=words,
    )
    plot(figure, "evolution-shares", view.text("evolution.shares_alt", n=view.number(len(names))))


def _operators(view: View, generations: Sequence[Generation]) -> None:
    """Draw how many children won a place; those that took an empty one had nobody to win it from."""
    if not generations:
        view.empty("evolution.operators_empty")
        return
    counts: dict[str, tuple[int, int]] = {}
    founded = 0
    for each in generations:
        for name, count in (each.operators or {}).items():
            competed, accepted = counts.get(name, (0, 0))
            counts[name] = competed + count.tried - count.founded, accepted + count.accepted
            founded += count.founded
    names = sorted((name for name in counts if counts[name][0] > 0), key=lambda name: -counts[name][0])
    if not names:
        view.empty("evolution.operators_founded", n=view.number(len(generations)))
        return
    figure = operators_figure(
        [view.word("operator", name) for name in names],
        [counts[name][0] for name in names],
        [counts[name][1] for name in names],
        labels={"success": view.text("evolution.success"), "of": view.text("evolution.of")},
    )
    plot(figure, "evolution-operators", view.text("evolution.operators_alt"))
    latest = view.number(len(generations))
    st.caption(view.text("evolution.operators_note", n=latest, founded=view.number(founded)))
