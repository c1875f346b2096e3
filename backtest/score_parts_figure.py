"""What a score is made of, and what is missing from it."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from backtest.errors import BacktestError
from backtest.figure_style import BLUE, GREY, lay_out, title_of
from backtest.score import PARTS, WEIGHTS, Score

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["score_parts_figure"]

_HEIGHT, _BARE_HEIGHT = 380, 300


def score_parts_figure(
    parts: Score | Mapping[str, float | None],
    *,
    name: str | None = "",
    origin: str = "",
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw how many points each part gives to an SCS, and how many it could give.

    Parameters
    ----------
    parts : Score or mapping of str to float
        win_rate, sharpe, profit_factor, max_drawdown and volatility, 0..1 each, before weighting; NaN or None counts
        as nothing and is called undefined. A ``total`` beside them plays no part.
    name : str
        Headline, "momentum on BTC/USDT 1h · binance"; None leaves the title to the page around it.
    origin : str
        Origin of the candles; simulated markets say so in the title.
    labels : mapping of str to str, optional
        Other words for the parts, and for most, reached, points, of and undefined.

    Returns
    -------
    plotly.graph_objects.Figure
        A horizontal bar a part, over its maximum. A part that is missing, unknown or beyond 0..1 is a
        `BacktestError`.

    Examples
    --------
    >>> figure = score_parts_figure(Score(55.0, win_rate=0.5, sharpe=1.0, profit_factor=0.5, max_drawdown=0.3,
    ...                                   volatility=0.05))
    >>> figure.data[1].y[0], figure.data[1].x[0]
    ('win rate', 15.0)
    """
    import plotly.graph_objects as go

    values = _checked(parts)
    words = {name: name for name in ("most", "reached", "points", "of", "undefined")}
    words |= {part: part.replace("_", " ") for part in PARTS} | dict(labels or {})
    most = [100.0 * weight for weight in WEIGHTS]
    points = [0.0 if value is None else weight * value for weight, value in zip(most, values, strict=True)]
    said = [
        words["undefined"] if value is None else f"{point:.1f} {words['of']} {weight:g}"
        for value, point, weight in zip(values, points, most, strict=True)
    ]
    names = [words[part] for part in PARTS]
    empty = {"color": "rgba(0,0,0,0)", "line": {"color": GREY, "width": 1}}
    figure = go.Figure(
        [
            go.Bar(x=most, y=names, orientation="h", name=words["most"], marker=empty, hoverinfo="skip"),
            go.Bar(
                x=points,
                y=names,
                orientation="h",
                name=words["reached"],
                marker={"color": BLUE},
                customdata=said,
                hovertemplate="%{y}: %{customdata}<extra></extra>",
            ),
        ]
    )
    beside = [weight + 0.3 for weight in most]
    figure.add_scatter(
        x=beside, y=names, mode="text", text=said, textposition="middle right", showlegend=False, hoverinfo="skip"
    )
    figure.update_xaxes(title_text=words["points"], range=[0, 36])
    figure.update_yaxes(autorange="reversed")
    if name is None:
        return lay_out(figure, None, _BARE_HEIGHT, barmode="overlay")
    title = title_of(name or "score", f"SCS {math.fsum(points):.1f} of 100", origin=origin)
    return lay_out(figure, title, _HEIGHT, barmode="overlay")


def _checked(parts: Score | Mapping[str, float | None]) -> list[float | None]:
    given = {part: getattr(parts, part) for part in PARTS} if isinstance(parts, Score) else dict(parts)
    if set(given) - {"total"} != set(PARTS):
        raise BacktestError(f"parts must be {', '.join(PARTS)}, were {', '.join(given) or 'none'}; give all of them")
    values: list[float | None] = []
    for part in PARTS:
        value = given[part]
        if value is None or math.isnan(value):
            values.append(None)
        elif 0.0 <= value <= 1.0:
            values.append(value)
        else:
            raise BacktestError(f"{part} must be in [0, 1], was {value:g}; give the part before weighting")
    return values
