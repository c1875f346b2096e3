"""How large the database and the cache are, and how busy."""

import streamlit as st

from ui.panel import Tile, View, html_table, tiles
from ui.system_answers import CacheFigures, DatabaseFigures
from ui.system_parts.cluster import cluster_of, tell_problem

__all__ = ["draw_stores"]

_KIB, _MIB = 2**10, 2**20


def draw_stores(view: View) -> None:
    """Draw both."""
    found = cluster_of(view)
    if found is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(view.text("system.database"), anchor=False)
        if found.database is None:
            tell_problem(view, found, "database")
        else:
            _database(view, found.database)
    with right:
        st.subheader(view.text("system.cache"), anchor=False)
        if found.cache is None:
            tell_problem(view, found, "cache")
        else:
            _cache(view, found.cache)


def _database(view: View, told: DatabaseFigures) -> None:
    shown = (
        Tile(view.text("system.size"), _size(view, told.size_bytes), f"PostgreSQL {told.version}"),
        Tile(
            view.text("system.connections"),
            view.number(told.connections),
            view.text("system.connections_note", active=view.number(told.active), n=view.number(told.most_connections)),
        ),
    )
    tiles(shown)
    rows = [
        (
            each.name,
            _size(view, each.bytes),
            view.number(each.rows),
            view.number(each.parts),
        )
        for each in told.tables
    ]
    html_table(view, ("system.table", "system.size", "system.rows", "system.parts"), rows)


def _cache(view: View, told: CacheFigures) -> None:
    most = view.text("system.no_limit") if told.most_memory_bytes is None else _size(view, told.most_memory_bytes)
    shown = (
        Tile(view.text("system.memory"), _size(view, told.memory_bytes), view.text("system.at_most", n=most)),
        Tile(view.text("system.clients"), view.number(told.clients), told.version or ""),
        Tile(view.text("system.keys"), view.number(told.keys)),
    )
    tiles(shown)


def _size(view: View, n_bytes: int) -> str:
    if n_bytes < _MIB:
        return view.number(n_bytes / _KIB, 0, "KiB")
    return view.number(n_bytes / _MIB, 1, "MiB")
