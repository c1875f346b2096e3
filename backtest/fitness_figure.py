"""How good a population has become: the best member and the quartiles, generation by generation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backtest.figure_style import BLUE, GREY, ORANGE, check_lengths, lay_out_plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["fitness_figure"]

_HEIGHT = 340


def fitness_figure(
    generations: Sequence[int],
    best: Sequence[float | None],
    q25: Sequence[float | None],
    median: Sequence[float | None],
    q75: Sequence[float | None],
    *,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw fitness over generations.

    Columns that are not of one length are refused with a `BacktestError`.

    Parameters
    ----------
    generations : sequence of int, shape (n,)
        Ascending.
    best, q25, median, q75 : sequence of (float or None), shape (n,)
        SCS on the candles that selection sees, 0..100; None leaves a hole.
    labels : mapping of str to str
        Other words for generation, score, best, median and quartiles.

    Returns
    -------
    plotly.graph_objects.Figure
        A solid line for the best, a dashed one for the median, a band between the quartiles.

    Examples
    --------
    >>> figure = fitness_figure([1, 2], [30.0, 40.0], [5.0, 8.0], [10.0, 12.0], [15.0, 20.0])
    >>> [trace.name for trace in figure.data]
    ['quartiles', 'quartiles', 'median', 'best']
    """
    import plotly.graph_objects as go

    check_lengths(generations, best, q25, median, q75)
    words = {name: name for name in ("generation", "best", "median", "quartiles")} | {"score": "SCS"}
    words |= labels or {}
    edge = {"width": 0, "color": GREY}
    figure = go.Figure()
    for column, fill in ((q25, None), (q75, "tonexty")):
        figure.add_scatter(
            x=generations,
            y=column,
            name=words["quartiles"],
            legendgroup="quartiles",
            mode="lines",
            line=edge,
            fill=fill,
            fillcolor="rgba(127,127,127,0.25)",
            showlegend=fill is not None,
            hovertemplate="%{y:.1f}",
        )
    for column, name, color, dash in ((median, "median", ORANGE, "dash"), (best, "best", BLUE, "solid")):
        figure.add_scatter(
            x=generations,
            y=column,
            name=words[name],
            mode="lines+markers" if len(generations) == 1 else "lines",
            line={"color": color, "width": 2, "dash": dash},
            hovertemplate="%{y:.1f}",
        )
    figure.update_xaxes(title_text=words["generation"], zeroline=False, tickformat=",d", nticks=8)
    figure.update_yaxes(title_text=words["score"], rangemode="tozero", zeroline=False)
    return lay_out_plain(figure, _HEIGHT, hovermode="x unified")
