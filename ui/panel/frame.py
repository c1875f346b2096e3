"""The frame around every page: who looks, in which language, where to go; drawn anew whenever something changes."""

import functools
import html
import json
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st

from ui.errors import SettingError, UnauthorizedError
from ui.panel.address_choice import chosen
from ui.panel.catalogue import LANGUAGES, Catalogue, catalogue, language_of
from ui.panel.confirmation import ask_if_wanted
from ui.panel.connections import connections
from ui.panel.discovery import FoundPage, discovered_pages
from ui.panel.document_title import set_document_title
from ui.panel.followed import draw_followed
from ui.panel.formats import zone_of
from ui.panel.header import LANGUAGE, SESSION_AGE_S, ZONE, draw_header
from ui.panel.loads import Loads
from ui.panel.panel_settings import PanelSettings
from ui.panel.session_cookie import SESSION_COOKIE
from ui.panel.view import SIGNED_OUT, View

__all__ = ["draw"]

_FOLDER = Path(__file__).resolve().parent
_LOADS, _SETTINGS = "evoq.loads", "evoq.settings"


def draw() -> None:
    """Draw the page that the address names, and everything around it."""
    words = catalogue(chosen(LANGUAGE, _languages()))
    st.set_page_config(page_title="Evoq", page_icon=str(_FOLDER / "icon.svg"), layout="wide")
    st.logo(str(_FOLDER / "logo.svg"), icon_image=str(_FOLDER / "icon.svg"))
    drawn: list[View] = []
    current = st.navigation(_navigation(words, drawn))
    set_document_title(current.title)
    st.html(_FOLDER / "panel.css")
    view = None if st.session_state.get(SIGNED_OUT) else _view(words)
    if view is None:
        _to_sign_in(words)
        return
    drawn.append(view)
    draw_header(view, current.title, _languages(), _zones())
    draw_followed(view)
    ask_if_wanted(view)  # before the page: nobody waits for its plots to be asked for a reason
    current.run()


def _languages() -> tuple[str, ...]:
    """Return the languages, that of the browser first."""
    return tuple(dict.fromkeys((language_of(st.context.locale), *LANGUAGES)))


def _zones() -> tuple[str, ...]:
    """Return the viewer's own time zone, and UTC."""
    return tuple(dict.fromkeys((zone_of(st.context.timezone).key, "UTC")))


def _navigation(words: Catalogue, drawn: list[View]) -> "dict[str, list[st.Page]]":
    """Return the pages by section; whichever is drawn finds its view in `drawn`."""
    sections: dict[str, list[st.Page]] = {}
    for found in discovered_pages():
        sections.setdefault(words.text(found.section.title), []).append(_page(found, words, drawn))
    return sections


def _page(found: FoundPage, words: Catalogue, drawn: list[View]) -> "st.Page":
    page = found.page
    return st.Page(
        functools.partial(_draw_page, found, drawn),
        title=words.text(page.title),
        icon=page.icon,
        url_path=page.path or found.name.rpartition(".")[2],
        default=not page.path,
        visibility="visible" if page.listed else "hidden",
    )


def _draw_page(found: FoundPage, drawn: list[View]) -> None:
    """Draw a page within its frame; its widgets are its own."""
    drawn[0].guard(lambda: found.render(drawn[0]))


def _view(words: Catalogue) -> View | None:
    """Return what the viewer looks with; None if nobody is signed in."""
    token = st.context.cookies.get(SESSION_COOKIE)
    if token is None:
        return None
    settings: PanelSettings = st.session_state.setdefault(_SETTINGS, PanelSettings.of())
    loads: Loads = st.session_state.setdefault(_LOADS, Loads())
    try:
        connection = connections().of(settings.api_url, token)
        session = loads.get("session", connection.quick.session, SESSION_AGE_S).value
    except (SettingError, UnauthorizedError):  # whatever the cookie holds, it is no session
        return None
    zone = zone_of(chosen(ZONE, _zones()))
    return View(connection, words, zone, loads, None if session is None else session.role)


def _to_sign_in(words: Catalogue) -> None:
    """Lead to the sign-in, and from there back to this page."""
    here = urlsplit(st.context.url or "/").path or "/"
    asked = urlencode(st.query_params.to_dict())
    here += f"?{asked}" if asked else ""
    target = f"/login?next={quote(here, safe='/')}&{LANGUAGE}={words.language}"
    shown = html.escape(target, quote=True)
    st.html(
        f'<div class="evoq-state evoq-empty"><div>{html.escape(words.text("session.ended"))} '
        f'<a href="{shown}" target="_self">{html.escape(words.text("session.sign_in"))}</a></div></div>'
        f"<script>window.location.replace({json.dumps(target)})</script>",
        unsafe_allow_javascript=True,
    )
