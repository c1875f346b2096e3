"""Candles with their volume, and what is missing among them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from backtest.figure_style import BLUE, GREY, TIME_TICKS, VERMILION, check_lengths

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["candles_figure"]

_HEIGHT = 520
_MANY = 10_000.0
_CLEAR = "rgba(0,0,0,0)"


def candles_figure(
    times: Sequence[datetime],
    open_: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    *,
    gaps: Sequence[tuple[datetime, datetime, int]] = (),
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw candles: hollow ones rose, filled ones fell. Whoever draws a box over them selects a span of time.

    Columns that are not of one length are refused with a `BacktestError`.

    Parameters
    ----------
    times : sequence of datetime, shape (n,)
        When each candle opens, ascending; in the zone that is shown.
    open_, high, low, close, volume : sequence of float, shape (n,)
        Candles; many are merged before (`backtest.downsample.downsample_bars` keeps their extremes).
    gaps : sequence of (datetime, datetime, int)
        From when and until when candles are missing, and how many: a grey band, and a mark where it is too narrow to
        be seen. Those beyond the candles are left out.
    labels : mapping of str to str
        Other words for price, volume, open, high, low, close and gap.

    Returns
    -------
    plotly.graph_objects.Figure
        Prices above, volume below.

    Examples
    --------
    >>> day = datetime(2026, 1, 1), datetime(2026, 1, 4)
    >>> figure = candles_figure(day, [1.0, 2.0], [2.5, 3.0], [0.5, 1.0], [2.0, 1.5], [9.0, 8.0])
    >>> [trace.type for trace in figure.data]
    ['candlestick', 'bar']
    """
    import plotly.graph_objects as go

    check_lengths(times, open_, high, low, close, volume)
    words = {"price": "price", "volume": "volume", "gap": "missing"}
    words |= {name: name for name in ("open", "high", "low", "close")} | dict(labels or {})
    figure = go.Figure()
    figure.add_candlestick(
        x=times,
        open=open_,
        high=high,
        low=low,
        close=close,
        name=words["price"],
        increasing={"line": {"color": BLUE, "width": 1.2}, "fillcolor": _CLEAR},
        decreasing={"line": {"color": VERMILION, "width": 1.2}, "fillcolor": VERMILION},
        hovertemplate="%{x|%Y-%m-%d %H:%M}"
        + "".join(f"<br>{words[name]} %{{{name}:,.8~r}}" for name in ("open", "high", "low", "close"))
        + "<extra></extra>",
    )
    rose = np.asarray(close, float) >= np.asarray(open_, float)
    figure.add_bar(
        x=times,
        y=volume,
        name=words["volume"],
        yaxis="y2",
        marker={"color": np.where(rose, BLUE, VERMILION), "opacity": 0.45, "line": {"width": 0}},
        hovertemplate=f"%{{x|%Y-%m-%d %H:%M}}<br>{words['volume']} %{{y:,.5~r}}<extra></extra>",
    )
    shown = [gap for gap in gaps if len(times) and gap[1] > times[0] and gap[0] <= times[-1]]
    if shown:
        _mark_gaps(figure, shown, words["gap"])
    volumes = "~s" if max(volume, default=0.0) >= _MANY else ",.3~r"
    figure.update_xaxes(rangeslider={"visible": False}, anchor="y2", showgrid=False, tickformatstops=TIME_TICKS)
    figure.update_layout(
        yaxis={"title": {"text": words["price"]}, "domain": [0.24, 1.0], "tickformat": ",.8~r", "zeroline": False},
        yaxis2={"title": {"text": words["volume"]}, "domain": [0.0, 0.17], "nticks": 4, "tickformat": volumes},
        height=_HEIGHT,
        margin={"l": 70, "r": 10, "t": 10, "b": 35},
        showlegend=False,
        dragmode="select",
        selectdirection="h",
        hovermode="closest",
        bargap=0.1,
    )
    return figure


def _mark_gaps(figure: "go.Figure", gaps: Sequence[tuple[datetime, datetime, int]], word: str) -> None:
    """Draw a band over each gap, and a mark on its upper edge."""
    for since, until, _ in gaps:
        figure.add_vrect(since, until, fillcolor=GREY, opacity=0.3, line={"width": 1, "color": GREY}, layer="below")
    figure.add_scatter(
        x=[since + (until - since) / 2 for since, until, _ in gaps],
        y=[0.98] * len(gaps),
        yaxis="y3",
        mode="markers",
        name=word,
        marker={"symbol": "triangle-down", "size": 11, "color": GREY, "line": {"width": 1, "color": VERMILION}},
        customdata=[[missing, f"{until:%Y-%m-%d %H:%M}"] for _, until, missing in gaps],
        text=[f"{since:%Y-%m-%d %H:%M}" for since, _, _ in gaps],
        hovertemplate=f"%{{text}} – %{{customdata[1]}}<br>{word}: %{{customdata[0]:,}}<extra></extra>",
    )
    figure.update_layout(
        yaxis3={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True, "domain": [0.24, 1.0]}
    )
