"""A price with what a strategy did: where it entered and left, what it held, and what its selection had not seen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from backtest.errors import BacktestError
from backtest.figure_style import BLUE, GREEN, GREY, ORANGE, TIME_TICKS, VERMILION

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["trade_chart_figure"]

_HEIGHT = 520
_CLEAR = "rgba(0,0,0,0)"
_WORDS = ("price", "long", "short", "won", "lost", "held", "unseen")


def trade_chart_figure(
    times: Sequence[datetime],
    open_: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    side: Sequence[int],
    *,
    entries: Sequence[tuple[datetime, float, int]] = (),
    exits: Sequence[tuple[datetime, float, float | None]] = (),
    unseen: Sequence[tuple[datetime, datetime]] = (),
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw candles with trades. Whoever draws a box over them selects a span of time.

    Parameters
    ----------
    times : sequence of datetime, shape (n,)
        When each candle opens, ascending; in the zone that is shown.
    open_, high, low, close : sequence of float, shape (n,)
        Candles; many are merged before (`backtest.downsample.downsample_bars` keeps their extremes).
    side : sequence of int, shape (n,)
        What was held at the end of each: 1 long, 0 nothing, -1 short.
    entries : sequence of (datetime, float, int)
        Time, price and side.
    exits : sequence of (datetime, float, float or None)
        Time, price and net return of the trade, a fraction.
    unseen : sequence of (datetime, datetime)
        Spans that selection had not seen: tests and what is later. They are shaded.
    labels : mapping of str to str, optional
        Other words for price, long, short, won, lost, held and unseen.

    Returns
    -------
    plotly.graph_objects.Figure
        Candles above, what was held below.

    Raises
    ------
    BacktestError
        If the columns are not of one length.

    Examples
    --------
    >>> day = datetime(2026, 1, 1), datetime(2026, 1, 2)
    >>> figure = trade_chart_figure(day, [1.0, 2.0], [2.5, 3.0], [0.5, 1.0], [2.0, 1.5], [1, 0],
    ...                             entries=[(day[0], 1.0, 1)], exits=[(day[1], 2.0, 1.0)])
    >>> [trace.name for trace in figure.data]
    ['price', 'held: long', 'long', 'won']
    """
    import plotly.graph_objects as go

    lengths = {len(each) for each in (times, open_, high, low, close, side)}
    if len(lengths) > 1:
        raise BacktestError(f"columns must be of one length, were of {sorted(lengths)}")
    words = {name: name for name in _WORDS} | dict(labels or {})
    figure = go.Figure()
    figure.add_candlestick(
        x=times,
        open=open_,
        high=high,
        low=low,
        close=close,
        name=words["price"],
        showlegend=False,
        increasing={"line": {"color": GREY, "width": 1}, "fillcolor": _CLEAR},
        decreasing={"line": {"color": GREY, "width": 1}, "fillcolor": GREY},
        hoverinfo="x+y",
    )
    _add_held(figure, times, side, words)
    _add_marks(figure, entries, exits, words)
    for since, until in unseen:
        if len(times) and until > times[0] and since < times[-1]:
            within = max(since, times[0]), min(until, times[-1])
            figure.add_vrect(*within, fillcolor=ORANGE, opacity=0.1, line={"width": 0}, layer="below")
    figure.update_xaxes(rangeslider={"visible": False}, anchor="y2", showgrid=False, tickformatstops=TIME_TICKS)
    figure.update_layout(
        yaxis={"title": {"text": words["price"]}, "domain": [0.12, 1.0], "tickformat": ",.8~r", "zeroline": False},
        yaxis2={"domain": [0.0, 0.07], "range": [-1.2, 1.2], "visible": False, "fixedrange": True},
        height=_HEIGHT,
        margin={"l": 70, "r": 10, "t": 40, "b": 35},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0},
        dragmode="select",
        selectdirection="h",
        hovermode="closest",
        bargap=0.0,
    )
    return figure


def _add_held(figure: "go.Figure", times: Sequence[datetime], side: Sequence[int], words: Mapping[str, str]) -> None:
    """Draw what was held as a strip: up in one colour, down in another."""
    for value, name, color in ((1, "long", BLUE), (-1, "short", ORANGE)):
        if value not in side:
            continue
        said = f"{words['held']}: {words[name]}"
        figure.add_bar(
            x=times,
            y=[value if each == value else None for each in side],
            yaxis="y2",
            name=said,
            showlegend=False,
            marker={"color": color, "line": {"width": 0}},
            hovertemplate=f"%{{x|%Y-%m-%d %H:%M}}<extra>{said}</extra>",
        )


def _add_marks(
    figure: "go.Figure",
    entries: Sequence[tuple[datetime, float, int]],
    exits: Sequence[tuple[datetime, float, float | None]],
    words: Mapping[str, str],
) -> None:
    """Draw entries by side and exits by result, each with a shape of its own."""
    shown = (
        ("long", "triangle-up", BLUE, [mark for mark in entries if mark[2] > 0]),
        ("short", "triangle-down", ORANGE, [mark for mark in entries if mark[2] < 0]),
        ("won", "circle", GREEN, [mark for mark in exits if mark[2] is not None and mark[2] > 0.0]),
        ("lost", "x", VERMILION, [mark for mark in exits if mark[2] is None or mark[2] <= 0.0]),
    )
    for name, symbol, color, marks in shown:
        if not marks:
            continue
        exit_ = name in ("won", "lost")
        figure.add_scatter(
            x=[mark[0] for mark in marks],
            y=[mark[1] for mark in marks],
            mode="markers",
            name=words[name],
            marker={"symbol": symbol, "color": color, "size": 10, "line": {"width": 1, "color": "white"}},
            customdata=[mark[2] for mark in marks],
            hovertemplate="%{x|%Y-%m-%d %H:%M}<br>%{y:,.8~r}"
            + ("<br>%{customdata:+.2%}" if exit_ else "")
            + f"<extra>{words[name]}</extra>",
        )
