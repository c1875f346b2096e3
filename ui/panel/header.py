"""What stands on top of every page: its title, what is simulated, the next candle, alerts, and the viewer's choices."""

import html
import json

import streamlit as st

from ui.overview_answers import Overview
from ui.panel.address_choice import segments
from ui.panel.catalogue import LANGUAGES
from ui.panel.formats import clock_time
from ui.panel.states import notice
from ui.panel.tiles import chip
from ui.panel.view import View

__all__ = ["LANGUAGE", "OVERVIEW_AGE_S", "SESSION_AGE_S", "ZONE", "draw_header"]

LANGUAGE, ZONE = "lang", "tz"
"""Names in the address: they stay with a link that is passed on."""

OVERVIEW_AGE_S = 1.5
"""How old the answer that header and live page share may be, seconds."""

SESSION_AGE_S = 60.0
"""How old the answer who the viewer is may be, seconds."""

_EVERY_S = 1.0
_SILENT_S = 3.0
_STATUS_TONES = {"ok": "good", "degraded": "warn", "down": "bad"}
_MONEY_TONES = {"simulated": "simulated", "paper": "muted", "real": "bad"}


def draw_header(view: View, title: str, languages: tuple[str, ...], zones: tuple[str, ...]) -> None:
    """Draw the header.

    Parameters
    ----------
    view : View
        For whom.
    title : str
        Of the page.
    languages : tuple of str
        Keys of `LANGUAGES`; the first one is taken unless another is chosen.
    zones : tuple of str
        Time zones to choose from; the first one is taken unless another is chosen.
    """
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="evoq-header", gap="small"
    ):
        # Streamlit says of every page that it is in English: what reads it aloud, or translates it, asks the document
        language = f"<script>document.documentElement.lang = {json.dumps(view.language)}</script>"
        heading = f'<h1 class="evoq-title">{html.escape(title)}</h1>'
        st.html(heading + language, width="content", unsafe_allow_javascript=True)
        _choices(view, languages, zones)
    view.live(lambda: _chips(view), _EVERY_S)


def _choices(view: View, languages: tuple[str, ...], zones: tuple[str, ...]) -> None:
    label = f"{LANGUAGES[view.language]} · {view.zone.key}"
    with st.popover(label, icon=":material/tune:", width="content", key="evoq-choices"):
        st.caption(view.text("header.language"))
        segments(LANGUAGE, view.text("header.language"), languages, LANGUAGES.__getitem__)
        st.caption(view.text("header.zone"))
        segments(ZONE, view.text("header.zone"), zones)
        role = view.text("header.role", role=view.word("role", view.role))
        leave = view.text("header.sign_out")
        st.html(
            f'<div class="evoq-signed-in"><span>{html.escape(role)}</span>'
            f'<a href="/logout" target="_self">{html.escape(leave)}</a></div>'
        )


def _chips(view: View) -> None:
    _learn_role(view)
    overview = view.loads.get("overview", view.client.overview, OVERVIEW_AGE_S)
    silent_s = view.loads.silent_s
    silent = silent_s is not None and silent_s >= _SILENT_S
    if silent:
        taken = clock_time(view.loads.taken_ms("overview"), view.zone)
        st.html(notice("stale", view.text("header.silent", age=view.duration(silent_s), time=taken)))
    known = overview.value
    shown = [] if known is None else [*_market(view, known, silent), *_desk(view, known, silent)]
    st.html(f'<div class="evoq-chips">{"".join(shown)}</div>')


def _learn_role(view: View) -> None:
    """Draw the page anew as soon as the desk says who the viewer is: its buttons were drawn without knowing."""
    if view.role is None and view.loads.get("session", view.client.session, SESSION_AGE_S).value is not None:
        st.rerun()


def _market(view: View, overview: Overview, silent: bool) -> list[str]:
    """Say whether candles are simulated, and when the next one closes."""
    shown, feed = [], overview.feed
    close_in_s = None if silent else view.loads.left_s("overview", feed.next_close_ts, overview.as_of)
    if feed.simulated is not None:
        market, tone = ("simulated", "simulated") if feed.simulated else ("real", "plain")
        shown.append(chip(view.word("market", market), tone, feed.origin or ""))
    if close_in_s is not None:
        shown.append(chip(view.text("header.next_candle", time=view.duration(close_in_s))))
    return shown


def _desk(view: View, overview: Overview, silent: bool) -> list[str]:
    """Say what kind of money is at work, how the desk is, and what wants attention."""
    shown = [chip(view.word("money", overview.money), _MONEY_TONES.get(overview.money, "plain"))]
    if silent:
        shown.append(chip(view.text("header.status_unknown"), "muted"))
    else:
        shown.append(chip(view.word("status", overview.status), _STATUS_TONES.get(overview.status, "plain")))
    if overview.kill.state != "armed":
        shown.append(chip(view.word("kill", overview.kill.state), "bad", overview.kill.reason or ""))
    tone = "warn" if overview.alerts_open else "muted"
    shown.append(chip(view.text("header.alerts", n=view.number(overview.alerts_open)), tone))
    return shown
