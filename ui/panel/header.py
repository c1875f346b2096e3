"""What stands on top of every page: its title, what is simulated, the next candle, alerts, and the viewer's choices."""

import html
import time

import streamlit as st

from ui.overview_answers import FeedState, Overview
from ui.panel.address_choice import segments
from ui.panel.catalogue import LANGUAGES
from ui.panel.formats import clock_time, duration
from ui.panel.states import notice
from ui.panel.tiles import chip
from ui.panel.view import View

__all__ = ["LANGUAGE", "OVERVIEW_AGE_S", "ZONE", "draw_header"]

LANGUAGE, ZONE = "lang", "tz"
"""Names in the address: they stay with a link that is passed on."""

OVERVIEW_AGE_S = 1.5
"""How old the answer that header and live page share may be, seconds."""

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
        st.html(f'<h1 class="evoq-title">{html.escape(title)}</h1>', width="content")
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
    overview = view.load("overview", view.client.overview, max_age_s=OVERVIEW_AGE_S, quiet=True)
    silent = view.loads.silent_s
    if silent is not None and silent >= _SILENT_S:
        taken = clock_time(view.loads.taken_ms("overview"), view.zone)
        st.html(notice("stale", view.text("header.silent", age=duration(silent), time=taken)))
    shown = [] if overview is None else [*_market(view, overview.feed), *_desk(view, overview)]
    st.html(f'<div class="evoq-chips">{"".join(shown)}</div>')


def _market(view: View, feed: FeedState) -> list[str]:
    """Say whether candles are simulated, and when the next one closes."""
    shown = []
    if feed.simulated is not None:
        market, tone = ("simulated", "simulated") if feed.simulated else ("real", "plain")
        shown.append(chip(view.word("market", market), tone, feed.origin or ""))
    if feed.next_close_ts is not None:
        left_s = max(feed.next_close_ts / 1_000 - time.time(), 0.0)
        shown.append(chip(view.text("header.next_candle", time=duration(left_s))))
    return shown


def _desk(view: View, overview: Overview) -> list[str]:
    """Say what kind of money is at work, how the desk is, and what wants attention."""
    shown = [chip(view.word("money", overview.money), _MONEY_TONES.get(overview.money, "plain"))]
    shown.append(chip(view.word("status", overview.status), _STATUS_TONES.get(overview.status, "plain")))
    if overview.kill.state != "armed":
        shown.append(chip(view.word("kill", overview.kill.state), "bad", overview.kill.reason or ""))
    tone = "warn" if overview.alerts_open else "muted"
    shown.append(chip(view.text("header.alerts", n=view.number(overview.alerts_open)), tone))
    return shown
