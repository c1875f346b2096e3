"""A small table of formatted texts, for a few rows that are read and not searched."""

import html
from collections.abc import Iterable, Sequence

import streamlit as st

from ui.panel.view import View

__all__ = ["html_table"]

_LONGEST_UNBROKEN = 19  # a moment with seconds
_LONGEST_UNBROKEN_WIDE = 8  # of Chinese, which may be broken anywhere
_LONG = 60  # a sentence: some words to a line


def html_table(view: View, titles: Sequence[str], rows: Iterable[Sequence[str]], *, text_columns: int = 1) -> None:
    """Draw a table; what is longer than the page is wide can be scrolled. Short cells, such as a date, are not broken.

    Parameters
    ----------
    view : View
        For whom.
    titles : sequence of str
        Of the columns: keys of the catalogue.
    rows : iterable of sequences of str
        Formatted; all text is escaped.
    text_columns : int
        So many columns from the left hold text; the others hold numbers and stand on the right.
    """
    names = [html.escape(view.text(title)) for title in titles]
    head = "".join(f"<th{_side(place, text_columns)}>{name}</th>" for place, name in enumerate(names))
    body = "".join(
        f"<tr>{''.join(_cell(cell, place, text_columns) for place, cell in enumerate(row))}</tr>" for row in rows
    )
    st.html(
        f'<div class="evoq-scroll"><table class="evoq-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(text: str, place: int, text_columns: int) -> str:
    kind = _side(place, text_columns)
    if not kind and len(text) <= (_LONGEST_UNBROKEN if text.isascii() else _LONGEST_UNBROKEN_WIDE):
        kind = ' class="evoq-whole"'
    elif not kind and len(text) > _LONG:
        kind = ' class="evoq-long"'
    return f"<td{kind}>{html.escape(text)}</td>"


def _side(place: int, text_columns: int) -> str:
    return "" if place < text_columns else ' class="evoq-right"'
