"""What all figures share: colours, titles, layout.

Colours are those of Okabe and Ito (2008), which colour-blind people can tell apart; shapes repeat what colours say.
Curves are downsampled with their extremes kept, so that a million bars stay light.
"""

import html
from collections.abc import Collection, Sequence, Sized
from typing import TYPE_CHECKING, Any

import numpy as np

from backtest.downsample import downsample
from backtest.errors import BacktestError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "BLUE", "GREEN", "GREY", "OKABE_ITO", "ORANGE", "SYMBOLS", "TIME_TICKS", "VERMILION",
    "check_lengths", "curve", "drawdown_of", "lay_out", "lay_out_plain", "marks_of", "title_of",
]  # fmt: skip

BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#7f7f7f"
OKABE_ITO = (BLUE, ORANGE, GREEN, VERMILION, "#CC79A7", "#56B4E9", "#8C6D1F", GREY)
SYMBOLS = ("circle", "diamond", "triangle-up", "square", "x", "cross", "triangle-down", "star")
TIME_TICKS: tuple[dict[str, Any], ...] = (
    {"dtickrange": [None, 60_000], "value": "%H:%M:%S\n%Y-%m-%d"},
    {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%Y-%m-%d"},
    {"dtickrange": [86_400_000, "M1"], "value": "%m-%d\n%Y"},
    {"dtickrange": ["M1", None], "value": "%Y-%m"},
)
"""How a time axis tells times, in every language: `tickformatstops`."""
_MOST_POINTS = 3000


def title_of(headline: str, *lines: str, origin: str = "") -> str:
    """Return a title in HTML: a bold headline, which says where the market is simulated, and smaller lines.

    Parameters
    ----------
    headline : str
        Plain text.
    *lines : str
        Plain text; empty ones are left out.
    origin : str
        "real:VENUE" or "simulated:SEED" of the candles; empty where nothing was traded.

    Returns
    -------
    str
        All text is escaped.
    """
    label = "SIMULATED MARKET · " if origin.startswith("simulated:") else ""
    smaller = "".join(f"<br><sup>{html.escape(line)}</sup>" for line in lines if line)
    return f"<b>{label}{html.escape(headline)}</b>{smaller}"


def lay_out(figure: "go.Figure", title: str | None, height: int, **layout: Any) -> "go.Figure":
    """Give a figure its title and the look of all figures, and return it; with None, its page has the title."""
    if title is not None:
        figure.update_layout(title={"text": title, "x": 0.01, "xanchor": "left"})
    figure.update_layout(
        template="plotly_white",
        height=height,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1.0, "xanchor": "right"},
        margin={"l": 70, "r": 20, "t": 110 if title is not None else 40, "b": 50},
        **layout,
    )
    return figure


def lay_out_plain(figure: "go.Figure", height: int, **layout: Any) -> "go.Figure":
    """Give a figure the look of one that a page has a title for: its legend above it; and return it."""
    figure.update_layout(
        height=height,
        margin={"l": 55, "r": 15, "t": 25, "b": 45},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0.0},
    )
    return figure.update_layout(**layout)


def check_lengths(*columns: Sized) -> None:
    """Check that columns are of one length.

    Parameters
    ----------
    *columns : sized
        Of a figure.

    Raises
    ------
    BacktestError
        If they are not.
    """
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise BacktestError(f"columns must be of one length, were of {sorted(lengths)}")


def marks_of(known: Sequence[str], shown: Collection[str]) -> dict[str, dict[str, str]]:
    """Return a colour and a shape for each of some kinds, the same whichever others there are.

    Parameters
    ----------
    known : sequence of str
        Kinds that have a place of their own; no two of the first 64 look the same.
    shown : collection of str
        Kinds that are drawn; those that are not known take the places behind, by name.

    Returns
    -------
    dict
        Of each kind that is drawn, by name: color and symbol of a marker.

    Examples
    --------
    >>> marks_of(["grid", "momentum"], ["momentum"])
    {'momentum': {'color': '#E69F00', 'symbol': 'diamond'}}
    """
    places = {name: place for place, name in enumerate([*known, *sorted(set(shown).difference(known))])}
    return {
        name: {
            "color": OKABE_ITO[places[name] % len(OKABE_ITO)],
            "symbol": SYMBOLS[(places[name] + places[name] // len(OKABE_ITO)) % len(SYMBOLS)],
        }
        for name in sorted(set(shown))
    }


def curve(
    times: np.ndarray, values: np.ndarray, name: str, color: str, width: float = 1.5, fill: str | None = None
) -> "go.Scatter":
    """Return a line over time, downsampled.

    Parameters
    ----------
    times : ndarray of datetime64[ms], shape (n,)
        Time of every value.
    values : ndarray of float64, shape (n,)
        The curve.
    name, color : str
        For the legend, and of the line.
    width : float
        Of the line, in pixels.
    fill : str, optional
        Of the trace, "tozeroy".

    Returns
    -------
    plotly.graph_objects.Scatter
        At most 3,000 points, minima and maxima kept.
    """
    import plotly.graph_objects as go

    kept = downsample(values, _MOST_POINTS)
    line = {"color": color, "width": width}
    return go.Scatter(x=times[kept], y=values[kept], name=name, mode="lines", line=line, fill=fill)


def drawdown_of(index: np.ndarray) -> np.ndarray:
    """Return how far an index is below its highest value so far: 0, or a negative fraction; shape as given."""
    drawdown: np.ndarray = index / np.fmax.accumulate(index) - 1.0
    return drawdown
