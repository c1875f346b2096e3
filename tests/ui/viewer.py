"""A viewer of the panel: Streamlit's AppTest with the session's cookie, a clock of its own, and words to look for."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from stand_in_desk import TOKEN, StandInDesk
from streamlit.runtime import context
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from ui.panel import streamlit_script
from ui.panel.catalogue import catalogue
from ui.panel.discovery import FoundPage, discovered_pages
from ui.panel.loads import Loads

_TIMEOUT_S = 30.0


class Viewer:
    """Somebody who is signed in."""

    def __init__(self, desk: StandInDesk, monkeypatch: pytest.MonkeyPatch, token: str | None = TOKEN) -> None:
        cookies = {} if token is None else {"evoq_session": token}
        # AppTest has no browser: this is what st.context reads cookies from
        monkeypatch.setattr(context, "_get_client_context", lambda: SimpleNamespace(cookies=cookies, headers=[]))
        monkeypatch.setenv("EVOQ_API_URL", desk.url)
        self.seconds = 1_000.0
        self.at = AppTest.from_file(Path(streamlit_script.__file__), default_timeout=_TIMEOUT_S)
        self.at.session_state["evoq.loads"] = Loads(lambda: self.seconds, lambda: 1_795_000_000.0 + self.seconds)
        self.at.context["timezone"] = "Europe/Berlin"
        self.language = "en"

    def open(self, path: str = "", *, language: str = "en", **query: str) -> "Viewer":
        """Open a page by its address."""
        self.language = language
        self.at.context["locale"] = {"en": "en-GB", "zh": "zh-CN"}[language]
        self.at.context["url"] = f"http://127.0.0.1:8501/{path}"
        self.at.query_params.update(query)
        name = path or next(each for each in discovered_pages() if not each.page.path).name.rpartition(".")[2]
        self.at._page_hash = calc_hash(name)  # switch_page() knows files only, our pages are functions
        return self.run()

    def run(self) -> "Viewer":
        """Draw the page again."""
        self.at.run()
        assert [each.value for each in self.at.exception] == []
        return self

    def later(self, seconds: float) -> "Viewer":
        """Draw the page again after some time."""
        self.seconds += seconds
        return self.run()

    def confirm(self, button: str, reason: str = "", typed: str | None = None) -> "Viewer":
        """Press a button by its key, and do what its dialog asks for."""
        self.at.button(button).click()
        self.run()
        self.at.text_input("evoq.reason").set_value(reason)
        if typed is not None:
            self.at.text_input("evoq.typed").set_value(typed)
        next(each for each in self.at.button if each.proto.is_form_submitter).click()
        return self.run()

    def text(self, key: str, **values: object) -> str:
        return catalogue(self.language).text(key, **values)

    def word(self, group: str, value: str | None) -> str:
        return catalogue(self.language).word(group, value)

    @property
    def states(self) -> list[str]:
        """The states that parts of the page say they are in: loading, empty, stale, error, failed."""
        return re.findall(r'class="evoq-state evoq-(\w+)"', self.html)

    @property
    def html(self) -> str:
        """All HTML of the page."""
        return "\n".join(each.value for each in self.at.get("html"))

    @property
    def words(self) -> str:
        """What can be read on the page, in tables too."""
        parts = [str(part) for each in self.at._tree for part in _read(each)]  # main, sidebar and dialogs
        tables = [each.value.to_string() for each in self.at.dataframe]
        return re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", "\n".join([self.html, *parts, *tables]))


def _read(element: object) -> list[object]:
    found = [getattr(element, name, None) for name in ("value", "label", "help")]
    return [each for each in found if isinstance(each, str)]


def all_pages() -> list[FoundPage]:
    return list(discovered_pages())
