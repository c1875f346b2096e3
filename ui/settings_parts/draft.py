"""What somebody has entered and not saved yet, and on which version of the configuration it is based."""

from dataclasses import replace
from typing import Any

import streamlit as st

from ui.desk_answers import Config
from ui.settings_parts.fields import FIELDS, Field, values_of

__all__ = ["Draft"]

_BASE = "settings.base"


class Draft:
    """The configuration as it was read, and what is entered in its place.

    The entered values are those of widgets whose keys carry the version that was read: another version has others.

    Parameters
    ----------
    base : Config
        As it was read; what was being edited before stays what is edited.
    """

    def __init__(self, base: Config) -> None:
        kept: Config | None = st.session_state.get(_BASE)
        self.base = base if kept is None else kept
        st.session_state[_BASE] = self.base
        if self.base.version < base.version and not self.changed:
            self.take(base)

    def key(self, field: Field) -> str:
        """Return the key of a field's widget."""
        return f"settings.{self.base.version}.{field.name}"

    @property
    def values(self) -> dict[str, Any]:
        """All values as entered, by field name."""
        read = values_of(self.base)
        return {field.name: st.session_state.get(self.key(field), read[field.name]) for field in FIELDS}

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
        self._forget()
        self.base = st.session_state[_BASE] = config

    def put_on(self, config: Config) -> None:
        """Keep what was changed, on another version of the configuration; the rest becomes that of it."""
        entered = {field: self.values[field.name] for field in self.changed}
        self.take(config)
        for field, value in entered.items():
            st.session_state[self.key(field)] = value

    def undo(self) -> None:
        """Forget what was entered."""
        self._forget()

    def _forget(self) -> None:
        for field in FIELDS:
            st.session_state.pop(self.key(field), None)
