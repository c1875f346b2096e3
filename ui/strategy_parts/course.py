"""How a strategy fared against buy-and-hold, with what its selection saw and what it did not told apart."""

import math
from collections.abc import Sequence
from datetime import UTC

import numpy as np
import streamlit as st

from backtest.plots import walk_forward_figure
from ui.panel import View, plot
from ui.strategy_answers import Equity, Fold, StrategyDetail

__all__ = ["draw_course"]

_AGE_S = 600.0
_LEAST_NAMED = 0.06  # of the whole axis


def draw_course(view: View, found: StrategyDetail) -> None:
    """Draw the index and the drawdown of a strategy."""
    curve = view.load(
        f"equity:{found.id}:{found.version}",
        lambda: view.patient_client.equity(found.id),
        max_age_s=_AGE_S,
    )
    if curve is None:
        return
    if len(curve.time) < 2:
        view.empty("strategy.no_course")
        return
    end = curve.time[-1] if found.selected_until is None else found.selected_until
    figure = walk_forward_figure(
        [_on_axis(view, each) for each in curve.time],
        _numbers(curve.equity),
        _numbers(curve.buy_and_hold),
        _on_axis(view, end),
        _spans(view, found.folds or (), curve.time[-1] - curve.time[0]),
        name=None,
        labels={
            "index": view.text("strategy.index"),
            "buy and hold": view.text("strategy.buy_and_hold"),
            "in sample": view.text("strategy.in_sample"),
            "out of sample": view.text("strategy.out_of_sample"),
            "drawdown": view.text("strategy.drawdown"),
            "time (UTC)": "",
        },
    )
    plot(figure, f"course-{found.id}", view.text("strategy.course_alt"))
    st.caption(_told(view, curve, end))


def _on_axis(view: View, ms: int) -> int:
    """Return a time as the clock of the viewer's zone shows it, for an axis without zones."""
    local = view.local(ms)
    return int(1_000 * local.replace(tzinfo=UTC).timestamp())


def _numbers(values: Sequence[float | None]) -> "np.ndarray":
    return np.array([math.nan if value is None else value for value in values], float)


def _spans(view: View, folds: Sequence[Fold], whole_ms: int) -> list[tuple[int, int, str]]:
    """Return the test spans with their names; one that has just begun has no room for a name."""
    unseen = [fold for fold in folds if fold.kind != "train"]
    return [
        (
            _on_axis(view, fold.start),
            _on_axis(view, fold.stop),
            f"{view.word('fold', fold.kind)} {number}" if fold.stop - fold.start >= _LEAST_NAMED * whole_ms else "",
        )
        for number, fold in enumerate(unseen, start=1)
    ]


def _told(view: View, curve: Equity, end: int) -> str:
    """Say what it made, and what holding made, before and after its selection."""
    seen = sum(each <= end for each in curve.time)
    edge = max(seen - 1, 0)
    parts = []
    for name, part in (
        (view.text("strategy.in_sample"), slice(0, seen)),
        (view.text("strategy.out_of_sample"), slice(edge, None)),
    ):
        made, held = _change(curve.equity[part]), _change(curve.buy_and_hold[part])
        parts.append(
            view.text(
                "strategy.made", part=name, n=view.percent(made, signed=True), held=view.percent(held, signed=True)
            )
        )
    return f"{' · '.join(parts)}. {view.text('strategy.zone', zone=view.zone.key)}"


def _change(values: Sequence[float | None]) -> float | None:
    if len(values) < 2 or values[0] is None or values[-1] is None or values[0] <= 0.0:
        return None
    return values[-1] / values[0] - 1.0
