"""How returns are distributed: how often what was lost, and what was won."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from backtest.errors import BacktestError
from backtest.figure_style import BLUE, GREY, VERMILION

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["return_histogram_figure"]

_HEIGHT = 340


def return_histogram_figure(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    mean: float | None = None,
    median: float | None = None,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw how often returns fell between edges.

    Parameters
    ----------
    edges : sequence of float, shape (n + 1,)
        Ascending; net returns as fractions.
    counts : sequence of int, shape (n,)
        How many lie between two of them.
    mean, median : float, optional
        Of all of them: vertical lines.
    labels : mapping of str to str, optional
        Other words for return, count, mean and median.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars below 0 hatched.

    Raises
    ------
    BacktestError
        If there is not one edge more than counts.

    Examples
    --------
    >>> figure = return_histogram_figure([-0.01, 0.0, 0.02], [3, 5], mean=0.004)
    >>> list(figure.data[0].y)
    [3, 5]
    """
    import plotly.graph_objects as go

    if len(edges) != len(counts) + 1:
        raise BacktestError(f"edges must be one more than counts, were {len(edges)} and {len(counts)}")
    words = {name: name for name in ("return", "count", "mean", "median")} | dict(labels or {})
    spans = list(pairwise(edges))
    lost = [low + high < 0.0 for low, high in spans]
    figure = go.Figure()
    figure.add_bar(
        x=[(low + high) / 2.0 for low, high in spans],
        y=list(counts),
        width=[0.96 * (high - low) for low, high in spans],
        marker={
            "color": [VERMILION if loss else BLUE for loss in lost],
            "pattern": {"shape": ["/" if loss else "" for loss in lost], "size": 5, "solidity": 0.4},
            "line": {"width": 0},
        },
        customdata=spans,
        hovertemplate=f"%{{customdata[0]:+.2%}} … %{{customdata[1]:+.2%}}<br>{words['count']} %{{y:,}}<extra></extra>",
        showlegend=False,
    )
    lines = [
        (value, words[name], dash)
        for value, name, dash in ((mean, "mean", "dash"), (median, "median", "dot"))
        if value is not None
    ]
    for number, (value, name, dash) in enumerate(sorted(lines)):  # the lower one says its name on its left
        place = "top right" if number or len(lines) == 1 else "top left"
        named = {"annotation_text": f"{name} {value:+.2%}", "annotation_position": place, "annotation_yshift": 16}
        figure.add_vline(value, line={"color": GREY, "width": 1.5, "dash": dash}, **named)
    figure.update_xaxes(title_text=words["return"], tickformat="+.1~%", zeroline=True)
    figure.update_yaxes(title_text=words["count"], tickformat=",d", rangemode="tozero")
    figure.update_layout(height=_HEIGHT, margin={"l": 60, "r": 15, "t": 40, "b": 45})
    return figure
