"""Which kinds of strategies a run spends its evaluations on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from backtest.errors import BacktestError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["species_shares_figure"]

_ROW_PX = 24
_AROUND_PX = 95


def species_shares_figure(
    generations: Sequence[int],
    species: Sequence[str],
    shares: Sequence[Sequence[float | None]],
    *,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw each species' share over generations.

    A heat map: more than eight species cannot be told apart by the colours of areas.

    Parameters
    ----------
    generations : sequence of int, shape (n_generations,)
        Ascending.
    species : sequence of str, shape (n_species,)
        From above to below.
    shares : sequence of sequences of (float or None), shape (n_species, n_generations)
        Share of each species, 0..1; None where it is not known.
    labels : mapping of str to str
        Other words for generation and share.

    Returns
    -------
    plotly.graph_objects.Figure
        In Cividis from 0 to the largest share; a row for each species.

    Raises
    ------
    BacktestError
        If the shares do not have a row for every species and a column for every generation.

    Examples
    --------
    >>> figure = species_shares_figure([1, 2], ["momentum|BTC/USDT|1h"], [[1.0, 1.0]])
    >>> figure.data[0].zmax
    1.0
    """
    import plotly.graph_objects as go

    table = np.array([[np.nan if share is None else share for share in row] for row in shares], float)
    if table.shape != (len(species), len(generations)):
        raise BacktestError(
            f"shares must have a row for each of {len(species)} species and a column for each of {len(generations)} "
            f"generations, had shape {table.shape}"
        )
    words = {"generation": "generation", "share": "share"} | dict(labels or {})
    largest = float(np.nanmax(table, initial=0.0)) if table.size and not np.isnan(table).all() else 0.0
    figure = go.Figure(
        go.Heatmap(
            z=table,
            x=list(generations),
            y=list(species),
            zmin=0.0,
            zmax=largest or 1.0,
            colorscale="Cividis",
            colorbar={"tickformat": ".0%", "thickness": 12},
            ygap=2,
            hoverongaps=False,
            hovertemplate=f"%{{y}}<br>{words['generation']} %{{x:,}}<br>{words['share']} %{{z:.1%}}<extra></extra>",
        )
    )
    figure.update_xaxes(title_text=words["generation"], tickformat=",d", showgrid=False, nticks=8)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, automargin=True)
    figure.update_layout(
        height=_ROW_PX * max(len(species), 3) + _AROUND_PX, margin={"l": 10, "r": 10, "t": 10, "b": 45}
    )
    return figure
