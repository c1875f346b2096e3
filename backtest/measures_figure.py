"""How measures of the machinery went: one small plot above the other, on one axis of time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from backtest.figure_style import OKABE_ITO, TIME_TICKS, check_lengths, lay_out_plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Measure", "measures_figure"]

_ROW_PX = 120
_AROUND_PX = 60
_BETWEEN = 0.06


class Measure(NamedTuple):
    """A measure over time.

    Attributes
    ----------
    title : str
        With its unit.
    mean, highest : sequence of (float or None), shape (n,)
        Of each point of time; None where nothing was measured.
    most : float or None
        Upper end of its axis; None for what the values need.
    """

    title: str
    mean: Sequence[float | None]
    highest: Sequence[float | None]
    most: float | None = None


def measures_figure(
    times: Sequence[datetime], measures: Sequence[Measure], *, labels: Mapping[str, str] | None = None
) -> "go.Figure":
    """Draw measures one above the other. Columns that are not of one length are refused with a `BacktestError`.

    Parameters
    ----------
    times : sequence of datetime, shape (n,)
        When each point begins, ascending.
    measures : sequence of Measure
        From above to below.
    labels : mapping of str to str
        Other words for mean and highest.

    Returns
    -------
    plotly.graph_objects.Figure
        A solid line of means and a dotted one of the highest values for each; none begins below 0.

    Examples
    --------
    >>> day = datetime(2026, 1, 1), datetime(2026, 1, 2)
    >>> figure = measures_figure(day, [Measure("CPU, %", [20.0, None], [60.0, None], 100.0)])
    >>> [trace.name for trace in figure.data]
    ['highest', 'mean']
    """
    import plotly.graph_objects as go

    words = {"mean": "mean", "highest": "highest"} | dict(labels or {})
    figure = go.Figure()
    height = 1.0 / max(len(measures), 1)
    for number, measure in enumerate(measures):
        check_lengths(times, measure.mean, measure.highest)
        axis = "y" if number == 0 else f"y{number + 1}"
        color = OKABE_ITO[number % len(OKABE_ITO)]
        for name, values, dash, width in (("highest", measure.highest, "dot", 1), ("mean", measure.mean, "solid", 2)):
            figure.add_scatter(
                x=times,
                y=values,
                yaxis=axis,
                name=words[name],
                mode="lines",
                line={"color": color, "width": width, "dash": dash},
                legendgroup=name,
                showlegend=number == 0,
                hovertemplate=f"{measure.title}: %{{y:,.1f}}",
            )
        top = 1.0 - number * height
        figure.update_layout(
            {
                axis.replace("y", "yaxis"): {
                    "domain": [top - height + _BETWEEN, top],
                    "range": [0, measure.most] if measure.most is not None else None,
                    "rangemode": "tozero",
                    "nticks": 4,
                    "zeroline": False,
                    "tickformat": ",~r",
                }
            }
        )
        figure.add_annotation(
            text=measure.title, xref="paper", yref="paper", x=0.0, y=top, xanchor="left", yanchor="bottom",
            showarrow=False, font={"size": 12},
        )  # fmt: skip
    last = "y" if len(measures) < 2 else f"y{len(measures)}"
    figure.update_xaxes(anchor=last, tickformatstops=TIME_TICKS, showgrid=False)
    lay_out_plain(figure, _ROW_PX * max(len(measures), 1) + _AROUND_PX, hovermode="x unified")
    legend = {"x": 1.0, "xanchor": "right", "y": 1.04}
    return figure.update_layout(legend=legend, margin={"l": 55, "r": 15, "t": 40, "b": 40})
