"""Who did what, with which reason, and what came of it."""

import json
import math
from dataclasses import replace
from typing import Any

import streamlit as st

from ui.desk_answers import OperationsLogRow
from ui.panel import Column, PanelPage, View, html_table, pager, table
from ui.panel.desk_sentences import sentence_words
from ui.panel.formats import ABSENT
from ui.panel.tables import chosen_rows

PAGE = PanelPage(path="operations-log", title="operations.title", icon=":material/history:", order=90)

_PER_PAGE = 50
_EVERY_S = 3.0
_AGE_S = 1.0
_TABLE = "operations-table"
_COLUMNS = (
    Column("ts", "operations.ts", "moment", width=165),
    Column("action", "operations.action", words="action", width=150),
    Column("target", "operations.target", width=125),
    Column("result", "operations.result", width=200),
    Column("reason", "operations.reason", width=260),
    Column("actor", "operations.actor", width=100),
    Column("role", "operations.role", words="role", width=80),
    Column("source", "operations.source", words="told_by", width=80),
)


def render(view: View) -> None:
    """Draw the page."""
    asked = _filters(view)
    view.live(lambda: _list(view, asked), _EVERY_S)


def _filters(view: View) -> dict[str, str | None]:
    named = {"actor": "operations.actor", "action": "operations.action", "target": "operations.target"}
    places = st.columns(len(named))
    written = {
        field: place.text_input(view.text(title), key=field, bind="query-params")
        for place, (field, title) in zip(places, named.items(), strict=True)
    }
    return {field: text.strip() or None for field, text in written.items()}


def _list(view: View, asked: dict[str, Any]) -> None:
    stands_still = bool(chosen_rows(_TABLE))  # new rows would move the chosen one
    with pager(view, "operations", asked) as pages:
        found = view.load(
            f"operations:{asked}:{pages.cursor}",
            lambda: view.client.operations_log(**asked, limit=_PER_PAGE, cursor=pages.cursor),
            max_age_s=math.inf if stands_still else _AGE_S,
        )
        if found is None:
            return
        pages.show(found)
    if not found.items:
        view.empty("operations.empty")
        return
    rows = [
        replace(row, result=_result(view, row.result), reason=sentence_words(view, row.reason)) for row in found.items
    ]
    chosen = table(view, rows, _COLUMNS, _TABLE, select="one")
    if not chosen:
        st.caption(view.text("operations.open"))
    for number in chosen:
        _opened(view, rows[number])


def _result(view: View, told: str) -> str:
    """Return what came of it, in words: how it ended, and the kind of problem where it was refused."""
    end, _, kind = told.partition(": ")
    if end == "refused" and kind:
        return view.text("operations.refused", kind=view.word("refusal", kind))
    return view.word("command", end)


def _opened(view: View, row: OperationsLogRow) -> None:
    """Show all of a row: its words in full, and what was before and after."""
    titles = ("operations.ts", "operations.action", "operations.target", "operations.result", "operations.reason")
    told = (
        view.moment(row.ts, seconds=True),
        view.word("action", row.action),
        row.target or ABSENT,
        row.result,
        row.reason or ABSENT,
    )
    html_table(view, titles, [told], text_columns=len(titles))
    shown = ((view.text("operations.before"), row.before), (view.text("operations.after"), row.after))
    for place, (title, values) in zip(st.columns(2), shown, strict=True):
        with place:
            st.caption(title)
            st.code(ABSENT if values is None else json.dumps(values, indent=2, ensure_ascii=False), language="json")
