"""The best evidence of the desk, and what the number of trials leaves of it."""

from dataclasses import dataclass, fields

import streamlit as st

from backtest.plots import deflated_sharpe_figure
from ui.evolution_answers import Leader, Leaders
from ui.panel import Column, View, html_table, plot, table
from ui.panel.opening import open_page
from ui.panel.tables import chosen_rows

__all__ = ["draw_leaders"]

_MOST = 12
_AGE_S = 5.0
_FROZEN_S = 3_600.0
_TABLE = "evolution-leaders-table"
_COLUMNS = (
    Column("name", "evolution.strategy", width=250, pinned=True),
    Column("grade", "evolution.grade", width=70),
    Column("oos_scs", "evolution.oos", "number", 1, width=90),
    Column("oos_trades", "evolution.oos_trades", "number", width=80),
    Column("psr", "evolution.psr", "number", 3, width=75),
    Column("dsr_raw", "evolution.dsr_raw", "number", 3, width=110),
    Column("dsr", "evolution.dsr", "number", 3, width=120),
    Column("n_trials", "evolution.trials", "number", width=90),
    Column("n_trials_effective", "evolution.trials_effective", "number", width=120),
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A leader with the name that the plot has for it."""

    name: str
    grade: str
    oos_scs: float | None
    oos_trades: int | None
    psr: float | None
    dsr_raw: float | None
    dsr: float | None
    n_trials: int | None
    n_trials_effective: float | None

    @classmethod
    def of(cls, view: View, number: int, leader: Leader) -> "_Row":
        """Return the leader of a place, from 1."""
        name = f"{number}. {view.word('type', leader.type)} {leader.symbol} {leader.timeframe}"
        return cls(name, *(getattr(leader, field.name) for field in fields(cls)[1:]))


def draw_leaders(view: View) -> None:
    """Draw the deflated Sharpe ratios of the leaders, with all trials counted and with the effective ones."""
    age_s = _FROZEN_S if chosen_rows(_TABLE) else _AGE_S  # a click means the row as it was seen
    found = view.load("leaders", lambda: view.client.leaders(_MOST), max_age_s=age_s)
    if found is None:
        return
    if not found.items:
        view.empty("evolution.leaders_empty")
        return
    rows = [_Row.of(view, number, leader) for number, leader in enumerate(found.items, start=1)]
    for number in table(view, rows, _COLUMNS, _TABLE, select="one"):
        open_page("strategy", id=found.items[number].id)
    st.caption(view.text("evolution.open"))
    left, right = st.columns([3, 2], gap="large")
    with left:
        words = {
            "probability": view.text("evolution.probability"),
            "raw": view.text("evolution.all_trials"),
            "effective": view.text("evolution.effective_trials"),
            "needed": view.text("evolution.needed"),
        }
        figure = deflated_sharpe_figure(
            [row.name for row in rows], [row.dsr_raw for row in rows], [row.dsr for row in rows], labels=words
        )
        plot(figure, "evolution-leaders", view.text("evolution.leaders_alt", n=view.number(len(rows))))
    with right:
        _overfitting(view, found)


def _overfitting(view: View, found: Leaders) -> None:
    if not found.overfitting:
        return
    rows = [
        (
            f"{each.symbol} {each.timeframe}",
            view.percent(each.pbo, 1),
            view.number(each.n_trials),
            view.number(each.n_trials_effective),
        )
        for each in found.overfitting
    ]
    titles = ("evolution.market", "evolution.pbo", "evolution.trials", "evolution.trials_effective")
    html_table(view, titles, rows)
    st.caption(view.text("evolution.pbo_note"))
