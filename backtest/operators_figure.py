"""What varies strategies, and how often that made better ones."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backtest.errors import BacktestError
from backtest.figure_style import BLUE, check_lengths

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["operators_figure"]

_ROW_PX = 30
_AROUND_PX = 75
_FEW = 0.01


def operators_figure(
    operators: Sequence[str],
    tried: Sequence[int],
    accepted: Sequence[int],
    *,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw the share of each operator's children that were taken.

    Parameters
    ----------
    operators : sequence of str, shape (n,)
        From above to below.
    tried : sequence of int, shape (n,)
        Children of each.
    accepted : sequence of int, shape (n,)
        How many of them were taken into the population.
    labels : mapping of str to str
        Other words for success and of, as in "12 of 340".

    Returns
    -------
    plotly.graph_objects.Figure
        A bar for each, with its counts beside it; none where nothing was tried.

    Raises
    ------
    BacktestError
        If the columns are not of one length, or more were taken than tried.

    Examples
    --------
    >>> list(operators_figure(["crossover"], [8], [2]).data[0].text)
    ['25.0%  2 of 8']
    >>> list(operators_figure(["crossover"], [2_177], [1]).data[0].text)
    ['0.05%  1 of 2,177']
    """
    import plotly.graph_objects as go

    check_lengths(operators, tried, accepted)
    for name, all_, taken in zip(operators, tried, accepted, strict=True):
        if not 0 <= taken <= all_:
            raise BacktestError(f"accepted must be in [0, tried], was {taken} of {all_} for {name}")
    words = {"success": "taken into the population", "of": "of"} | dict(labels or {})
    ratios = [taken / all_ if all_ else None for all_, taken in zip(tried, accepted, strict=True)]
    figure = go.Figure(
        go.Bar(
            x=ratios,
            y=list(operators),
            orientation="h",
            marker={"color": BLUE},
            text=[
                "–" if ratio is None else f"{ratio:{_decimals(ratio)}}  {taken:,} {words['of']} {all_:,}"
                for ratio, all_, taken in zip(ratios, tried, accepted, strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}<br>%{text}<extra></extra>",
        )
    )
    highest = max((ratio for ratio in ratios if ratio is not None), default=0.0)
    figure.update_xaxes(
        title_text=words["success"], tickformat=".1~%", range=[0.0, 1.6 * highest or 1.0], zeroline=False, nticks=5
    )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, automargin=True)
    figure.update_layout(
        height=_ROW_PX * max(len(operators), 3) + _AROUND_PX, margin={"l": 10, "r": 15, "t": 10, "b": 45}
    )
    return figure


def _decimals(ratio: float) -> str:
    return ".2%" if 0.0 < ratio < _FEW else ".1%"
