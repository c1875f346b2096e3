"""How measures of the machine went."""

import time
from collections.abc import Mapping

import streamlit as st

from backtest.plots import Measure, measures_figure
from ui.panel import View, plot
from ui.system_answers import History, Series
from ui.system_parts.outages import with_outages

__all__ = ["HOURS", "draw_measures"]

HOURS: Mapping[str, int] = {"1h": 1, "6h": 6, "24h": 24, "7d": 168}
"""Spans that are drawn, by name."""

_FIELDS = ("cpu_pct", "memory_pct", "desk_memory_mb", "disk_pct", "db_latency_ms")
_POINTS = 240
_AGE_S = 5.0


def draw_measures(view: View, span: str) -> None:
    """Draw how measures went until now.

    Parameters
    ----------
    view : View
        For whom.
    span : str
        Of `HOURS`.
    """
    found = view.load(f"history:{span}", lambda: _asked(view, HOURS[span]), max_age_s=_AGE_S)
    if found is None:
        return
    titles = {
        "cpu_pct": (view.text("system.cpu") + ", %", 100.0),
        "memory_pct": (view.text("system.memory") + ", %", 100.0),
        "desk_memory_mb": (view.text("system.desk_memory_title") + ", MiB", None),
        "disk_pct": (view.text("system.disk") + ", %", 100.0),
        "db_latency_ms": (view.text("system.db_latency") + ", ms", None),
    }
    measures = [
        Measure(titles[name][0], series.mean, series.highest, titles[name][1])
        for name in _FIELDS
        if (series := _whole(found.series.get(name), len(found.time))) is not None
    ]
    if not found.time or not measures:
        view.empty("system.not_measured")
        return
    words = {"mean": view.text("system.mean"), "highest": view.text("system.highest")}
    figure = measures_figure([view.local(each) for each in found.time], measures, labels=words)
    plot(figure, f"system-measures-{span}", view.text("system.measures_alt", n=view.number(len(measures))))
    st.caption(view.text("system.zone", zone=view.zone.key))


def _asked(view: View, hours: int) -> History:
    since = int(1_000 * (time.time() - 3_600 * hours))
    return with_outages(view.client.history(fields=_FIELDS, since=since, points=_POINTS))


def _whole(series: Series | None, points: int) -> Series | None:
    """Return a series that has a value for every point of time; None where there is none."""
    return series if series is not None and len(series.mean) == len(series.highest) == points else None
