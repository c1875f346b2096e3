"""Who changed the configuration: what, when and why, as the operations log keeps it."""

from collections.abc import Iterator, Mapping
from typing import Any

from ui.desk_answers import OperationsLogRow
from ui.panel import View, html_table, pager
from ui.panel.formats import ABSENT
from ui.settings_parts.fields import FIELDS, shown_value

__all__ = ["draw_history"]

_ACTION = "change_config"
_PER_PAGE = 10


def draw_history(view: View) -> None:
    """Draw a page of the changes, the newest first; a line for each value."""
    with pager(view, "config-history", None) as pages:
        found = view.load(
            f"config-history:{pages.cursor}",
            lambda: view.client.operations_log(action=_ACTION, limit=_PER_PAGE, cursor=pages.cursor),
        )
        if found is None:
            return
        pages.show(found)
    rows = [row for change in found.items for row in _rows(view, change)]
    if not rows:
        view.empty("settings.history_empty")
        return
    titles = (
        "settings.when",
        "settings.by",
        "settings.value",
        "settings.before",
        "settings.after",
        "settings.reason",
    )
    html_table(view, titles, rows, text_columns=len(titles))


def _rows(view: View, change: OperationsLogRow) -> Iterator[tuple[str, ...]]:
    """Give a row for each value that a change has changed."""
    before, after = change.before or {}, change.after or {}
    when, reason = view.moment(change.ts, seconds=True), change.reason or ABSENT
    for field in FIELDS:
        was, now = _value(before, field.part, field.name), _value(after, field.part, field.name)
        if was != now:
            told = (shown_value(view, field, was), shown_value(view, field, now))
            yield when, change.actor, view.text(field.title), *told, reason


def _value(told: Mapping[str, Any], part: str, name: str) -> Any:
    values = told.get(part)
    return values.get(name) if isinstance(values, Mapping) else None
