"""What a part of a page says when it has nothing new to show: loading, empty, stale, failed.

Each state is one component, with a word and a shape of its own.
"""

import html
from typing import TYPE_CHECKING, Any, Protocol

import streamlit as st

from ui.errors import NotFoundError, UnavailableError
from ui.panel.formats import clock_time, duration
from ui.panel.loads import Loaded

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from streamlit.delta_generator import DeltaGenerator

__all__ = ["Reader", "empty", "failed", "loading", "notice", "tell"]

_STALE_S = 5.0
_SHAPES = {"loading": "◌", "empty": "○", "stale": "◷", "error": "▲", "failed": "✕"}


class Reader(Protocol):
    """For whom something is said: a `View`."""

    @property
    def zone(self) -> "ZoneInfo":
        """In which times are told."""
        ...

    def text(self, key: str, **values: object) -> str:
        """Return words of the catalogue."""
        ...


def notice(state: str, words: str, more: str = "") -> str:
    """Return a state as HTML.

    Parameters
    ----------
    state : str
        loading, empty, stale, error or failed.
    words : str
        Plain text.
    more : str
        Plain text in a second line.

    Returns
    -------
    str
        All text is escaped.
    """
    second = f'<div class="evoq-state-more">{html.escape(more)}</div>' if more else ""
    role = "alert" if state in {"error", "failed"} else "status"
    return (
        f'<div class="evoq-state evoq-{state}" role="{role}"><span aria-hidden="true">{_SHAPES[state]}</span>'
        f"<div>{html.escape(words)}{second}</div></div>"
    )


def loading(slot: "DeltaGenerator", reader: Reader) -> None:
    """Say in a slot that the desk is being asked."""
    slot.html(notice("loading", reader.text("state.loading")))


def empty(words: str) -> None:
    """Say that there is nothing to show."""
    st.html(notice("empty", words))


def failed(reader: Reader) -> None:
    """Say that the panel itself made a mistake."""
    st.html(notice("failed", reader.text("state.failed"), reader.text("state.failed_more")))


def tell(slot: "DeltaGenerator", reader: Reader, loaded: Loaded[Any]) -> None:
    """Say in a slot what the reader must know about an answer; nothing, if it is a new one.

    Parameters
    ----------
    slot : DeltaGenerator
        An `st.empty()`.
    reader : Reader
        The view.
    loaded : Loaded
        What there is.
    """
    error = loaded.error
    if error is None:
        slot.empty()
    elif loaded.value is not None:
        if loaded.age_s < _STALE_S:  # one slow answer is no news
            slot.empty()
            return
        key = "state.stale" if isinstance(error, UnavailableError) else "state.stale_failed"
        taken = clock_time(loaded.taken_ms, reader.zone)
        slot.html(notice("stale", reader.text(key, age=duration(loaded.age_s, reader.text), time=taken)))
    elif isinstance(error, NotFoundError):
        slot.html(notice("empty", reader.text("state.gone"), str(error)))
    else:
        key = "state.unavailable" if isinstance(error, UnavailableError) else "state.refused"
        slot.html(notice("error", reader.text(key), str(error)))
