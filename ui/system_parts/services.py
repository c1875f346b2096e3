"""Every process of the desk; those that may rest are stopped and started from here."""

import streamlit as st

from ui.panel import Action, View, action_button, html_table
from ui.panel.header import OVERVIEW_AGE_S
from ui.panel.tiles import SHAPES

__all__ = ["draw_services"]

_TONES = {"running": "good", "starting": "warn", "stopping": "warn", "stopped": "muted"}
_STOP = "STOP"


def draw_services(view: View) -> None:
    """Draw the services, and the buttons that start and stop."""
    overview = view.load("overview", view.client.overview, max_age_s=OVERVIEW_AGE_S)
    if overview is None:
        return
    if not overview.services:
        view.empty("overview.services_empty")
        return
    rows = [
        (
            view.word("process", each.name),
            f"{SHAPES[_TONES.get(each.state, 'bad')]} {view.word('service', each.state)}",
            view.duration(each.uptime_s),
            view.number(each.restarts),
        )
        for each in overview.services
    ]
    titles = ("overview.service_name", "overview.service_state", "overview.service_uptime", "overview.service_restarts")
    html_table(view, titles, rows, text_columns=2)
    with st.container(horizontal=True, gap="small", key="system-services"):
        action_button(view, view.text("system.stop"), lambda: _stop(view), "system.stop")
        action_button(view, view.text("system.start"), lambda: _start(view), "system.start")
    st.caption(view.text("system.stoppable"))


def _stop(view: View) -> Action:
    return Action(
        title=view.text("system.stop_title"),
        explanation=view.text("system.stop_what"),
        call=lambda reason, key: view.patient_client.stop(reason, key=key),
        button=view.text("system.stop"),
        typed=_STOP,
    )


def _start(view: View) -> Action:
    return Action(
        title=view.text("system.start_title"),
        explanation=view.text("system.start_what"),
        call=lambda reason, key: view.patient_client.start(reason or None, key=key),
        button=view.text("system.start"),
        needs_reason=False,
    )
