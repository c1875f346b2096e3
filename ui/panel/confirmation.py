"""Whatever changes the desk is asked for in a dialog, with a reason and, where it destroys, with a typed word.

A button opens the dialog; a link never does. What the desk answers is followed in the strip below the header.
"""

import html
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.errors import ClientError, OutcomeUnknownError, UnauthorizedError
from ui.panel.followed import follow
from ui.panel.view import SIGNED_OUT, View

__all__ = ["Action", "action_button", "ask_if_wanted"]

_ASKED = "evoq.asked"
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that may be done to the desk.

    Attributes
    ----------
    title : str
        What will be done, as the title of the dialog and in the strip afterwards.
    explanation : str
        What follows from it; Markdown of ours, and no text of the desk.
    call : callable
        Given the reason and an Idempotency-Key it tells the desk, and returns its answer.
    button : str
        On the button that does it.
    typed : str or None
        What must be typed to do it; None if it can be undone.
    needs_reason : bool
        Whether it needs one; it goes to the operations log.
    listed : tuple of str
        What it is done to, a line each; plain text, of the desk too.
    takes_reason : bool
        Whether the desk keeps one of it at all.
    """

    title: str
    explanation: str
    call: Callable[[str, str], object]
    button: str
    typed: str | None = None
    needs_reason: bool = True
    listed: tuple[str, ...] = ()
    takes_reason: bool = True


@dataclass(frozen=True, slots=True)
class _Asked:
    action: Action
    key: str


def action_button(
    view: View, label: str, action: Callable[[], Action], key: str, *, unavailable: str = "", primary: bool = False
) -> None:
    """Draw a button that asks for an action; who may only read sees it disabled, with the reason.

    Parameters
    ----------
    view : View
        For whom.
    label : str
        On the button.
    action : callable
        Makes the action when the button was pressed.
    key : str
        Of the button.
    unavailable : str
        Why it cannot be done now; empty if it can.
    primary : bool
        Whether it is what people mostly want here.
    """
    reason = _not_allowed(view) or unavailable
    kind = "primary" if primary else "secondary"
    if st.button(label, key=key, disabled=bool(reason), help=reason or None, type=kind):  # type: ignore[arg-type]
        st.session_state[_ASKED] = _Asked(action(), uuid.uuid4().hex)
        st.rerun()


def ask_if_wanted(view: View) -> None:
    """Open the dialog of the action whose button was pressed; called once, before the page is drawn."""
    asked: _Asked | None = st.session_state.get(_ASKED)
    if asked is not None:
        st.dialog(asked.action.title, on_dismiss=_forget)(_dialog)(view, asked)


def _forget() -> None:
    st.session_state.pop(_ASKED, None)


def _dialog(view: View, asked: _Asked) -> None:
    action = asked.action
    st.markdown(action.explanation)
    if action.listed:
        st.html(f"<ul>{''.join(f'<li>{html.escape(line)}</li>' for line in action.listed)}</ul>")
    with st.form("evoq.confirmation", border=False):
        reason = _reason(view, action) if action.takes_reason else ""
        typed = (
            ""
            if action.typed is None
            else st.text_input(view.text("confirm.typed", word=action.typed), key="evoq.typed", autocomplete="off")
        )
        wanted = st.form_submit_button(action.button, type="primary")
    if not wanted:
        return
    if action.takes_reason and action.needs_reason and not reason.strip():
        st.error(view.text("confirm.reason_missing"))
    elif action.typed is not None and typed.strip() != action.typed:
        st.error(view.text("confirm.typed_wrong", word=action.typed))
    else:
        _do(view, asked, reason.strip())


def _reason(view: View, action: Action) -> str:
    label = view.text("confirm.reason" if action.needs_reason else "confirm.reason_optional")
    return st.text_input(label, max_chars=_LONGEST_REASON, key="evoq.reason")


def _do(view: View, asked: _Asked, reason: str) -> None:
    """Tell the desk; a lost answer may be asked for again with the same key, and is then done once."""
    try:
        answer = asked.action.call(reason, asked.key)
    except UnauthorizedError:
        st.session_state[SIGNED_OUT] = True
    except OutcomeUnknownError as error:
        st.warning(view.text("confirm.unknown", error=str(error)))
        return
    except ClientError as error:
        st.error(str(error))
        return
    else:
        follow(asked.action.title, answer)
        view.loads.expire()
    _forget()
    st.rerun()


def _not_allowed(view: View) -> str:
    if view.may_operate:
        return ""
    return view.text("role.read_only" if view.role else "role.unknown")
