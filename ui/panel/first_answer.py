"""What must be known before widgets can be drawn: asked for until the desk has said it once."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from ui.panel.view import View

__all__ = ["first_answer"]

Value = TypeVar("Value")

_EVERY_S = 2.0


def first_answer(view: View, key: str, call: Callable[[], Value], *, quiet: bool = False) -> Value | None:
    """Return what the desk said last, for what stands outside of live parts; live parts keep it new.

    Parameters
    ----------
    view : View
        For whom.
    key : str
        As of `View.load`.
    call : callable
        Asks the desk.
    quiet : bool
        As of `View.load`.

    Returns
    -------
    object or None
        None while it was never said; this is drawn here, and the page is drawn anew as soon as it is.
    """
    known: Value | None = view.loads.kept(key)
    if known is None:
        view.live(lambda: _ask(view, key, call, quiet), _EVERY_S)
    return known


def _ask(view: View, key: str, call: Callable[[], object], quiet: bool) -> None:
    if view.load(key, call, quiet=quiet) is not None:
        st.rerun()
