"""How evolution stands, and what it can be told."""

import streamlit as st

from ui.overview_answers import Pace
from ui.panel import Action, Tile, View, action_button, tiles
from ui.panel.header import OVERVIEW_AGE_S

__all__ = ["draw_condition", "draw_controls"]

_TONES = {"running": "good", "starting": "warn", "paused": "warn", "stopped": "muted"}


def draw_condition(view: View) -> None:
    """Draw how far evolution is, and how fast."""
    overview = view.load("overview", view.client.overview, max_age_s=OVERVIEW_AGE_S)
    if overview is None:
        return
    pace, text = overview.evolution, view.text
    until_next_s = view.loads.left_s("overview", pace.next_generation_ts, overview.as_of)
    shown = (
        Tile(
            text("evolution.state"),
            view.word("evolution", pace.state),
            pace.run_id or "",
            _TONES.get(pace.state, "bad"),
        ),
        Tile(
            text("evolution.generation"),
            view.number(pace.generation),
            text("evolution.round", n=view.number(pace.round)),
        ),
        Tile(
            text("evolution.evaluations"),
            view.number(pace.evaluations),
            text("evolution.rate", n=view.number(pace.evaluations_per_s, 0)),
        ),
        Tile(text("evolution.best"), view.number(pace.best_scs, 1), text("evolution.best_note")),
        Tile(text("evolution.median"), view.number(pace.median_scs, 1), text("evolution.median_note")),
        Tile(
            text("evolution.next"),
            view.duration(until_next_s),
            text("evolution.interval", time=view.duration(pace.interval_s)),
        ),
    )
    tiles(shown)


def draw_controls(view: View) -> None:
    """Draw the buttons that pause evolution and let it go on."""
    overview = view.load("overview", view.client.overview, max_age_s=OVERVIEW_AGE_S, quiet=True)
    pace = None if overview is None else overview.evolution
    with st.container(horizontal=True, gap="small", key="evolution-controls"):
        action_button(
            view,
            view.text("evolution.pause"),
            lambda: _pause(view),
            "evolution.pause",
            unavailable=_why_not(view, pace, "running"),
        )
        action_button(
            view,
            view.text("evolution.resume"),
            lambda: _resume(view),
            "evolution.resume",
            unavailable=_why_not(view, pace, "paused"),
        )


def _why_not(view: View, pace: Pace | None, needed: str) -> str:
    """Return why an action is not open; empty if it is."""
    if pace is None:
        return view.text("evolution.unknown")
    if pace.state in (needed, "starting"):
        return ""
    return view.text("evolution.not_now", state=view.word("evolution", pace.state))


def _pause(view: View) -> Action:
    return Action(
        title=view.text("evolution.pause_title"),
        explanation=view.text("evolution.pause_what"),
        call=lambda reason, key: view.patient_client.pause(reason, key=key),
        button=view.text("evolution.pause"),
    )


def _resume(view: View) -> Action:
    return Action(
        title=view.text("evolution.resume_title"),
        explanation=view.text("evolution.resume_what"),
        call=lambda reason, key: view.patient_client.resume(reason or None, key=key),
        button=view.text("evolution.resume"),
        needs_reason=False,
    )
