"""Commands that were given on a page, followed until they are done, refused or failed."""

import html
from dataclasses import dataclass, replace

import streamlit as st

from ui.desk_answers import Accepted, Command
from ui.errors import ClientError
from ui.panel.view import View

__all__ = ["Followed", "draw_followed", "follow"]

_LIST = "evoq.followed"
_MOST = 5
_EVERY_S = 1.0
_TONES = {"done": "good", "refused": "bad", "failed": "bad", "unknown": "warn"}
_SHAPES = {"good": "●", "bad": "■", "warn": "▲"}


@dataclass(frozen=True, slots=True)
class Followed:
    """A command and how it stands.

    Attributes
    ----------
    command_id : str
        Of the desk; empty for what was done at once.
    words : str
        What was told, for people.
    status : str
        accepted, running, done, refused or failed; unknown if the desk does not know it.
    detail : str
        What the desk says about it.
    """

    command_id: str
    words: str
    status: str
    detail: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in ("accepted", "running")


def follow(words: str, answer: object) -> None:
    """Follow what a write has returned; the strip below the header shows how it stands.

    Parameters
    ----------
    words : str
        What was told, for people.
    answer : Accepted or object
        Anything but an Accepted was done at once.
    """
    new = (
        Followed(answer.command_id, words, answer.status)
        if isinstance(answer, Accepted)
        else Followed("", words, "done")
    )
    st.session_state[_LIST] = [new, *st.session_state.get(_LIST, [])][:_MOST]


def draw_followed(view: View) -> None:
    """Draw the strip: nothing, if no command was given."""
    shown: list[Followed] = st.session_state.get(_LIST, [])
    if not shown:
        return
    if all(each.ended for each in shown):
        _strip(view)
    else:
        view.live(lambda: _look(view), _EVERY_S)


def _look(view: View) -> None:
    """Ask how commands stand, and draw them; the page is drawn anew when one has ended."""
    before: list[Followed] = st.session_state.get(_LIST, [])
    after = [each if each.ended else _asked(view, each) for each in before]
    st.session_state[_LIST] = after
    if any(new.ended and not old.ended for new, old in zip(after, before, strict=True)):
        view.loads.expire()
        st.rerun()
    _strip(view)


def _asked(view: View, followed: Followed) -> Followed:
    key = f"command:{followed.command_id}"
    loaded = view.loads.get(key, lambda: view.client.command(followed.command_id), 0.0)
    found: Command | None = loaded.value
    if found is not None:
        return replace(followed, status=found.status, detail=found.detail or "")
    error: ClientError | None = loaded.error
    refused = error is not None and error.status is not None and error.status < 500
    return replace(followed, status="unknown", detail=str(error)) if refused else followed


def _strip(view: View) -> None:
    shown: list[Followed] = st.session_state.get(_LIST, [])
    with st.container(horizontal=True, vertical_alignment="center", key="evoq-followed"):
        st.html("".join(_row(view, each) for each in shown))
        if all(each.ended for each in shown) and st.button(view.text("command.dismiss"), key="evoq.dismiss"):
            st.session_state[_LIST] = []
            st.rerun()


def _row(view: View, followed: Followed) -> str:
    tone = _TONES.get(followed.status, "plain")
    shape = _SHAPES.get(tone, "◌")
    detail = f' <span class="evoq-muted">{html.escape(followed.detail)}</span>' if followed.detail else ""
    status = html.escape(view.word("command", followed.status))
    return (
        f'<div class="evoq-command evoq-tone-{tone}" role="status"><span class="evoq-shape" aria-hidden="true">{shape}'
        f"</span> <b>{status}</b> {html.escape(followed.words)}{detail}</div>"
    )
