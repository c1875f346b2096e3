"""Evolution: how good the population has become, whether it still searches, what is luck; and how to steer it."""

import streamlit as st

from ui.desk_answers import EvolutionLogRow
from ui.evolution_parts.archive import draw_archive
from ui.evolution_parts.controls import draw_condition, draw_controls
from ui.evolution_parts.course import draw_course
from ui.evolution_parts.leaders import draw_leaders
from ui.evolution_parts.log import draw_log
from ui.evolution_parts.luck import draw_luck
from ui.evolution_parts.new_run import draw_new_run
from ui.evolution_parts.runs import draw_runs
from ui.evolution_parts.shares import draw_shares
from ui.page import Page
from ui.panel import PanelPage, View
from ui.panel.address_choice import choice, segments
from ui.panel.desk_sentences import species_words
from ui.panel.first_answer import first_answer

PAGE = PanelPage(path="evolution", title="evolution.title", icon=":material/genetics:", order=30)

_EVERY_S = 2.0
_COURSE_EVERY_S = 4.0
_RARELY_S = 10.0
_NAMES_AGE_S = 30.0
_NEWEST = 100


def render(view: View) -> None:
    """Draw the page."""
    view.live(lambda: draw_controls(view), _EVERY_S)
    view.live(lambda: draw_condition(view), _EVERY_S)
    run_id, species = _choices(view)
    view.live(lambda: draw_course(view, run_id, species), _COURSE_EVERY_S)
    view.live(lambda: draw_shares(view, run_id), _COURSE_EVERY_S)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(view.text("evolution.archive"), anchor=False)
        kinds = {
            "all": view.text("evolution.with_any"),
            "against": view.text("evolution.with_against"),
            "apart": view.text("evolution.with_apart"),
            "with": view.text("evolution.with_market"),
        }
        kind = segments("kind", view.text("evolution.correlation"), list(kinds), kinds.__getitem__)
        view.live(lambda: draw_archive(view, run_id, species, kind), _RARELY_S)
    with right:
        st.subheader(view.text("evolution.luck"), anchor=False)
        scores = {"oos_scs": view.text("evolution.later"), "scs": view.text("evolution.seen")}
        score = segments("score", view.text("evolution.score"), list(scores), scores.__getitem__)
        view.live(lambda: draw_luck(view, score), _RARELY_S)
    st.subheader(view.text("evolution.leaders"), anchor=False)
    view.live(lambda: draw_leaders(view), _RARELY_S)
    with st.expander(view.text("evolution.new_run"), key="evolution-new-run"):
        draw_new_run(view)
    st.subheader(view.text("evolution.runs"), anchor=False)
    view.live(lambda: draw_runs(view), _RARELY_S)
    st.subheader(view.text("evolution.log"), anchor=False)
    view.live(lambda: draw_log(view, run_id, species), _EVERY_S)


def _choices(view: View) -> tuple[str | None, str | None]:
    """Ask which run, and which of its species."""
    view.loads.get("runs", view.client.runs, _NAMES_AGE_S)
    view.loads.get("evolution-newest", lambda: _newest(view), _NAMES_AGE_S)
    runs = first_answer(view, "runs", view.client.runs, quiet=True) or ()
    newest = first_answer(view, "evolution-newest", lambda: _newest(view), quiet=True)
    names = [] if newest is None else sorted({row.species for row in newest.items if row.species})
    left, right = st.columns(2)
    with left:
        run_id = choice(
            view, "run", view.text("evolution.run"), [run.id for run in runs], none=view.text("evolution.newest_run")
        )
    with right:
        species = choice(
            view, "species", view.text("evolution.species"), names, lambda name: species_words(view, name) or name
        )
    return run_id, species


def _newest(view: View) -> Page[EvolutionLogRow]:
    return view.client.evolution_log(limit=_NEWEST)
