"""Who a strategy descends from."""

import html
from collections.abc import Mapping

import streamlit as st

from backtest.plots import lineage_figure
from ui.panel import View, plot
from ui.panel.address_choice import segments
from ui.panel.opening import address_of
from ui.strategy_answers import Ancestor, Lineage, StrategyDetail

__all__ = ["depth_asked", "draw_ancestry"]

_AGE_S = 600.0
_DEPTHS, _USUAL_DEPTH = ("2", "5", "10", "20"), "5"
_MOST_ROWS = 40
_RIGHT = ' class="evoq-right"'


def depth_asked(view: View) -> int:
    """Ask how many steps back; outside of what draws itself again."""
    return int(
        segments(
            "depth",
            view.text("strategy.depth"),
            _DEPTHS,
            lambda depth: view.text("strategy.depth_n", n=depth),
            default=_USUAL_DEPTH,
        )
    )


def draw_ancestry(view: View, found: StrategyDetail, depth: int) -> None:
    """Draw a strategy's ancestors, as a graph and as a list.

    Parameters
    ----------
    view : View
        For whom.
    found : StrategyDetail
        Which strategy.
    depth : int
        How many steps back.
    """
    lineage = view.load(f"lineage:{found.id}:{depth}", lambda: view.client.lineage(found.id, depth), max_age_s=_AGE_S)
    if lineage is None:
        return
    if not lineage.nodes:
        view.empty("strategy.no_ancestors")
        return
    nodes = lineage.nodes
    figure = lineage_figure(
        [node.id for node in nodes],
        [node.depth for node in nodes],
        [node.operator for node in nodes],
        [node.fitness for node in nodes],
        [(edge.parent, edge.child) for edge in lineage.edges],
        names={node.operator: view.word("operator", node.operator) for node in nodes},
        labels={"depth": view.text("strategy.steps_back"), "fitness": view.text("strategy.fitness")},
    )
    plot(figure, f"lineage-{found.id}-{depth}", view.text("strategy.lineage_alt", n=view.number(len(nodes))))
    _list(view, lineage)


def _list(view: View, lineage: Lineage) -> None:
    titles = (
        ("strategies.id", ""),
        ("strategy.operator", ""),
        ("strategy.steps_back", _RIGHT),
        ("strategy.fitness", _RIGHT),
        ("strategy.parameters", ""),
    )
    head = "".join(f"<th{side}>{html.escape(view.text(title))}</th>" for title, side in titles)
    rows = "".join(_row(view, node) for node in lineage.nodes[:_MOST_ROWS])
    st.html(
        f'<div class="evoq-scroll"><table class="evoq-table" style="white-space: nowrap"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    if len(lineage.nodes) > _MOST_ROWS:
        st.caption(view.text("strategy.more_ancestors", n=view.number(len(lineage.nodes) - _MOST_ROWS)))


def _row(view: View, node: Ancestor) -> str:
    """Return a row; the id of one that is still there leads to it."""
    name = html.escape(node.id)
    if node.alive:
        name = f'<a href="{html.escape(address_of("strategy", id=node.id), quote=True)}" target="_self">{name}</a>'
    numbers = (view.number(node.depth), view.number(node.fitness, 1))
    shown = "".join(f"<td{_RIGHT}>{html.escape(number)}</td>" for number in numbers)
    operator, parameters = view.word("operator", node.operator), _parameters(view, node.parameters)
    return f"<tr><td>{name}</td><td>{html.escape(operator)}</td>{shown}<td>{html.escape(parameters)}</td></tr>"


def _parameters(view: View, parameters: Mapping[str, float] | None) -> str:
    if parameters is None:
        return view.text("strategy.unknown")
    return ", ".join(f"{name} {view.significant(value)}" for name, value in parameters.items())
