"""Choices that the address keeps by the desk's own words, so that a link means the same in every language.

Streamlit's own binding writes what people read, which is another word in another language.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from ui.panel.view import View

__all__ = ["choice", "chosen", "search", "segments"]

_LONGEST = 200

_TYPING_PAUSE = "120ms"  # for the next letter, before the desk is asked


def choice(
    view: View,
    name: str,
    label: str,
    options: Sequence[str],
    shown: Callable[[str], str] = str,
    *,
    none: str = "",
    width: int | Literal["stretch"] = "stretch",
) -> str | None:
    """Draw a list to choose from, or nothing of it.

    Parameters
    ----------
    view : View
        For whom.
    name : str
        In the address.
    label : str
        Above it.
    options : sequence of str
        As the desk calls them.
    shown : callable
        Gives the words for one.
    none : str
        What stands there while nothing is chosen; "All" by default.
    width : int or "stretch"
        In pixels.

    Returns
    -------
    str or None
        What is chosen; None for any.
    """
    asked = st.query_params.get(name)
    found = st.selectbox(
        label,
        options,
        index=options.index(asked) if asked in options else None,
        format_func=shown,
        placeholder=none or view.text("choice.any"),
        key=f"choice.{name}",
        width=width,
    )
    _keep(name, found)
    return found


def search(name: str, label: str, placeholder: str, width: int | Literal["stretch"] = "stretch") -> str | None:
    """Draw a field to search in, heard while it is typed in.

    Parameters
    ----------
    name : str
        In the address.
    label : str
        Above it.
    placeholder : str
        What stands in it while it is empty.
    width : int or "stretch"
        In pixels.

    Returns
    -------
    str or None
        What is sought, 200 characters at most; None for anything.
    """
    typed = st.text_input(
        label,
        value=st.query_params.get(name, ""),
        placeholder=placeholder,
        key=f"choice.{name}",
        live=_TYPING_PAUSE,
        width=width,
    )
    sought = typed.strip()[:_LONGEST] or None
    _keep(name, sought)
    return sought


def segments(
    name: str,
    label: str,
    options: Sequence[str],
    shown: Callable[[str], str] = str,
    default: str = "",
    *,
    labelled: bool = False,
    on_change: Callable[[], None] | None = None,
) -> str:
    """Draw a bar of choices of which one is always chosen.

    Parameters
    ----------
    name : str
        In the address.
    label : str
        For those who cannot see it.
    options : sequence of str
        As the desk calls them.
    shown : callable
        Gives the words for one.
    default : str
        What is taken unless another is chosen, and not written; the first one by default.
    labelled : bool
        Whether the label is seen.
    on_change : callable, optional
        Called before the page is drawn with another choice.

    Returns
    -------
    str
        What is chosen.
    """
    found = st.segmented_control(
        label,
        options,
        format_func=shown,
        default=chosen(name, options, default),
        required=True,
        key=f"choice.{name}",
        label_visibility="visible" if labelled else "collapsed",
        on_change=on_change,
    )
    usual = default or options[0]
    taken = usual if found is None else found
    _keep(name, None if taken == usual else taken)
    return taken


def chosen(name: str, options: Sequence[str], default: str = "") -> str:
    """Return what is chosen in a bar that is drawn later.

    Parameters
    ----------
    name : str
        In the address.
    options : sequence of str
        As for `segments`.
    default : str
        As for `segments`.

    Returns
    -------
    str
        One of the options.
    """
    for asked in (st.session_state.get(f"choice.{name}"), st.query_params.get(name)):
        if asked in options:
            return str(asked)
    return default or options[0]


def _keep(name: str, value: str | None) -> None:
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value
