"""What scores come out where there is no edge: the yardstick for every score."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from backtest.errors import BacktestError
from backtest.figure_style import GREY, ORANGE, VERMILION, lay_out, title_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["null_distribution_figure"]

_BINS = 50


def null_distribution_figure(
    null_scores: ArrayLike,
    observed: float | None = None,
    threshold: float = 65.0,
    *,
    name: str = "",
    origin: str = "",
) -> "go.Figure":
    """Draw how the SCS of strategies without an edge is distributed.

    Parameters
    ----------
    null_scores : array_like of float, shape (n,)
        SCS, 0..100, of strategies that cannot have an edge: on shuffled or simulated prices, or with random entries.
    observed : float, optional
        SCS of the strategy that is judged.
    threshold : float
        SCS that real money asks for.
    name : str
        Headline; the number of strategies unless given.
    origin : str
        Origin of the candles; simulated markets say so in the title.

    Returns
    -------
    plotly.graph_objects.Figure
        Counts on a logarithmic axis, because the tail is what matters. Title and lines say how many are at or beyond
        the threshold and the observed score.

    Raises
    ------
    BacktestError
        If there is no score, or one is outside of 0..100.

    Examples
    --------
    >>> figure = null_distribution_figure([0.0, 0.0, 12.0, 70.0], observed=40.0)
    >>> "1 of 4 (25%) at or beyond 65" in figure.layout.title.text
    True
    """
    import plotly.graph_objects as go

    scores = np.asarray(null_scores, float).ravel()
    if not scores.size:
        raise BacktestError("null_scores must hold at least one score, held none; score strategies without an edge")
    odd = ~((scores >= 0.0) & (scores <= 100.0))
    if odd.any():
        raise BacktestError(f"null_scores must be in [0, 100], was {scores[odd][0]}; leave out what has no score")
    counts, edges = np.histogram(scores, bins=_BINS, range=(0.0, 100.0))
    width = 100.0 / _BINS
    bars = go.Bar(
        x=edges[:-1] + width / 2,
        y=counts,
        width=width,
        marker={"color": GREY, "line": {"width": 1, "color": "white"}},
        name="without an edge",
        hovertemplate="SCS %{x:.0f} ± 1: %{y:,}<extra></extra>",
    )
    figure = go.Figure(bars)
    said = [f"threshold: {_beyond(scores, threshold)}"]
    below = observed is not None and observed < threshold  # the names of the lines stand on their outer sides
    lines = [(threshold, f"threshold {threshold:g}", VERMILION, "dash", below)]
    if observed is not None:
        said.append(f"observed score: {_beyond(scores, observed)}")
        lines.append((observed, f"observed {observed:.1f}", ORANGE, "solid", not below))
    for level, text, color, dash, rightwards in lines:
        figure.add_vline(
            level,
            line={"color": color, "width": 2, "dash": dash},
            annotation_text=text,
            annotation_position="top right" if rightwards else "top left",
        )
    figure.update_xaxes(title_text="SCS", range=[0, 100])
    figure.update_yaxes(title_text="strategies", type="log")
    title = title_of(name or f"SCS of {scores.size:,} strategies without an edge", *said, origin=origin)
    return lay_out(figure, title, 450, bargap=0)


def _beyond(scores: np.ndarray, level: float) -> str:
    beyond = int(np.count_nonzero(scores >= level))
    return f"{beyond:,} of {scores.size:,} ({100 * beyond / scores.size:.3g}%) at or beyond {level:g}"
