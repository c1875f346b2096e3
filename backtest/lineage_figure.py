"""Who a strategy descends from: the oldest ancestors on the left, the strategy itself on the right."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from backtest.errors import BacktestError
from backtest.figure_style import GREY, marks_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["lineage_figure"]

_LOWEST, _HIGHEST, _EACH = 240, 440, 36
_MOST_TEXTS = 24
_ASIDE = 0.12
_OPERATORS = (
    "initial", "mutation", "sbx", "uniform", "differential", "current_to_pbest", "rank_mu", "immigrant", "migrant",
    "returning",
)  # fmt: skip


def lineage_figure(
    ids: Sequence[str],
    depths: Sequence[int],
    operators: Sequence[str],
    fitness: Sequence[float | None],
    edges: Sequence[tuple[str, str]],
    *,
    names: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> "go.Figure":
    """Draw a strategy and its ancestors.

    Parameters
    ----------
    ids : sequence of str
        The strategy and its ancestors, each once.
    depths : sequence of int
        How many steps back each is; 0 is the strategy itself.
    operators : sequence of str
        What made each: a colour and a shape, whichever other operators there are.
    fitness : sequence of (float or None)
        Of each, in its window; written beside it where there is room.
    edges : sequence of (str, str)
        Parent and child; those of ids that are not given are left out.
    names : mapping of str to str, optional
        Other words for operators.
    labels : mapping of str to str, optional
        Other words for depth and fitness.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace of lines, and one of points for each operator.

    Raises
    ------
    BacktestError
        If the columns are not of one length.

    Examples
    --------
    >>> figure = lineage_figure(["a", "b"], [0, 1], ["mutation", "initial"], [30.0, None], [("b", "a")])
    >>> [trace.name for trace in figure.data]
    ['', 'initial', 'mutation']
    """
    import plotly.graph_objects as go

    lengths = {len(each) for each in (ids, depths, operators, fitness)}
    if len(lengths) > 1:
        raise BacktestError(f"columns must be of one length, were of {sorted(lengths)}")
    words = {"depth": "steps back", "fitness": "fitness"} | dict(labels or {})
    places = _places(ids, depths, edges)
    figure = go.Figure()
    drawn = [(places[parent], places[child]) for parent, child in edges if parent in places and child in places]
    figure.add_scatter(
        x=[x for start, stop in drawn for x in (start[0], stop[0], None)],
        y=[y for start, stop in drawn for y in (start[1], stop[1], None)],
        mode="lines",
        name="",
        line={"color": GREY, "width": 1},
        opacity=0.6,
        hoverinfo="skip",
        showlegend=False,
    )
    said = ["–" if value is None else f"{value:.1f}" for value in fitness]
    for operator, mark in marks_of(_OPERATORS, operators).items():
        here = [row for row, each in enumerate(operators) if each == operator]
        name = (names or {}).get(operator, operator)
        figure.add_scatter(
            x=[places[ids[row]][0] for row in here],
            y=[places[ids[row]][1] for row in here],
            mode="markers+text" if len(ids) <= _MOST_TEXTS else "markers",
            name=name,
            text=[said[row] for row in here],
            textposition="top center",
            cliponaxis=False,
            marker={
                **mark,
                "size": [16 if depths[row] == 0 else 11 for row in here],
                "line": {"width": 1, "color": "white"},
            },
            customdata=[[ids[row], said[row]] for row in here],
            hovertemplate=f"%{{customdata[0]}}<br>{words['fitness']} %{{customdata[1]}}<extra>{name}</extra>",
        )
    deepest = max(depths, default=0)
    figure.update_xaxes(
        title_text=words["depth"],
        tickvals=[-depth for depth in range(deepest + 1)],
        ticktext=[str(depth) for depth in range(deepest + 1)],
        range=[-deepest - 0.5, 0.5],
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(visible=False, range=[-0.62, 0.72])
    figure.update_layout(
        height=min(_HIGHEST, _LOWEST + _EACH * (max(Counter(depths).values(), default=1) - 1)),
        margin={"l": 15, "r": 15, "t": 40, "b": 45},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0, "itemsizing": "constant"},
        hovermode="closest",
    )
    return figure


def _places(
    ids: Sequence[str], depths: Sequence[int], edges: Sequence[tuple[str, str]]
) -> dict[str, tuple[float, float]]:
    """Return a place for each: by depth from the right to the left, ancestors beside their children."""
    children: dict[str, list[str]] = {}
    for parent, child in edges:
        children.setdefault(parent, []).append(child)
    places: dict[str, tuple[float, float]] = {}
    for depth in sorted(set(depths)):
        here = [each for each, back in zip(ids, depths, strict=True) if back == depth]
        beside = {
            each: fmean([places[child][1] for child in children.get(each, ()) if child in places] or [0.0])
            for each in here
        }
        here.sort()
        here.sort(key=beside.__getitem__)
        for number, each in enumerate(here):
            aside = _ASIDE * (number % 3 - 1) if len(here) > 1 else 0.0  # lines among them stay to be seen
            places[each] = (aside - depth, (number + 0.5) / len(here) - 0.5)
    return places
