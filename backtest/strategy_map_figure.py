"""All strategies as points: what their score promises against what later candles confirmed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from backtest.errors import BacktestError
from backtest.figure_style import GREY, marks_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["strategy_map_figure"]

_HEIGHT = 460
_BAND = (-17.0, -4.0)  # where those without evidence stand, spread so that each can be seen
_GOLDEN = 0.6180339887
_TICKS = (0, 20, 40, 60, 80, 100)
_TYPES = ("breakout", "high_frequency", "mean_reversion", "momentum", "trend_following")


def strategy_map_figure(
    ids: Sequence[str],
    types: Sequence[str],
    scs: Sequence[float | None],
    oos_scs: Sequence[float | None],
    *,
    threshold: float | None = None,
    hover: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw the score of strategies against their out-of-sample score, by type.

    Parameters
    ----------
    ids : sequence of str
        Kept with the points, for what is chosen.
    types : sequence of str
        Type of each: a colour and a shape, whichever other types there are.
    scs : sequence of (float or None)
        SCS on all candles, 0..100; those without one are left out.
    oos_scs : sequence of (float or None)
        SCS on candles after selection; those without one stand in a band of their own below 0.
    threshold : float, optional
        SCS that real money asks for.
    hover : sequence of str
        A line more for each point.
    names : mapping of str to str, optional
        Other words for types.
    labels : mapping of str to str, optional
        Other words for scs, oos_scs, threshold and no_evidence.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace a type, by type.

    Raises
    ------
    BacktestError
        If the columns are not of one length.

    Examples
    --------
    >>> figure = strategy_map_figure(["a", "b"], ["momentum", "grid"], [70.0, 20.0], [None, 15.0])
    >>> [trace.name for trace in figure.data]
    ['grid (1)', 'momentum (1)']
    """
    import plotly.graph_objects as go

    lengths = {len(ids), len(types), len(scs), len(oos_scs), len(hover) or len(ids)}
    if len(lengths) > 1:
        raise BacktestError(f"columns must be of one length, were of {sorted(lengths)}")
    words = {"scs": "SCS", "oos_scs": "SCS out of sample", "threshold": "threshold", "no_evidence": "no evidence yet"}
    words |= labels or {}
    kinds = np.asarray(types, object)
    x = np.asarray([np.nan if value is None else value for value in scs], float)
    y = np.asarray([np.nan if value is None else value for value in oos_scs], float)
    proven = np.isfinite(y)
    y = np.where(proven, y, _BAND[0] + (_BAND[1] - _BAND[0]) * (np.arange(len(ids)) * _GOLDEN % 1.0))
    told = np.asarray(
        [f"{value:.1f}" if known else words["no_evidence"] for value, known in zip(y, proven, strict=True)]
    )
    extra = np.asarray(hover or [""] * len(ids), object)
    own = np.asarray(ids, object)
    figure = go.Figure()
    for kind, mark in marks_of(_TYPES, types).items():
        here = (kinds == kind) & np.isfinite(x)
        name = (names or {}).get(kind, kind)
        figure.add_scatter(
            x=x[here],
            y=y[here],
            name=f"{name} ({int(here.sum()):,})",
            mode="markers",
            marker={**mark, "size": 6, "opacity": 0.75},
            customdata=np.stack([own[here], told[here], extra[here]], axis=-1),
            hovertemplate=f"%{{customdata[0]}}<br>{words['scs']} %{{x:.1f}} · {words['oos_scs']} %{{customdata[1]}}"
            "<br>%{customdata[2]}<extra>" + name + "</extra>",
        )
    if threshold is not None:
        line = {"color": GREY, "width": 1, "dash": "dash"}
        named = {"annotation_text": f"{words['threshold']} {threshold:g}", "annotation_position": "top left"}
        figure.add_vline(threshold, line=line, **named)
        figure.add_hline(threshold, line=line)
    figure.update_xaxes(title_text=words["scs"], range=[-2, 102], zeroline=False)
    figure.update_yaxes(title_text=words["oos_scs"], range=[_BAND[0] - 2.0, 102], zeroline=False, tickvals=_TICKS)
    if not proven.all():
        figure.add_hrect(*_BAND, fillcolor=GREY, opacity=0.08, line_width=0, layer="below")
        figure.add_annotation(
            text=words["no_evidence"],
            x=101,
            y=_BAND[1],
            xanchor="right",
            yanchor="bottom",
            showarrow=False,
            font_color=GREY,
        )
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 55, "r": 15, "t": 20, "b": 45},
        legend={"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0.0, "itemsizing": "constant"},
        hovermode="closest",
    )
    return figure
