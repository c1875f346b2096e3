"""A strategy's genome, and everything that its scores depend on."""

import json

import streamlit as st

from ui.panel import View, html_table
from ui.strategy_answers import StrategyDetail

__all__ = ["draw_identity"]

_IDENTITY = (
    "id",
    "version",
    "origin",
    "run_id",
    "species",
    "child",
    "generation",
    "round",
    "operator",
    "seed",
    "engine_version",
    "data_hash",
    "cost_hash",
)


def draw_identity(view: View, found: StrategyDetail) -> None:
    """Draw parameters, times and hashes."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(view.text("strategy.genome"), anchor=False)
        rows = [(name, view.significant(value)) for name, value in found.parameters.items()]
        html_table(view, ("strategy.parameter", "strategy.value"), rows)
        st.caption(view.text("strategy.born", time=view.moment(found.created_at), since=view.moment(found.state_since)))
    with right:
        st.subheader(view.text("strategy.identity"), anchor=False)
        st.code(_written(found), language="json", wrap_lines=True)


def _written(found: StrategyDetail) -> str:
    """Return what its scores depend on, to be copied."""
    known = {name: getattr(found, name) for name in _IDENTITY}
    there = {name: value for name, value in known.items() if value is not None}
    return json.dumps(there, indent=1, ensure_ascii=False)
