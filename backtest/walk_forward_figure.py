"""An index over time, with what selection saw and what it did not told apart."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from backtest.errors import BacktestError
from backtest.figure_style import BLUE, GREY, ORANGE, TIME_TICKS, VERMILION, curve, drawdown_of, lay_out, title_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["walk_forward_figure"]

_HEIGHT, _BARE_HEIGHT = 700, 480
_WORDS = ("index", "buy and hold", "in sample", "out of sample", "drawdown", "time (UTC)")


def walk_forward_figure(
    times: ArrayLike,
    index: ArrayLike,
    buy_and_hold: ArrayLike,
    selected_until: int,
    spans: Sequence[tuple[int, int, str]] = (),
    *,
    name: str | None = "",
    reason: str = "",
    origin: str = "",
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw the index of a strategy, or the stitched one of a run, in sample and out of sample.

    Parameters
    ----------
    times : array_like of int64, shape (n,)
        Time of every value, ms, ascending; equal neighbours are allowed. UTC, unless `labels` name another zone.
    index : array_like of float, shape (n,)
        Compounded net returns, as `Report.index` or `OutOfSample.index`; NaN is not drawn.
    buy_and_hold : array_like of float, shape (n,)
        What holding one unit would have made of 1.
    selected_until : int
        Last instant that selection saw, ms UTC: what is later is out of sample. It may lie outside of `times`.
    spans : sequence of (start, stop, label)
        Test spans of a walk-forward, ms UTC; their boundaries become vertical lines.
    name : str
        Headline, "momentum on BTC/USDT 1h · binance"; None leaves the title to the page around it.
    reason : str
        `Grade.reason`: "C: 12 out-of-sample trades, needs 30".
    origin : str
        Origin of the candles; simulated markets say so in the title.
    labels : mapping of str to str, optional
        Other words for index, buy and hold, in sample, out of sample, drawdown and time (UTC).

    Returns
    -------
    plotly.graph_objects.Figure
        Index and drawdown over one time axis. Lengths that differ, no value, and times that descend are a
        `BacktestError`.

    Examples
    --------
    >>> day = 86_400_000
    >>> figure = walk_forward_figure([0, day, 2 * day], [1.0, 1.2, 1.1], [1.0, 1.0, 1.1], day, reason="C: too short")
    >>> [trace.name for trace in figure.data]
    ['buy and hold', 'in sample', 'out of sample', 'drawdown']
    """
    from plotly.subplots import make_subplots

    instants, level, held = _checked(times, index, buy_and_hold)
    words = {name: name for name in _WORDS} | dict(labels or {})
    when = instants.astype("datetime64[ms]")
    seen = int(np.searchsorted(instants, selected_until, side="right"))
    edge = max(seen - 1, 0) if seen < len(when) else seen  # both parts share a value: the line is whole
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.03, row_heights=[0.7, 0.3])
    for trace in (
        curve(when, held, words["buy and hold"], GREY, width=1.2),
        curve(when[:seen], level[:seen], words["in sample"], BLUE, width=1.2),
        curve(when[edge:], level[edge:], words["out of sample"], ORANGE, width=2.5),
    ):
        figure.add_trace(trace, row=1, col=1)
    figure.add_trace(curve(when, drawdown_of(level), words["drawdown"], VERMILION, fill="tozeroy"), row=2, col=1)
    figure.update_yaxes(title_text=words["index"], row=1, col=1)
    figure.update_yaxes(title_text=words["drawdown"], tickformat=".1~%", maxallowed=0.0, row=2, col=1)
    figure.update_xaxes(title_text=words["time (UTC)"], tickformatstops=TIME_TICKS, row=2, col=1)
    title = (
        None
        if name is None
        else title_of(
            name or "walk-forward",
            f"grade {reason}" if reason else "",
            " · ".join(
                f"{part} {_change(level[values])} (buy and hold {_change(held[values])})"
                for part, values in (("in sample", slice(0, seen)), ("out of sample", slice(edge, None)))
                if len(level[values]) > 1
            ),
            origin=origin,
        )
    )
    shapes = [_line(instant) for instant in sorted({instant for start, stop, _ in spans for instant in (start, stop)})]
    if instants[0] <= selected_until < instants[-1]:
        shapes.append(_shade(selected_until, int(instants[-1])))
    return lay_out(
        figure,
        title,
        _BARE_HEIGHT if title is None else _HEIGHT,
        hovermode="x",
        shapes=shapes,
        annotations=[_label(*span) for span in spans],
    )


def _checked(times: ArrayLike, index: ArrayLike, held: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    instants, level, market = np.asarray(times, np.int64), np.asarray(index, float), np.asarray(held, float)
    if not (instants.shape == level.shape == market.shape and instants.ndim == 1 and instants.size):
        raise BacktestError(
            "times, index and buy_and_hold must be columns of one length, at least 1, had shapes "
            f"{instants.shape}, {level.shape} and {market.shape}; give a time with every value"
        )
    back = np.flatnonzero(np.diff(instants) < 0)
    if back.size:
        raise BacktestError(f"times must not descend, did after {instants[back[0]]} at {back[0]}; sort the values")
    return instants, level, market


def _change(values: np.ndarray) -> str:
    if len(values) < 2 or not values[0] > 0.0 or math.isnan(values[-1]):
        return "undefined"
    return f"{values[-1] / values[0] - 1.0:+.1%}"


def _line(instant: int) -> dict[str, Any]:
    x = pd.Timestamp(instant, unit="ms")
    line = {"color": GREY, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "xref": "x", "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _shade(start: int, stop: int) -> dict[str, Any]:
    x0, x1 = pd.Timestamp(start, unit="ms"), pd.Timestamp(stop, unit="ms")
    look = {"fillcolor": ORANGE, "opacity": 0.08, "layer": "below", "line": {"width": 0}}
    return {"type": "rect", "x0": x0, "x1": x1, "xref": "x", "y0": 0, "y1": 1, "yref": "paper"} | look


def _label(start: int, stop: int, text: str) -> dict[str, Any]:
    middle = pd.Timestamp((start + stop) // 2, unit="ms")
    place = {"x": middle, "xref": "x", "y": 1, "yref": "paper", "yanchor": "top"}
    return place | {"text": html.escape(text), "showarrow": False, "font": {"size": 10, "color": GREY}}
