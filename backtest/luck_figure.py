"""What survived selection beside the best that luck alone brings forth."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from backtest.errors import BacktestError
from backtest.figure_style import BLUE, GREY, VERMILION, lay_out_plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["luck_figure"]

_HEIGHT = 340


def luck_figure(
    edges: Sequence[float],
    luck: Sequence[int],
    survived: Sequence[int],
    *,
    threshold: float | None = None,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw two histograms of scores, each as shares of its own total.

    Parameters
    ----------
    edges : sequence of float, shape (n + 1,)
        Of the bins, ascending; SCS, 0..100.
    luck : sequence of int, shape (n,)
        Counts of the best strategy of many searches where there is no edge.
    survived : sequence of int, shape (n,)
        Counts of the strategies that selection has left.
    threshold : float, optional
        SCS that real money asks for.
    labels : mapping of str to str
        Other words for score, share, luck, survived and threshold.

    Returns
    -------
    plotly.graph_objects.Figure
        Hatched bars of luck behind an outline of what survived.

    Raises
    ------
    BacktestError
        If there is not one count for every bin.

    Examples
    --------
    >>> figure = luck_figure([0, 50, 100], [3, 1], [0, 2])
    >>> list(figure.data[0].y), list(figure.data[1].y)
    ([0.75, 0.25], [0.0, 1.0])
    """
    import plotly.graph_objects as go

    if len(luck) != len(edges) - 1 or len(survived) != len(edges) - 1:
        raise BacktestError(
            f"counts must be one for each of {len(edges) - 1} bins, were {len(luck)} of luck and {len(survived)} of "
            "what survived"
        )
    words = {name: name for name in ("share", "luck", "survived", "threshold")} | {"score": "SCS"}
    words |= labels or {}
    ends = np.asarray(edges, float)
    middle, width = (ends[:-1] + ends[1:]) / 2.0, np.diff(ends)
    looks = (
        ("luck", luck, {"color": "rgba(127,127,127,0.35)", "pattern": {"shape": "/", "fgcolor": GREY, "size": 5}}),
        ("survived", survived, {"color": "rgba(0,114,178,0.25)", "line": {"color": BLUE, "width": 2}}),
    )
    figure = go.Figure()
    for name, counts, marker in looks:
        total = sum(counts)
        figure.add_bar(
            x=middle,
            y=[count / total if total else 0.0 for count in counts],
            width=width,
            name=f"{words[name]} ({total:,})",
            marker=marker,
            customdata=np.stack([ends[:-1], ends[1:], np.asarray(counts, float)], axis=-1),
            hovertemplate=f"{words['score']} %{{customdata[0]:g}}–%{{customdata[1]:g}}: "
            "%{y:.1%} (%{customdata[2]:,})"
            f"<extra>{words[name]}</extra>",
        )
    if threshold is not None:
        figure.add_vline(
            threshold,
            line={"color": VERMILION, "width": 2, "dash": "dash"},
            annotation_text=f"{words['threshold']} {threshold:g}",
            annotation_position="top right",
        )
    figure.update_xaxes(title_text=words["score"], range=[float(ends[0]), float(ends[-1])], zeroline=False)
    figure.update_yaxes(title_text=words["share"], tickformat=".0%", zeroline=False)
    return lay_out_plain(figure, _HEIGHT, barmode="overlay", bargap=0)
