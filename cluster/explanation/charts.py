"""The charts of an explanation, and the self-contained page they make."""

import html
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from backtest.plots import neighbourhood_figure, score_parts_figure, walk_forward_figure
from cluster.explanation.run_explanation import RunExplanation
from cluster.explanation.strategy_explanation import StrategyExplanation

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["page_of", "run_figures", "strategy_figures"]


def strategy_figures(explained: StrategyExplanation) -> list["go.Figure"]:
    """Return the charts of a strategy.

    Parameters
    ----------
    explained : StrategyExplanation
        What is known of it.

    Returns
    -------
    list of Figure
        Its course, its neighbourhood and the parts of its score; those of which nothing is known are left out.
    """
    row, origin = explained.row, str(explained.row["origin"])
    figures = []
    curve = explained.curves.get("backtest")
    if curve is not None and curve["times"]:
        figures.append(
            walk_forward_figure(
                curve["times"],
                curve["index"],
                curve["buy_and_hold"],
                row["selected_until"] or curve["times"][-1],
                _test_spans(row["folds"] or ()),
                name=f"{row['id']} · {explained.headline}",
                reason=row["grade_reason"] or row["grade"],
                origin=origin,
            )
        )
    around = explained.neighbourhood
    if around is not None:
        figures.append(
            neighbourhood_figure(
                around.x_values,
                around.y_values,
                around.scs,
                around.x_name,
                around.y_name,
                around.at,
                name="neighbourhood, over all candles",
                origin=origin,
            )
        )
    if row["score_parts"]:
        figures.append(score_parts_figure(row["score_parts"], name="score over all candles", origin=origin))
    return figures


def run_figures(explained: RunExplanation) -> list["go.Figure"]:
    """Return the charts of a run.

    Parameters
    ----------
    explained : RunExplanation
        What is known of it.

    Returns
    -------
    list of Figure
        The stitched curve; empty where the run has none.
    """
    curve = explained.curve
    if curve is None:
        return []
    edges = [*curve["edges"], curve["times"][-1]]
    spans = [(start, stop, f"test {number + 1}") for number, (start, stop) in enumerate(pairwise(edges))]
    return [
        walk_forward_figure(
            curve["times"],
            curve["index"],
            curve["buy_and_hold"],
            curve["times"][0],
            spans,
            name=f"run {explained.run.id} · following the finalists of each test span",
            origin=explained.run.origin,
        )
    ]


def page_of(title: str, lines: Sequence[str], figures: Sequence["go.Figure"]) -> str:
    """Return one page of HTML that needs nothing from the network.

    Parameters
    ----------
    title : str
        Headline, plain text.
    lines : sequence of str
        What stands below it, plain text.
    figures : sequence of Figure
        The charts, in their order.

    Returns
    -------
    str
        The library that draws them included.
    """
    charts = [
        figure.to_html(include_plotlyjs=index == 0, full_html=False, config={"responsive": True})
        for index, figure in enumerate(figures)
    ]
    said = "".join(f"<p>{html.escape(line)}</p>\n" for line in lines)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n"
        "<style>body{font-family:sans-serif;margin:1rem auto;max-width:75rem;padding:0 1rem}p{margin:.3rem 0}</style>\n"
        f"</head>\n<body>\n<h1>{html.escape(title)}</h1>\n{said}" + "\n".join(charts) + "\n</body>\n</html>\n"
    )


def _test_spans(folds: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, str]]:
    spans = []
    for number, fold in enumerate((fold for fold in folds if fold["kind"] != "train"), start=1):
        label = f"test {number}" if fold["kind"] == "test" else str(fold["kind"])
        spans.append((fold["start"], fold["stop"], label))
    return spans
