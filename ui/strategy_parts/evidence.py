"""Why a strategy is graded as it is: every condition, the parts of its score, in sample against out of sample."""

from collections.abc import Sequence
from statistics import fmean

import streamlit as st

from backtest.plots import score_parts_figure
from ui.panel import View, html_table, plot
from ui.strategy_answers import Condition, Fold, StrategyDetail

__all__ = ["draw_conditions", "draw_folds", "draw_score", "draw_sides"]

_MET = {True: "●", False: "✕"}
_PARTS = frozenset({"win_rate", "sharpe", "profit_factor", "max_drawdown", "volatility"})


def draw_conditions(view: View, found: StrategyDetail) -> None:
    """Draw every condition of a grade with its value, met or missing."""
    titles = ("strategy.condition", "strategy.verdict", "strategy.value", "strategy.needed")
    rows = [(_name(view, each), _verdict(view, each), *_values(view, each)) for each in found.conditions]
    html_table(view, titles, rows)
    said = {
        "A": view.text("strategy.why_a"),
        "B": view.text("strategy.why_b"),
        "C": view.text("strategy.why_c") if found.finalist else view.text("strategy.why_unknown"),
    }
    st.caption(said.get(found.grade, found.grade_reason or ""))
    trials = view.text(
        "strategy.trials", n=view.number(found.n_trials), effective=view.number(found.n_trials_effective)
    )
    st.caption(f"{trials} {view.text('strategy.dsr_raw', n=view.number(found.dsr_raw, 3))}")


def _name(view: View, condition: Condition) -> str:
    grades = "\u00a0+\u00a0".join(condition.grades)
    return f"{view.word('condition', condition.name)} ({grades})"


def _verdict(view: View, condition: Condition) -> str:
    if condition.value is None:
        return f"○\u00a0{view.text('strategy.unknown')}"
    return f"{_MET[condition.met]}\u00a0{view.text('strategy.met') if condition.met else view.text('strategy.missing')}"


def _values(view: View, condition: Condition) -> tuple[str, str]:
    value, needed = condition.value, condition.needed
    match condition.name:
        case "oos_trades":
            return view.number(value), f"≥ {view.number(needed)}"
        case "oos_scs":
            return view.number(value, 1), f"≥ {view.number(needed, 1)}"
        case "excess":
            return view.percent(value, 1, signed=True), f"> {view.percent(needed, 0)}"
        case _:
            return view.number(value, 3), f"≥ {view.number(needed, 3)}"


def draw_score(view: View, found: StrategyDetail) -> None:
    """Draw what the score is made of."""
    parts = found.score_parts or {}
    if set(parts) - {"total"} != _PARTS:
        view.empty("strategy.no_score")
        return
    labels = {
        "win_rate": view.text("strategies.win_rate"),
        "sharpe": view.text("strategies.sharpe"),
        "profit_factor": view.text("strategies.profit_factor"),
        "max_drawdown": view.text("strategies.max_drawdown"),
        "volatility": view.text("strategies.volatility"),
        "most": view.text("strategy.points_most"),
        "reached": view.text("strategy.points_reached"),
        "points": view.text("strategy.points"),
        "of": "/",
        "undefined": view.text("strategy.undefined"),
    }
    figure = score_parts_figure(parts, name=None, labels=labels)
    plot(figure, f"score-{found.id}", view.text("strategy.score_alt", n=view.number(found.scs, 1)))


def draw_sides(view: View, found: StrategyDetail) -> None:
    """Draw the same figures in sample and out of sample."""
    folds = found.folds or ()
    seen = [fold for fold in folds if fold.kind == "train"]
    unseen = [fold for fold in folds if fold.kind != "train"]
    trades = [fold.n_trades for fold in seen if fold.n_trades is not None]
    number, text = view.number, view.text
    rows = (
        (text("strategy.scs_all"), number(found.in_sample_scs, 1), number(found.oos_scs, 1)),
        (text("strategy.scs_folds"), number(_mean(seen, "scs"), 1), number(_mean(unseen, "scs"), 1)),
        (text("strategy.sharpe_folds"), number(_mean(seen, "sharpe"), 2), number(_mean(unseen, "sharpe"), 2)),
        (text("strategies.n_trades"), number(sum(trades) if trades else None), number(found.oos_trades)),
        (text("strategy.spans"), number(len(seen) or None), number(len(unseen) or None)),
    )
    html_table(view, ("strategy.figure", "strategy.in_sample", "strategy.out_of_sample"), rows)
    st.caption(_until(view, found))


def _until(view: View, found: StrategyDetail) -> str:
    if found.selected_until is None:
        return view.text("strategy.selected_unknown")
    return view.text("strategy.selected", time=view.moment(found.selected_until))


def _mean(folds: Sequence[Fold], name: str) -> float | None:
    values = [value for value in (getattr(fold, name) for fold in folds) if value is not None]
    return fmean(values) if values else None


def draw_folds(view: View, found: StrategyDetail) -> None:
    """Draw every span that a strategy was scored on."""
    if not found.folds:
        view.empty("strategy.no_folds")
        return
    titles = (
        "strategy.fold",
        "strategy.from",
        "strategy.to",
        "strategies.scs",
        "strategies.n_trades",
        "strategies.sharpe",
    )
    rows = [
        (
            view.word("fold", fold.kind),
            view.moment(fold.start),
            view.moment(fold.stop),
            view.number(fold.scs, 1),
            view.number(fold.n_trades),
            view.number(fold.sharpe, 2),
        )
        for fold in found.folds
    ]
    html_table(view, titles, rows, text_columns=3)
