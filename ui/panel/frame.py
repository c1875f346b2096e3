"""The frame around every page: who looks, in which language, where to go; drawn anew whenever something changes."""

import functools
import html
import json
from pathlib import Path
from urllib.parse import quote, urlsplit

import streamlit as st

from ui.errors import SettingError, UnauthorizedError
from ui.panel.catalogue import Catalogue, catalogue, language_of
from ui.panel.confirmation import ask_if_wanted
from ui.panel.connections import Connection, connections
from ui.panel.discovery import FoundPage, discovered_pages
from ui.panel.followed import draw_followed
from ui.panel.formats import zone_of
from ui.panel.header import LANGUAGE, ZONE, draw_header
from ui.panel.loads import Loads
from ui.panel.panel_settings import PanelSettings
from ui.panel.session_cookie import SESSION_COOKIE
from ui.panel.view import SIGNED_OUT, View

__all__ = ["draw"]

_FOLDER = Path(__file__).resolve().parent
_LOADS, _SETTINGS = "evoq.loads", "evoq.settings"
_SESSION_AGE_S = 60.0


def draw() -> None:
    """Draw the page that the address names, and everything around it."""
    words = catalogue(_language())
    st.set_page_config(page_title="Evoq", page_icon=str(_FOLDER / "icon.svg"), layout="wide")
    st.logo(str(_FOLDER / "logo.svg"), icon_image=str(_FOLDER / "icon.svg"))
    current = st.navigation(_navigation(words))
    st.html(_FOLDER / "panel.css")
    current.run()


def _language() -> str:
    chosen = st.session_state.get(LANGUAGE) or st.query_params.get(LANGUAGE)
    return language_of(chosen, st.context.locale)


def _zones() -> tuple[str, ...]:
    """Return the viewer's own time zone, and UTC."""
    return tuple(dict.fromkeys((zone_of(st.context.timezone).key, "UTC")))


def _zone() -> str:
    chosen = st.session_state.get(ZONE) or st.query_params.get(ZONE)
    zones = _zones()
    return chosen if chosen in zones else zones[0]


def _navigation(words: Catalogue) -> "dict[str, list[st.Page]]":
    sections: dict[str, list[st.Page]] = {}
    for found in discovered_pages():
        sections.setdefault(words.text(found.section.title), []).append(_page(found, words))
    return sections


def _page(found: FoundPage, words: Catalogue) -> "st.Page":
    page = found.page
    return st.Page(
        functools.partial(_draw_page, found, words),
        title=words.text(page.title),
        icon=page.icon,
        url_path=page.path or found.name.rpartition(".")[2],
        default=not page.path,
        visibility="visible" if page.listed else "hidden",
    )


def _draw_page(found: FoundPage, words: Catalogue) -> None:
    """Draw one page with its header, or lead to the sign-in."""
    connection = None if st.session_state.get(SIGNED_OUT) else _connection()
    try:
        view = None if connection is None else _view(connection, words)
    except UnauthorizedError:
        view = None
    if view is None:
        _to_sign_in(words)
        return
    draw_header(view, words.text(found.page.title), _zones())
    draw_followed(view)
    view.guard(lambda: found.render(view))
    ask_if_wanted(view)


def _connection() -> Connection | None:
    """Return how the viewer talks with the desk; None if nobody is signed in."""
    token = st.context.cookies.get(SESSION_COOKIE)
    if token is None:
        return None
    settings: PanelSettings = st.session_state.setdefault(_SETTINGS, PanelSettings.of())
    try:
        return connections().of(settings.api_url, token)
    except SettingError:  # whatever it is, it is no token
        return None


def _view(connection: Connection, words: Catalogue) -> View:
    loads: Loads = st.session_state.setdefault(_LOADS, Loads())
    session = loads.get("session", connection.quick.session, _SESSION_AGE_S).value
    return View(connection, words, zone_of(_zone()), loads, None if session is None else session.role)


def _to_sign_in(words: Catalogue) -> None:
    """Lead to the sign-in, and from there back to this page."""
    here = urlsplit(st.context.url or "/").path or "/"
    target = f"/login?next={quote(here, safe='/')}&{LANGUAGE}={words.language}"
    shown = html.escape(target, quote=True)
    st.html(
        f'<div class="evoq-state evoq-empty"><div>{html.escape(words.text("session.ended"))} '
        f'<a href="{shown}" target="_self">{html.escape(words.text("session.sign_in"))}</a></div></div>'
        f"<script>window.location.replace({json.dumps(target)})</script>",
        unsafe_allow_javascript=True,
    )
