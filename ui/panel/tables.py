"""Tables: right-aligned numbers with fixed decimals, times in the viewer's zone, "–" for what is absent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import streamlit as st

from ui.panel.formats import ABSENT
from ui.panel.view import View

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ROW_PX", "Column", "chosen_rows", "column_configs", "frame_of", "table"]

Kind = Literal["text", "number", "percent", "bar", "moment", "spark", "tick"]

ROW_PX = 36
"""Height of a row, in pixels."""

_MOST_PX = 640


class _Options(TypedDict):
    """What every table has."""

    hide_index: bool
    column_config: dict[str, Any]
    key: str
    row_height: int
    placeholder: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    field : str
        Attribute of a row.
    title : str
        Key of the catalogue.
    kind : str
        text; number and percent (of a ratio) with `decimals`; bar, without the number, of 0..100; moment, of ms UTC;
        spark, a line of some numbers; tick, of a bool.
    decimals : int
        Of a number.
    words : str
        Group of the catalogue in which a text is looked up, such as state.
    width : int or None
        In pixels; as wide as needed by default.
    pinned : bool
        Whether it stays in sight.
    """

    field: str
    title: str
    kind: Kind = "text"
    decimals: int = 0
    words: str = ""
    width: int | None = None
    pinned: bool = False

    @property
    def name(self) -> str:
        """Of the column in the table: a number and its bar are two columns of one field."""
        return f"{self.field}.bar" if self.kind == "bar" else self.field


def table(
    view: View,
    rows: Iterable[object],
    columns: Sequence[Column],
    key: str,
    *,
    select: Literal["no", "one", "many"] = "no",
    height_px: int | None = None,
) -> list[int]:
    """Draw a table.

    Parameters
    ----------
    view : View
        For whom.
    rows : iterable
        Values with the columns' fields; a page of a list, never a whole one.
    columns : sequence of Column
        From the left to the right.
    key : str
        Stays the same while the rows change.
    select : {"no", "one", "many"}
        How many rows may be chosen.
    height_px : int, optional
        By default as high as its rows, 640 pixels at most.

    Returns
    -------
    list of int
        Numbers of the chosen rows.
    """
    listed = list(rows)
    frame = frame_of(view, listed, columns)
    high = min(_MOST_PX, ROW_PX * (len(listed) + 1) + 3) if height_px is None else height_px
    options: _Options = {
        "hide_index": True,
        "column_config": column_configs(view, columns),
        "key": key,
        "row_height": ROW_PX,
        "placeholder": ABSENT,
    }
    if select == "no":
        st.dataframe(frame, height=high, **options)
        return []
    mode: Literal["single-row", "multi-row"] = "single-row" if select == "one" else "multi-row"
    chosen = st.dataframe(frame, height=high, **options, on_select="rerun", selection_mode=mode)
    return [number for number in chosen.selection.rows if number < len(listed)]


def chosen_rows(key: str) -> list[int]:
    """Return the rows that are chosen in a table that is drawn later: it must show the same rows meanwhile.

    Parameters
    ----------
    key : str
        Of the table.

    Returns
    -------
    list of int
        Their numbers.
    """
    state = st.session_state.get(key)
    return [] if state is None else list(state["selection"]["rows"])


def frame_of(view: View, rows: Sequence[object], columns: Sequence[Column]) -> "pd.DataFrame":
    """Return rows as a table of what their columns show.

    Parameters
    ----------
    view : View
        For whom.
    rows : sequence
        Values with the columns' fields.
    columns : sequence of Column
        From the left to the right.

    Returns
    -------
    DataFrame
        A column a field, absent values as such.
    """
    import pandas as pd

    columns_of: dict[str, Any] = {}
    for column in columns:
        values = [getattr(row, column.field) for row in rows]
        match column.kind:
            case "text" if column.words:
                made: Any = [view.word(column.words, value) for value in values]
            case "text":
                made = [ABSENT if value is None else str(value) for value in values]
            case "moment":
                times = pd.to_datetime(pd.Series(values, dtype="Int64"), unit="ms", utc=True)
                made = times.dt.tz_convert(view.zone)
            case "spark":
                made = [None if value is None else list(value) for value in values]
            case "tick":
                made = values
            case "percent":
                made = pd.Series(values, dtype="Float64") * 100.0
            case _:
                made = pd.Series([None if value is None else float(value) for value in values], dtype="Float64")
        columns_of[column.name] = made
    return pd.DataFrame(columns_of, index=range(len(rows)))


def column_configs(view: View, columns: Iterable[Column], marks: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return how Streamlit shows columns.

    Parameters
    ----------
    view : View
        For whom.
    columns : iterable of Column
        Of a table.
    marks : mapping of str to str, optional
        What is added to some titles, by the name of the column.

    Returns
    -------
    dict
        By name.
    """
    return {each.name: _config(view, each, (marks or {}).get(each.name, "")) for each in columns}


def _config(view: View, column: Column, mark: str) -> Any:
    title = view.text(column.title) + mark
    kept: dict[str, Any] = {"width": column.width, "pinned": column.pinned or None}
    match column.kind:
        case "number":
            return st.column_config.NumberColumn(title, format=f"%,.{column.decimals}f", **kept)
        case "percent":
            return st.column_config.NumberColumn(title, format=f"%,.{column.decimals}f%%", **kept)
        case "bar":
            return st.column_config.ProgressColumn(title, format=" ", min_value=0.0, max_value=100.0, **kept)
        case "moment":
            return st.column_config.DatetimeColumn(title, format="YYYY-MM-DD HH:mm:ss", timezone=view.zone.key, **kept)
        case "spark":
            return st.column_config.LineChartColumn(title, **kept)
        case "tick":
            return st.column_config.CheckboxColumn(title, **kept)
        case _:
            return st.column_config.TextColumn(title, **kept)
