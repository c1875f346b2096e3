"""Where nothing was measured for a while: the desk was down then, and no line is drawn across."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from ui.page import Milliseconds
from ui.system_answers import History

__all__ = ["with_outages"]

_MOST_STEPS = 3

Value = TypeVar("Value")


def with_outages(history: History) -> History:
    """Return a history with a point of absent values at the beginning of each outage, where lines break.

    Parameters
    ----------
    history : History
        Points without a measure are left out of it.

    Returns
    -------
    History
        The same one, unless two points lie further apart than three steps.
    """
    most_ms = _MOST_STEPS * history.step_ms
    before = [place for place, (last, following) in enumerate(pairwise(history.time)) if following - last > most_ms]
    if not before:
        return history
    series = {
        name: replace(
            one,
            mean=_with(one.mean, before, [None] * len(before)),
            lowest=_with(one.lowest, before, [None] * len(before)),
            highest=_with(one.highest, before, [None] * len(before)),
        )
        for name, one in history.series.items()
        if len(one.mean) == len(one.lowest) == len(one.highest) == len(history.time)
    }
    ends = [Milliseconds(history.time[place] + history.step_ms) for place in before]
    return replace(history, time=_with(history.time, before, ends), series=series)


def _with(values: Sequence[Value], behind: Sequence[int], added: Sequence[Value]) -> tuple[Value, ...]:
    """Return values with one more behind each of some places, ascending."""
    found = list(values)
    for place, value in zip(reversed(behind), reversed(added), strict=True):
        found.insert(place + 1, value)
    return tuple(found)
