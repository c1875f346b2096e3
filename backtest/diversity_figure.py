"""Whether a population still searches: its diversity, and how much of the archive is filled."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backtest.figure_style import GREEN, VERMILION, check_lengths, lay_out_plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["diversity_figure"]

_HEIGHT = 300


def diversity_figure(
    generations: Sequence[int],
    diversity: Sequence[float | None],
    coverage: Sequence[float | None],
    *,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw diversity and coverage over generations.

    Columns that are not of one length are refused with a `BacktestError`.

    Parameters
    ----------
    generations : sequence of int, shape (n,)
        Ascending.
    diversity : sequence of (float or None), shape (n,)
        How far members are from each other, 0..1.
    coverage : sequence of (float or None), shape (n,)
        Share of the archive's cells with an elite, 0..1.
    labels : mapping of str to str
        Other words for generation, diversity and coverage.

    Returns
    -------
    plotly.graph_objects.Figure
        A solid line and a dotted one, in per cent.

    Examples
    --------
    >>> [trace.name for trace in diversity_figure([1, 2], [0.4, 0.3], [0.1, 0.2]).data]
    ['diversity', 'coverage']
    """
    import plotly.graph_objects as go

    check_lengths(generations, diversity, coverage)
    words = {name: name for name in ("generation", "diversity", "coverage")} | dict(labels or {})
    figure = go.Figure()
    for column, name, color, dash in (
        (diversity, "diversity", GREEN, "solid"),
        (coverage, "coverage", VERMILION, "dot"),
    ):
        figure.add_scatter(
            x=generations,
            y=column,
            name=words[name],
            mode="lines+markers" if len(generations) == 1 else "lines",
            line={"color": color, "width": 2, "dash": dash},
            hovertemplate="%{y:.1%}",
        )
    figure.update_xaxes(title_text=words["generation"], zeroline=False, tickformat=",d", nticks=8)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", zeroline=False)
    return lay_out_plain(figure, _HEIGHT, hovermode="x unified")
