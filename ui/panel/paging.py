"""Leafing through a list of the desk: it gives one page at a time, and a cursor for the next one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from ui.page import Page
from ui.panel.view import View

__all__ = ["Leaves", "pager"]


class Leaves:
    """Where the reader is in a list: at its first page."""

    def __init__(self) -> None:
        self._cursors: list[str | None] = [None]
        self.found: Page[Any] | None = None

    @property
    def cursor(self) -> str | None:
        """What the page is asked with; None for the first one."""
        return self._cursors[-1]

    @property
    def number(self) -> int:
        """Of the page, from 1."""
        return len(self._cursors)

    def show(self, found: Page[Any]) -> None:
        """Tell what was found, for the buttons."""
        self.found = found

    def back(self) -> None:
        """Go to the page before."""
        self._cursors.pop()

    def on(self, cursor: str) -> None:
        """Go to the next page."""
        self._cursors.append(cursor)


@contextmanager
def pager(view: View, key: str, asked: object) -> Iterator[Leaves]:
    """Give the place in a list, and draw its buttons above what follows.

    Parameters
    ----------
    view : View
        For whom.
    key : str
        Of the list.
    asked : object
        With which filters; the first page is shown where they change.

    Yields
    ------
    Leaves
        Tell it what was found with `show`.
    """
    name = f"evoq.pages:{key}"
    kept: tuple[str, Leaves] | None = st.session_state.get(name)
    if kept is None or kept[0] != repr(asked):
        kept = st.session_state[name] = (repr(asked), Leaves())
    leaves = kept[1]
    bar = st.container(horizontal=True, vertical_alignment="center", key=f"evoq-pager-{key}")
    yield leaves
    if leaves.found is not None:
        with bar:
            _buttons(view, key, leaves, leaves.found)


def _buttons(view: View, key: str, leaves: Leaves, found: Page[Any]) -> None:
    total = view.number(found.total)
    st.caption(view.text("paging.place", page=view.number(leaves.number), total=total), width="content")
    first, last = leaves.number == 1, found.next_cursor is None
    st.button(view.text("paging.back"), key=f"evoq.back:{key}", disabled=first, on_click=leaves.back)
    next_page = (found.next_cursor,)
    st.button(view.text("paging.on"), key=f"evoq.on:{key}", disabled=last, on_click=leaves.on, args=next_page)
