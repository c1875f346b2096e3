"""The scores around a strategy as a heat map: a plateau is robust, a lonely peak is luck."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from backtest.errors import BacktestError
from backtest.figure_style import VERMILION, lay_out, title_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["neighbourhood_figure"]

_HEIGHT, _BARE_HEIGHT = 650, 480
_MOST_TICKS = 9


def neighbourhood_figure(
    x_values: ArrayLike,
    y_values: ArrayLike,
    scs: ArrayLike,
    x_name: str,
    y_name: str,
    at: tuple[float, float],
    *,
    name: str | None = "",
    origin: str = "",
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw the SCS over two parameters.

    Parameters
    ----------
    x_values : array_like of float, shape (n_x,)
        Values of one parameter.
    y_values : array_like of float, shape (n_y,)
        Values of another.
    scs : array_like of float, shape (n_y, n_x)
        SCS of every pair, 0..100; NaN or None leaves a cell blank.
    x_name, y_name : str
        Names of the parameters.
    at : (float, float)
        The strategy's own values; the nearest cell is marked.
    name : str
        Headline, "momentum on BTC/USDT 1h · binance"; None leaves the title to the page around it.
    origin : str
        Origin of the candles; simulated markets say so in the title.
    labels : mapping of str to str, optional
        Other words for "this strategy".

    Returns
    -------
    plotly.graph_objects.Figure
        Cells of equal size in Cividis, which colour-blind people read as others do, always from 0 to 100: figures
        compare.

    Raises
    ------
    BacktestError
        If the shape of `scs` is not that of the grid.

    Examples
    --------
    >>> scs = [[60, 50], [None, 40]]
    >>> figure = neighbourhood_figure([10, 20], [0.01, 0.02], scs, "lookback_period", "threshold", at=(10, 0.01))
    >>> figure.data[0].zmin, figure.data[0].zmax
    (0, 100)
    """
    import plotly.graph_objects as go

    x, y = np.asarray(x_values, float), np.asarray(y_values, float)
    scores = np.asarray(scs, float)
    if x.ndim != 1 or y.ndim != 1 or not x.size or not y.size or scores.shape != (y.size, x.size):
        raise BacktestError(
            f"scs must have a row a value of y and a column a value of x, had shape {scores.shape} for "
            f"{y.size} and {x.size} values; transpose it or give all values"
        )
    column, row = int(np.abs(x - at[0]).argmin()), int(np.abs(y - at[1]).argmin())
    heat = go.Heatmap(
        z=scores,
        customdata=np.dstack(np.meshgrid(x, y)),
        zmin=0,
        zmax=100,
        colorscale="Cividis",
        colorbar={"title": {"text": "SCS"}},
        hoverongaps=False,
        hovertemplate=f"{x_name} %{{customdata[0]:.6g}}<br>{y_name} %{{customdata[1]:.6g}}<br>SCS %{{z:.1f}}"
        "<extra></extra>",
        name="SCS",
    )
    own = go.Scatter(
        x=[column],
        y=[row],
        mode="markers",
        name=(labels or {}).get("this strategy", "this strategy"),
        marker={"symbol": "x", "size": 14, "color": VERMILION, "line": {"width": 2, "color": "white"}},
        hoverinfo="skip",
        showlegend=True,
    )
    figure = go.Figure([heat, own])
    figure.update_xaxes(title_text=x_name, **_ticks(x, column))
    figure.update_yaxes(title_text=y_name, **_ticks(y, row))
    if name is None:
        return lay_out(figure, None, _BARE_HEIGHT)
    around = np.delete(scores.ravel(), row * x.size + column)
    around = around[~np.isnan(around)]
    median = f"{np.median(around):.1f}" if around.size else "undefined"
    title = title_of(
        name or "neighbourhood",
        f"SCS {scores[row, column]:.1f} at {x_name} {x[column]:.6g}, {y_name} {y[row]:.6g} · median around it {median}",
        origin=origin,
    )
    return lay_out(figure, title, _HEIGHT)


def _ticks(values: np.ndarray, own: int) -> dict[str, Any]:
    """Return ticks for cells of equal size (an axis of values would draw unequal ones), the own value among them."""
    step = -(-values.size // _MOST_TICKS)
    shown = np.arange(own % step, values.size, step)
    return {"tickvals": shown.tolist(), "ticktext": [f"{value:,.4g}" for value in values[shown]]}
