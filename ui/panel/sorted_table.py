"""A part of a long list that the desk sorts: a click on a title sorts, one on a row opens, boxes choose rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from ui.panel.formats import ABSENT
from ui.panel.tables import ROW_PX, Column, column_configs, frame_of
from ui.panel.view import View

__all__ = ["Order", "Touched", "begin_anew", "has_marks", "sorted_table"]

_SORT = "sort"
_MARKS = {True: " ↓", False: " ↑"}
_FALLING = frozenset({"number", "percent", "bar", "moment"})  # numbers are mostly asked for from the top
_IN_SIGHT = 10
_HEAD_PX = 40
_MOST_PX = 760


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted.

    Attributes
    ----------
    field : str
        By which column.
    falling : bool
        Whether the highest comes first.
    """

    field: str
    falling: bool

    @classmethod
    def of(cls, columns: Sequence[Column], default: "Order") -> "Order":
        """Return what the address says.

        Parameters
        ----------
        columns : sequence of Column
            Those that the desk can sort by.
        default : Order
            Where it names none of them.

        Returns
        -------
        Order
            Of the list.
        """
        asked = st.query_params.get(_SORT, "")
        field = asked.removeprefix("-")
        return cls(field, asked.startswith("-")) if field in {column.field for column in columns} else default

    @property
    def asked(self) -> str:
        """What the desk is asked for."""
        return f"{'-' * self.falling}{self.field}"


@dataclass(frozen=True, slots=True)
class Touched:
    """What was done to a table.

    Attributes
    ----------
    rows : tuple of int
        Numbers of the chosen rows.
    opened : int or None
        Number of the row that was clicked.
    """

    rows: tuple[int, ...]
    opened: int | None


def has_marks(name: str) -> bool:
    """Tell whether rows of a table are marked, or one was just clicked: they should stay where they are."""
    selection = st.session_state.get(_key(name), {}).get("selection", {})
    return bool(selection.get("rows") or selection.get("cells"))


def begin_anew(name: str) -> None:
    """Take all marks of a table away: where its rows are others now, and when it is sorted."""
    st.session_state[f"{name}.begun"] = st.session_state.get(f"{name}.begun", 0) + 1


def sorted_table(
    view: View,
    rows: Sequence[object],
    columns: Sequence[Column],
    name: str,
    order: Order,
    unsorted: frozenset[str] = frozenset(),
) -> Touched:
    """Draw a part of a list; a column far on the right comes to the front when the list is sorted by it.

    Parameters
    ----------
    view : View
        For whom.
    rows : sequence
        Values with the columns' fields.
    columns : sequence of Column
        From the left to the right.
    name : str
        Of the table; it stays the same while the rows change.
    order : Order
        In which they are.
    unsorted : frozenset of str
        Fields that the desk cannot sort by.

    Returns
    -------
    Touched
        What the reader did.
    """
    sortable = {
        column.name: Order(column.field, falling=column.kind in _FALLING)
        for column in columns
        if column.field not in unsorted
    }
    shown = [
        replace(column, pinned=True) if place >= _IN_SIGHT and column.field == order.field else column
        for place, column in enumerate(columns)
    ]
    chosen = st.dataframe(
        frame_of(view, rows, shown),
        height=min(_MOST_PX, ROW_PX * len(rows) + _HEAD_PX),
        hide_index=True,
        column_config=column_configs(view, shown, {order.field: _MARKS[order.falling]}),
        key=_key(name),
        row_height=ROW_PX,
        placeholder=ABSENT,
        on_select=lambda: _title_clicked(name, order, sortable),
        selection_mode=["multi-row", "single-column", "single-cell"],
    )
    picked = tuple(number for number in chosen.selection.rows if number < len(rows))
    cells = [cell[0] for cell in chosen.selection.cells if cell[0] < len(rows)]
    return Touched(picked, cells[0] if cells else None)


def _key(name: str) -> str:
    return f"{name}-{st.session_state.get(f'{name}.begun', 0)}"


def _title_clicked(name: str, order: Order, sortable: Mapping[str, Order]) -> None:
    """Sort by the column whose title was clicked; the other way round, if it is already sorted by it."""
    titles = st.session_state[_key(name)]["selection"]["columns"]
    if not titles:
        return
    begin_anew(name)  # or the title would stay marked
    wanted = sortable.get(titles[0])
    if wanted is not None:
        again = wanted.field == order.field
        st.query_params[_SORT] = (replace(order, falling=not order.falling) if again else wanted).asked
