"""The fields of the configuration; a rule that is broken stands beside its field."""

import streamlit as st

from ui.panel import Action, View, action_button
from ui.panel.states import notice
from ui.settings_parts.draft import Draft
from ui.settings_parts.fields import FIELDS, MODES, Field, problem_of, shown_value, values_of

__all__ = ["draw_form"]

_AUTO = "AUTO"


def draw_form(view: View, draft: Draft) -> None:
    """Draw all fields, and the buttons that save and undo.

    Parameters
    ----------
    view : View
        For whom; who may only read cannot enter anything.
    draft : Draft
        What is edited.
    """
    left, right = st.columns(2, gap="large")
    for place, part, title in (
        (left, "auto_trading", view.text("settings.trading")),
        (right, "management", view.text("settings.roster")),
    ):
        with place:
            st.subheader(title, anchor=False)
            for field in FIELDS:
                if field.part == part:
                    _field(view, draft, field)
    _buttons(view, draft)


def _field(view: View, draft: Draft, field: Field) -> None:
    key, label, off = draft.key(field), view.text(field.title), not view.may_operate
    value = draft.begun_with[field.name]
    if field.kind == "switch":
        st.toggle(label, value, key=key, disabled=off)
    elif field.kind == "mode":
        place = MODES.index(value)
        st.selectbox(label, MODES, place, format_func=lambda mode: view.word("mode", mode), key=key, disabled=off)
    else:
        if field.unit:
            label = f"{label} · {view.text(field.unit)}"
        step, form = (1, "%d") if field.kind == "whole" else (1.0, f"%.{field.decimals}f")
        begins = float(value) if field.kind == "number" else value
        st.number_input(label, value=begins, step=step, format=form, key=key, disabled=off)
    st.caption(view.text(field.about))
    problem = problem_of(view, field, draft.values)
    if problem:
        st.html(notice("error", problem))


def _buttons(view: View, draft: Draft) -> None:
    changed = draft.changed
    broken = [field for field in FIELDS if problem_of(view, field, draft.values)]
    unavailable = ""
    if not changed:
        unavailable = view.text("settings.nothing_changed")
    elif broken:
        unavailable = view.text("settings.broken", fields=", ".join(view.text(field.title) for field in broken))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="settings-buttons"):
        action_button(
            view,
            view.text("settings.save"),
            lambda: _save(view, draft),
            "settings.save",
            unavailable=unavailable,
            primary=True,
        )
        st.button(view.text("settings.undo"), key="settings.undo", disabled=not changed, on_click=draft.undo)
        if unavailable and view.may_operate:
            st.caption(unavailable, width="content")


def _save(view: View, draft: Draft) -> Action:
    config, read, entered = draft.config, values_of(draft.base), draft.values
    lines = [
        f"- {view.text(field.title)}: {shown_value(view, field, read[field.name])} → "
        f"**{shown_value(view, field, entered[field.name])}**"
        for field in draft.changed
    ]
    by_itself = entered["enabled"] and entered["mode"] == "auto"
    was_by_itself = read["enabled"] and read["mode"] == "auto"
    lines.append(view.text("settings.by_itself") if by_itself and not was_by_itself else "")

    def call(reason: str, key: str) -> object:
        saved = view.patient_client.put_config(config, reason or None, key=key)
        draft.take(saved)
        return saved

    return Action(
        title=view.text("settings.save_title"),
        explanation="\n".join(lines),
        call=call,
        button=view.text("settings.save"),
        typed=_AUTO if by_itself and not was_by_itself else None,
    )
