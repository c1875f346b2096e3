"""System: what the desk runs on, how busy that is, and how it went."""

import streamlit as st

from ui.panel import PanelPage, View
from ui.panel.address_choice import segments
from ui.system_parts.alerts import draw_alerts
from ui.system_parts.cluster import draw_cluster
from ui.system_parts.condition import draw_condition
from ui.system_parts.course import HOURS, draw_measures
from ui.system_parts.services import draw_services
from ui.system_parts.stores import draw_stores

PAGE = PanelPage(path="system", title="system.title", icon=":material/dns:", order=10)

_EVERY_S = 2.0
_RARELY_S = 6.0


def render(view: View) -> None:
    """Draw the page."""
    view.live(lambda: draw_condition(view), _EVERY_S)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(view.text("system.services"), anchor=False)
        view.live(lambda: draw_services(view), _EVERY_S)
    with right:
        st.subheader(view.text("system.measures"), anchor=False)
        span = segments("span", view.text("system.span"), list(HOURS))
        view.live(lambda: draw_measures(view, span), _RARELY_S)
    st.subheader(view.text("overview.alerts"), anchor=False)
    view.live(lambda: draw_alerts(view), _EVERY_S)
    st.subheader(view.text("system.ray"), anchor=False)
    view.live(lambda: draw_cluster(view), _RARELY_S)
    view.live(lambda: draw_stores(view), _RARELY_S)
