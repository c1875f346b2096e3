"""What survived, beside the best that luck alone brings forth."""

import streamlit as st

from backtest.plots import luck_figure
from ui.evolution_answers import Luck
from ui.panel import View, plot

__all__ = ["draw_luck"]

_AGE_S = 10.0
_LUCKY = "0.95"


def draw_luck(view: View, score: str) -> None:
    """Draw both distributions.

    Parameters
    ----------
    view : View
        For whom.
    score : str
        oos_scs, on candles that selection never saw; or scs.
    """
    found = view.load("luck", view.client.luck, max_age_s=_AGE_S)
    if found is None:
        return
    by_luck, survived = (found.later, found.oos_scs) if score == "oos_scs" else (found.best, found.scs)
    words = {
        "score": "SCS",
        "share": view.text("evolution.share"),
        "luck": view.text("evolution.luck_of"),
        "survived": view.text("evolution.survived"),
        "threshold": view.text("evolution.threshold"),
    }
    figure = luck_figure(found.edges, by_luck.counts, survived.counts, threshold=found.threshold, labels=words)
    plot(figure, "evolution-luck", view.text("evolution.luck_alt"))
    st.caption(_told(view, found, score))


def _told(view: View, found: Luck, score: str) -> str:
    """Say how good the luckiest are, and the best of the desk."""
    by_luck, survived = (found.later, found.oos_scs) if score == "oos_scs" else (found.best, found.scs)
    return view.text(
        "evolution.luck_note",
        markets=view.number(found.markets),
        strategies=view.number(found.strategies),
        lucky=view.number(by_luck.quantiles.get(_LUCKY), 1),
        highest=view.number(by_luck.highest, 1),
        best=view.number(survived.best, 1),
    )
