"""The values of the configuration: their names for people, and the rules that the desk has for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ui.desk_answers import Config
from ui.panel import View

__all__ = ["FIELDS", "MODES", "Field", "problem_of", "shown_value", "values_of"]

MODES = ("paper_only", "manual", "auto")


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the configuration.

    Attributes
    ----------
    part, name : str
        Where it stands in a `Config`.
    title, about : str
        Keys of the catalogue.
    kind : str
        switch, mode, whole or number.
    least, most : float
        The range of a number.
    unit : str
        Key of the catalogue; empty for a number of things.
    decimals : int
        Of a number.
    """

    part: Literal["auto_trading", "management"]
    name: str
    title: str
    about: str
    kind: Literal["switch", "mode", "whole", "number"]
    least: float = 0
    most: float = 0
    unit: str = ""
    decimals: int = 0


FIELDS = (
    Field("auto_trading", "enabled", "settings.enabled", "settings.enabled_about", "switch"),
    Field("auto_trading", "mode", "settings.mode", "settings.mode_about", "mode"),
    Field("auto_trading", "max_strategies", "settings.max_live", "settings.max_live_about", "whole", 0, 100_000),
    Field(
        "auto_trading", "real_trading_threshold", "settings.threshold", "settings.threshold_about", "number", 0, 100,
        "settings.points", 1,
    ),
    Field(
        "auto_trading", "evolution_interval", "settings.interval", "settings.interval_about", "number", 0, 31_622_400,
        "settings.seconds", 1,
    ),
    Field("management", "auto_enable", "settings.auto_enable", "settings.auto_enable_about", "switch"),
    Field("management", "max_enabled", "settings.max_enabled", "settings.max_enabled_about", "whole", 0, 100_000),
    Field("management", "min_oos_trades", "settings.min_trades", "settings.min_trades_about", "whole", 0, 1_000_000),
    Field(
        "management", "demote_below", "settings.demote", "settings.demote_about", "number", 0, 100, "settings.points", 1
    ),
    Field(
        "management", "retire_after_days", "settings.retire", "settings.retire_about", "number", 0, 36_600,
        "settings.days", 1,
    ),
)  # fmt: skip


def values_of(config: Config) -> dict[str, Any]:
    """Return the values of a configuration by field name."""
    return {field.name: getattr(getattr(config, field.part), field.name) for field in FIELDS}


def problem_of(view: View, field: Field, values: Mapping[str, Any]) -> str:
    """Return which rule a value breaks, and the cure.

    Parameters
    ----------
    view : View
        For whom.
    field : Field
        Which value.
    values : mapping
        All values, by field name.

    Returns
    -------
    str
        Empty if it breaks none.
    """
    value = values[field.name]
    if field.kind in ("switch", "mode"):
        return ""
    if not field.least <= value <= field.most:
        return view.text(
            "settings.out_of_range",
            least=_range_end(view, field.least),
            most=_range_end(view, field.most),
            value=shown_value(view, field, value),
        )
    threshold = values["real_trading_threshold"]
    if field.name == "demote_below" and value > threshold:
        return view.text(
            "settings.demote_above", value=view.number(value, field.decimals), threshold=view.number(threshold, 1)
        )
    return ""


def shown_value(view: View, field: Field, value: Any) -> str:
    """Return a value as people read it."""
    if field.kind == "switch":
        return view.text("settings.on") if value else view.text("settings.off")
    if field.kind == "mode":
        return view.word("mode", value)
    return view.number(value, field.decimals, view.text(field.unit) if field.unit else "")


def _range_end(view: View, end: float) -> str:
    return view.number(end)
