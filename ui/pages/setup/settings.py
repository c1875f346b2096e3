"""Settings: the configuration that people change while the desk runs, and who changed it."""

import streamlit as st

from ui.panel import PanelPage, View
from ui.panel.first_answer import first_answer
from ui.settings_parts.draft import Draft
from ui.settings_parts.form import draw_form
from ui.settings_parts.history import draw_history
from ui.settings_parts.news import draw_news

PAGE = PanelPage(path="settings", title="settings.title", icon=":material/settings:", order=20)

_EVERY_S = 2.0
_HISTORY_EVERY_S = 4.0


def render(view: View) -> None:
    """Draw the page."""
    config = first_answer(view, "config", view.client.config)
    if config is None:
        return
    draft = Draft(config)
    view.live(lambda: draw_news(view, draft), _EVERY_S)
    draw_form(view, draft)
    st.subheader(view.text("settings.history"), anchor=False)
    view.live(lambda: draw_history(view), _HISTORY_EVERY_S)
