"""Who changed the configuration: what, when and why; what was refused is in the operations log alone."""

from collections.abc import Iterator

from ui.desk_answers import ConfigChange
from ui.panel import View, html_table, pager
from ui.panel.formats import ABSENT
from ui.settings_parts.fields import FIELDS, shown_value

__all__ = ["draw_history"]

_PER_PAGE = 10
_FIELDS = {f"{field.part}.{field.name}": field for field in FIELDS}


def draw_history(view: View) -> None:
    """Draw a page of the changes, the newest first; a line for each value."""
    with pager(view, "config-history", None) as pages:
        found = view.load(
            f"config-history:{pages.cursor}",
            lambda: view.client.config_history(limit=_PER_PAGE, cursor=pages.cursor),
        )
        if found is None:
            return
        pages.show(found)
    if not found.items:
        view.empty("settings.history_empty")
        return
    rows = [row for change in found.items for row in _rows(view, change)]
    titles = (
        "settings.when",
        "settings.by",
        "settings.value",
        "settings.before",
        "settings.after",
        "settings.reason",
    )
    html_table(view, titles, rows, text_columns=len(titles))


def _rows(view: View, change: ConfigChange) -> Iterator[tuple[str, ...]]:
    """Give a row for each value that a change has changed; one without values where it was saved as it was."""
    when, reason = view.moment(change.ts, seconds=True), change.reason or ABSENT
    changed = [(_FIELDS[each.name], each) for each in change.changes if each.name in _FIELDS]
    for field, each in changed:
        told = (shown_value(view, field, each.before), shown_value(view, field, each.after))
        yield when, change.by, view.text(field.title), *told, reason
    if not changed:
        yield when, change.by, ABSENT, ABSENT, ABSENT, reason
