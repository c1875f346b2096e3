"""That somebody else has changed the configuration in the meantime; nothing of theirs is overwritten."""

import streamlit as st

from ui.desk_answers import Config
from ui.panel import View, html_table
from ui.panel.states import notice
from ui.settings_parts.draft import Draft
from ui.settings_parts.fields import FIELDS, shown_value, values_of

__all__ = ["draw_news"]


def draw_news(view: View, draft: Draft) -> None:
    """Draw which version there is, by whom; and what to do where it is not the one that is edited.

    Parameters
    ----------
    view : View
        For whom.
    draft : Draft
        What is edited.
    """
    current = view.load("config", view.client.config)
    if current is None:
        return
    by = view.text(
        "settings.version",
        version=view.number(current.version),
        by=view.word("actor", current.changed_by),
        time=view.moment(current.changed_at, seconds=True),
    )
    st.caption(by)
    if current.version <= draft.base.version:
        return
    if not draft.changed:
        draft.take(current)
        st.rerun()
    st.html(notice("error", view.text("settings.conflict", by=current.changed_by), view.text("settings.conflict_more")))
    _differences(view, draft, current)
    with st.container(horizontal=True, gap="small", key="settings-conflict"):
        if st.button(view.text("settings.take"), key="settings.take"):
            draft.take(current)
            st.rerun()
        if st.button(view.text("settings.put_on"), key="settings.put_on"):
            draft.put_on(current)
            st.rerun()


def _differences(view: View, draft: Draft, current: Config) -> None:
    read, there, entered = values_of(draft.base), values_of(current), draft.values
    rows = [
        (
            view.text(field.title),
            shown_value(view, field, read[field.name]),
            shown_value(view, field, there[field.name]),
            shown_value(view, field, entered[field.name]),
        )
        for field in FIELDS
        if not read[field.name] == there[field.name] == entered[field.name]
    ]
    titles = ("settings.value", "settings.as_read", "settings.as_it_is", "settings.as_entered")
    html_table(view, titles, rows)
