"""Evolution: how good the population has become, whether it still searches, what is luck; and how to steer it."""

import streamlit as st

from ui.evolution_parts.controls import draw_condition, draw_controls
from ui.evolution_parts.course import draw_course
from ui.evolution_parts.log import draw_log
from ui.panel import PanelPage, View
from ui.panel.address_choice import choice

PAGE = PanelPage(path="evolution", title="evolution.title", icon=":material/genetics:", order=30)

_EVERY_S = 2.0
_COURSE_EVERY_S = 4.0
_NAMES_AGE_S = 30.0
_NEWEST = 100


def render(view: View) -> None:
    """Draw the page."""
    view.live(lambda: draw_controls(view), _EVERY_S)
    view.live(lambda: draw_condition(view), _EVERY_S)
    names = _species(view)
    chosen = choice(view, "species", view.text("evolution.species"), names)
    shown = chosen or (names[0] if names else None)
    if shown is not None:
        view.live(lambda: draw_course(view, shown), _COURSE_EVERY_S)
    st.subheader(view.text("evolution.log"), anchor=False)
    view.live(lambda: draw_log(view, chosen), _EVERY_S)


def _species(view: View) -> list[str]:
    """Return the species that were heard of last."""
    newest = view.loads.get("evolution-newest", lambda: view.client.evolution_log(limit=_NEWEST), _NAMES_AGE_S).value
    return [] if newest is None else sorted({row.species for row in newest.items if row.species})
