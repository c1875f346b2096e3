"""Answers as DataFrames: times as times in UTC, absent numbers as NaN, the id as index."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from ui.page import Milliseconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame_of", "times_of"]


def frame_of(kind: type, values: Iterable[Any]) -> "pd.DataFrame":
    """Return answers as a table.

    Parameters
    ----------
    kind : type
        Their dataclass, which names the columns even where there is no row.
    values : iterable
        Instances of it.

    Returns
    -------
    DataFrame
        One row each, in their order; the index is `id` where they have one.
    """
    import pandas as pd

    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    table = pd.DataFrame([asdict(value) for value in values], columns=names)
    for name in names:
        kinds = {hints[name], *get_args(hints[name])}
        if Milliseconds in kinds:
            table[name] = times_of(table[name])
        elif float in kinds and kinds <= {float, type(None), hints[name]}:
            table[name] = table[name].astype(float)
    return table.set_index("id") if "id" in names else table


def times_of(values: Any) -> Any:
    """Return times.

    Parameters
    ----------
    values : sequence of int, or Series
        ms UTC since 1970; None where there is none.

    Returns
    -------
    DatetimeIndex or Series
        In UTC, of the kind that was given.
    """
    import pandas as pd

    found = pd.to_datetime(values, unit="ms", utc=True)
    return found.dt.as_unit("ms") if isinstance(found, pd.Series) else found.as_unit("ms")
