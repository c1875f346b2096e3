"""A new run in place of the present one, with settings that are checked before anything is asked."""

import secrets
from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.evolution_answers import Run
from ui.panel import Action, View, action_button
from ui.panel.first_answer import first_answer
from ui.panel.states import notice

__all__ = ["draw_new_run"]

_RULES: Mapping[str, tuple[int, int]] = {
    "population": (16, 20_000),
    "seed": (0, 2**53),
    "generations_per_window": (1, 1_000_000),
    "evolution_interval": (0, 31_622_400),
}
_DEFAULTS: Mapping[str, int] = {"population": 1_034, "seed": 7, "generations_per_window": 50}
_TYPED = "NEW RUN"


def draw_new_run(view: View) -> None:
    """Draw what a new run is asked to do, and the button that begins it."""
    config = first_answer(view, "config", view.client.config)
    runs = first_answer(view, "runs", view.client.runs)
    if config is None or runs is None:
        return
    present = runs[0] if runs else None
    begun = dict(_DEFAULTS) | _settings(present) | {"evolution_interval": round(config.auto_trading.evolution_interval)}
    labels = {
        "population": view.text("evolution.population"),
        "seed": view.text("evolution.seed"),
        "generations_per_window": view.text("evolution.per_window"),
        "evolution_interval": view.text("evolution.pause_after"),
    }
    asked: dict[str, Any] = {}
    for place, name in zip(st.columns(len(labels)), labels, strict=True):
        with place:
            asked[name] = st.number_input(
                labels[name], value=begun[name], step=1, key=f"new_run.{name}", disabled=not view.may_operate
            )
    problems = {name: problem for name in labels if (problem := _problem(view, labels[name], name, asked[name]))}
    for name, problem in problems.items():
        if asked[name] != begun[name]:  # what nobody has entered is nobody's mistake
            st.html(notice("error", problem))
    st.caption(view.text("evolution.new_run_about"))
    with st.container(horizontal=True, gap="small", key="new-run-buttons"):
        action_button(
            view,
            view.text("evolution.new_run_button"),
            lambda: _begin(view, asked, labels),
            "new_run.begin",
            unavailable=" ".join(problems.values()),
        )
        st.button(
            view.text("evolution.other_seed"), key="new_run.seed_button", disabled=not view.may_operate, on_click=_seed
        )


def _settings(run: Run | None) -> dict[str, int]:
    """Return what the present run was asked to do, where it says so."""
    if run is None:
        return {}
    asked = {name: getattr(run.settings, name) for name in _DEFAULTS}
    return {name: value for name, value in asked.items() if value is not None}


def _seed() -> None:
    st.session_state["new_run.seed"] = secrets.randbelow(1_000_000)


def _problem(view: View, label: str, name: str, value: int | None) -> str:
    """Return which rule a value breaks, and the cure; empty if none."""
    least, most = _RULES[name]
    if value is not None and least <= value <= most:
        return ""
    return view.text(
        "evolution.out_of_range",
        name=label,
        least=view.number(least),
        most=view.number(most),
        value=view.number(value),
    )


def _begin(view: View, asked: Mapping[str, Any], labels: Mapping[str, str]) -> Action:
    lines = "\n".join(f"- {labels[name]}: **{view.number(value)}**" for name, value in asked.items())
    return Action(
        title=view.text("evolution.new_run_title"),
        explanation=f"{view.text('evolution.new_run_what')}\n\n{lines}",
        call=lambda reason, key: view.patient_client.start_evolution(reason, **asked, key=key),
        button=view.text("evolution.new_run_button"),
        typed=_TYPED,
    )
