"""Which ways to trade have been found: the best score in each cell of behaviour."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from backtest.errors import BacktestError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["archive_figure"]

_HEIGHT = 340
_STEP = 25.0


def archive_figure(
    scores: Sequence[Sequence[float | None]],
    holding: Sequence[str],
    exposure: Sequence[str],
    *,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw the archive of elites as a map.

    Parameters
    ----------
    scores : sequence of sequences of (float or None), shape (n_exposure, n_holding)
        Best SCS of each cell, 0..100; None where no strategy trades like that.
    holding : sequence of str, shape (n_holding,)
        Name of each bin of the holding time.
    exposure : sequence of str, shape (n_exposure,)
        Name of each bin of the exposure.
    labels : mapping of str to str
        Other words for holding, exposure and score.

    Returns
    -------
    plotly.graph_objects.Figure
        Cells in Cividis from 0 to the next multiple of 25 above the best score; empty ones are blank.

    Raises
    ------
    BacktestError
        If the scores do not have a row for every exposure and a column for every holding time.

    Examples
    --------
    >>> figure = archive_figure([[12.0, None]], ["1-2", "2-4"], ["0-10%"])
    >>> figure.data[0].zmin, figure.data[0].zmax
    (0, 25.0)
    """
    import plotly.graph_objects as go

    cells = np.array([[np.nan if score is None else score for score in row] for row in scores], float)
    if cells.shape != (len(exposure), len(holding)):
        raise BacktestError(
            f"scores must have a row for each of {len(exposure)} exposures and a column for each of {len(holding)} "
            f"holding times, had shape {cells.shape}"
        )
    words = {"holding": "holding time, bars", "exposure": "exposure", "score": "SCS"} | dict(labels or {})
    figure = go.Figure(
        go.Heatmap(
            z=cells,
            x=list(holding),
            y=list(exposure),
            zmin=0,
            zmax=_STEP * max(math.ceil(np.nanmax(cells, initial=0.0) / _STEP), 1),
            colorscale="Cividis",
            colorbar={"title": {"text": words["score"]}, "thickness": 12},
            xgap=1,
            ygap=1,
            hoverongaps=False,
            hovertemplate=f"{words['holding']}: %{{x}}<br>{words['exposure']}: %{{y}}<br>{words['score']} %{{z:.1f}}"
            "<extra></extra>",
        )
    )
    figure.update_xaxes(title_text=words["holding"], type="category", showgrid=False)
    figure.update_yaxes(title_text=words["exposure"], type="category", showgrid=False)
    figure.update_layout(height=_HEIGHT, margin={"l": 70, "r": 10, "t": 10, "b": 50})
    return figure
