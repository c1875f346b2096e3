"""What is left of the leaders' Sharpe ratios after counting how many strategies were tried."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backtest.figure_style import BLUE, GREY, VERMILION, check_lengths, lay_out_plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["deflated_sharpe_figure"]

_ROW_PX = 22
_AROUND_PX = 95


def deflated_sharpe_figure(
    names: Sequence[str],
    raw: Sequence[float | None],
    effective: Sequence[float | None],
    *,
    needed: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw the deflated Sharpe ratio of strategies, with every trial counted and with independent ones only.

    Columns that are not of one length are refused with a `BacktestError`.

    Parameters
    ----------
    names : sequence of str, shape (n,)
        Of the strategies, from above to below; each once.
    raw : sequence of (float or None), shape (n,)
        Probability of a true Sharpe ratio above that of luck, 0..1, with every trial counted as independent.
    effective : sequence of (float or None), shape (n,)
        The same with as many trials as are effectively independent.
    needed : float
        What grade A asks for.
    labels : mapping of str to str
        Other words for probability, raw, effective and needed.

    Returns
    -------
    plotly.graph_objects.Figure
        A hollow circle and a filled diamond in each row.

    Examples
    --------
    >>> [trace.name for trace in deflated_sharpe_figure(["a"], [0.2], [0.6]).data]
    ['', 'all trials', 'effective trials']
    """
    import plotly.graph_objects as go

    check_lengths(names, raw, effective)
    words = {
        "probability": "deflated Sharpe ratio",
        "raw": "all trials",
        "effective": "effective trials",
        "needed": "grade A",
    } | dict(labels or {})
    between_x: list[float | None] = []
    between_y: list[str | None] = []
    for name, low, high in zip(names, raw, effective, strict=True):
        between_x += [low, high, None]
        between_y += [name, name, None]
    line = {"color": GREY, "width": 2}
    figure = go.Figure(
        go.Scatter(x=between_x, y=between_y, mode="lines", line=line, name="", showlegend=False, hoverinfo="skip")
    )
    for column, name, symbol, color in (
        (raw, "raw", "circle-open", VERMILION),
        (effective, "effective", "diamond", BLUE),
    ):
        figure.add_scatter(
            x=column,
            y=list(names),
            mode="markers",
            name=words[name],
            marker={"symbol": symbol, "size": 9, "color": color, "line": {"width": 2, "color": color}},
            hovertemplate=f"%{{y}}<br>{words[name]}: %{{x:.3f}}<extra></extra>",
        )
    figure.add_vline(
        needed,
        line={"color": GREY, "width": 1, "dash": "dash"},
        annotation_text=f"{words['needed']} {needed:g}",
        annotation_position="top left",
    )
    figure.update_xaxes(title_text=words["probability"], range=[-0.02, 1.02], zeroline=False)
    rows = [len(names) - 0.5, -1.1]  # downwards, with room for what the line means above the first one
    figure.update_yaxes(type="category", range=rows, automargin=True)
    height = _ROW_PX * max(len(names) + 1, 5) + _AROUND_PX
    return lay_out_plain(figure, height, hovermode="closest")
