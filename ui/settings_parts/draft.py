"""What somebody has entered and not saved yet, and on which version of the configuration it is based."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from ui.desk_answers import Config
from ui.settings_parts.fields import FIELDS, Field, values_of

__all__ = ["Draft"]

_BASE = "settings.base"
_EDITION = "settings.edition"
_BEGUN_WITH = "settings.begun_with"


class Draft:
    """The configuration as it was read, and what is entered in its place.

    The entered values are those of widgets whose keys carry an edition: whatever begins anew gets widgets of its own.
    Each begins with its value as its default; the session state of a widget is never written, since the browser may
    miss that and then sends the default back as if it had been entered.

    Parameters
    ----------
    base : Config
        As it was read; what was being edited before stays what is edited.
    """

    def __init__(self, base: Config) -> None:
        kept: Config | None = st.session_state.get(_BASE)
        self.base = base if kept is None else kept
        if kept is None or (kept.version < base.version and not self.changed):
            self.take(base)

    def key(self, field: Field) -> str:
        """Return the key of a field's widget."""
        return f"settings.{st.session_state[_EDITION]}.{field.name}"

    @property
    def begun_with(self) -> dict[str, Any]:
        """What the widgets begin with, by field name."""
        entered: Mapping[str, Any] = st.session_state[_BEGUN_WITH]
        return {**values_of(self.base), **entered}

    @property
    def values(self) -> dict[str, Any]:
        """All values as entered, by field name."""
        begun_with = self.begun_with
        return {field.name: st.session_state.get(self.key(field), begun_with[field.name]) for field in FIELDS}

    @property
    def changed(self) -> list[Field]:
        """The fields that differ from what was read."""
        read, entered = values_of(self.base), self.values
        return [field for field in FIELDS if read[field.name] != entered[field.name]]

    @property
    def config(self) -> Config:
        """What is to be saved, of the version that was read."""
        entered = self.values
        auto = {field.name: entered[field.name] for field in FIELDS if field.part == "auto_trading"}
        management = {field.name: entered[field.name] for field in FIELDS if field.part == "management"}
        return replace(
            self.base,
            auto_trading=replace(self.base.auto_trading, **auto),
            management=replace(self.base.management, **management),
        )

    def take(self, config: Config) -> None:
        """Begin anew with a configuration: what was entered is forgotten."""
        self._begin(config, {})

    def put_on(self, config: Config) -> None:
        """Keep what was changed, on another version of the configuration; the rest becomes that of it."""
        entered = self.values
        self._begin(config, {field.name: entered[field.name] for field in self.changed})

    def undo(self) -> None:
        """Forget what was entered."""
        self._begin(self.base, {})

    def _begin(self, base: Config, entered: Mapping[str, Any]) -> None:
        self.base = st.session_state[_BASE] = base
        st.session_state[_BEGUN_WITH] = dict(entered)
        st.session_state[_EDITION] = st.session_state.get(_EDITION, 0) + 1
