"""A span of time that a plot shows: chosen by zooming into it, kept in the address, moved by buttons.

A plot over a span asks the desk for that span only, so that a hundred thousand candles are as light as a hundred: the
desk merges them, and every zoom shows more of them.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import streamlit as st

from ui.panel.charts import zoomable_plot
from ui.panel.view import View

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["TimeWindow", "chosen_window", "forget_window", "window_buttons", "window_of", "window_plot"]

_FROM, _TO = "from", "to"
_LATEST_MS = 253_370_764_800_000  # the year 9999
_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A span of time.

    Attributes
    ----------
    since, until : int
        From and before when, ms UTC.
    """

    since: int
    until: int

    def moved(self, share: float, whole: "TimeWindow") -> "TimeWindow":
        """Return it moved by a share of its length, within the whole."""
        by = round(share * (self.until - self.since))
        by = min(max(by, whole.since - self.since), whole.until - self.until)
        return TimeWindow(self.since + by, self.until + by)

    def widened(self, times: float, whole: "TimeWindow") -> "TimeWindow":
        """Return it so many times as long around its middle, within the whole."""
        more = round((times - 1.0) * (self.until - self.since) / 2.0)
        return TimeWindow(max(self.since - more, whole.since), min(self.until + more, whole.until))


def chosen_window() -> TimeWindow | None:
    """Return the span that the address names; None if it names none that can be meant."""
    since, until = (_milliseconds(st.query_params.get(name)) for name in (_FROM, _TO))
    if since is None or until is None or since >= until:
        return None
    return TimeWindow(since, until)


def forget_window() -> None:
    """Take the span out of the address; a callback of what chooses something else."""
    for name in (_FROM, _TO):
        st.query_params.pop(name, None)


def window_buttons(view: View, shown: TimeWindow, whole: TimeWindow, key: str) -> None:
    """Draw buttons that move and widen a span.

    Parameters
    ----------
    view : View
        For whom.
    shown : TimeWindow
        What is drawn now.
    whole : TimeWindow
        What there is.
    key : str
        Of the plot.
    """
    chosen = chosen_window()
    steps = (
        ("earlier", view.text("window.earlier"), ":material/chevron_left:", shown.moved(-0.5, whole)),
        ("later", view.text("window.later"), ":material/chevron_right:", shown.moved(0.5, whole)),
        ("closer", view.text("window.closer"), ":material/zoom_in:", shown.widened(1.0 / 3.0, whole)),
        ("wider", view.text("window.wider"), ":material/zoom_out:", shown.widened(3.0, whole)),
        ("all", view.text("window.all"), ":material/fit_width:", whole),
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"evoq-window-{key}"):
        for name, words, icon, window in steps:
            off = window == shown
            st.button(words, icon=icon, key=f"{key}.{name}", disabled=off, on_click=_choose, args=(window,))
        st.button(
            view.text("window.newest"),
            icon=":material/last_page:",
            key=f"{key}.newest",
            disabled=chosen is None,
            on_click=forget_window,
        )


def window_plot(view: View, figure: "go.Figure", key: str, alt: str) -> None:
    """Draw a figure over time; what is zoomed into becomes the span that is shown.

    Parameters
    ----------
    view : View
        For whom; in whose zone the axis is.
    figure : plotly.graph_objects.Figure
        Its time axis is its first one; it is changed as `plot` does.
    key : str
        As of `plot`.
    alt : str
        What it shows, for those who cannot see it.
    """
    chosen = chosen_window()
    shown = "newest" if chosen is None else f"{chosen.since}-{chosen.until}"

    def zoom(ends: Any) -> None:
        window = window_of(ends, view.zone)
        if window is not None:
            _choose(window)

    zoomable_plot(figure, key, alt, shown, zoom)


def window_of(ends: Any, zone: ZoneInfo) -> TimeWindow | None:
    """Return the span that a plot was zoomed to.

    Parameters
    ----------
    ends : sequence of str or float, or None
        Both ends on the axis: times of the zone, or ms UTC. Whatever a browser sends.
    zone : ZoneInfo
        Of the axis.

    Returns
    -------
    TimeWindow or None
        None where that is no span.
    """
    try:
        since, until = sorted(_moment(end, zone) for end in ends)
    except (TypeError, ValueError, OverflowError):
        return None
    return TimeWindow(since, until) if since < until else None


def _choose(window: TimeWindow) -> None:
    st.query_params[_FROM], st.query_params[_TO] = str(window.since), str(window.until)


def _milliseconds(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return None
    return min(int(text), _LATEST_MS)


def _moment(end: str | float, zone: ZoneInfo) -> int:
    """Return an end of a box, ms UTC: on the axis it is a time of the zone."""
    if isinstance(end, str):
        return math.floor(1_000 * datetime.fromisoformat(end).replace(tzinfo=zone).timestamp())
    return math.floor(end)
