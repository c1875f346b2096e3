"""Alerts: those that go on and those that are over; an operator says that one was seen."""

from dataclasses import replace

import streamlit as st

from ui.desk_answers import Alert
from ui.panel import Action, Column, View, action_button, table
from ui.panel.desk_sentences import sentence_words
from ui.panel.tables import chosen_rows

__all__ = ["draw_alerts"]

_TABLE = "alerts-table"
_MOST = 50
_FROZEN_S = 3_600.0
_HIGH_PX = 330
_COLUMNS = (
    Column("severity", "overview.alert_severity", words="severity", width=90),
    Column("message", "overview.alert_message", width=520),
    Column("ts", "alerts.raised", "moment", width=160),
    Column("resolved_at", "alerts.ended", "moment", width=160),
    Column("acked_at", "alerts.acked", "moment", width=160),
    Column("acked_by", "alerts.acked_by", width=130),
    Column("count", "overview.alert_count", "number", width=80),
)


def draw_alerts(view: View) -> None:
    """Draw the latest alerts, the newest first, and the button that acknowledges a marked one."""
    marked = bool(chosen_rows(_TABLE))
    age_s = _FROZEN_S if marked else 1.0  # what is marked stays where it is
    found = view.load("alerts:recent", lambda: view.client.alerts(limit=_MOST), max_age_s=age_s)
    if found is None:
        return
    if not found.items:
        view.empty("alerts.none")
        return
    buttons = st.container(horizontal=True, vertical_alignment="center", key="alerts-actions")
    rows = [replace(each, message=sentence_words(view, each.message) or "") for each in found.items]
    chosen = table(view, rows, _COLUMNS, _TABLE, select="one", height_px=_HIGH_PX)
    with buttons:
        _acknowledge(view, found.items[chosen[0]] if chosen else None)


def _acknowledge(view: View, alert: Alert | None) -> None:
    text = view.text

    def action() -> Action:
        assert alert is not None, "the button of no alert is disabled"
        return Action(
            title=text("alerts.ack_title", n=str(alert.id)),
            explanation=text("alerts.ack_what"),
            call=lambda _, key: view.patient_client.ack_alert(alert.id, key=key),
            button=text("alerts.ack"),
            takes_reason=False,
        )

    unavailable = ""
    if alert is None:
        unavailable = text("alerts.choose_first")
    elif alert.acked_by is not None:
        unavailable = text("alerts.acked_before", by=alert.acked_by)
    action_button(view, text("alerts.ack"), action, "alerts.ack", unavailable=unavailable)
