"""Everything about one strategy; its address can be passed on."""

import streamlit as st

from ui.errors import NotFoundError
from ui.panel import PanelPage, View
from ui.panel.address_choice import segments
from ui.panel.document_title import set_document_title
from ui.panel.first_answer import first_answer
from ui.strategy_parts.ancestry import depth_asked, draw_ancestry
from ui.strategy_parts.course import draw_course
from ui.strategy_parts.evidence import draw_conditions, draw_folds, draw_score, draw_sides
from ui.strategy_parts.identity import draw_identity
from ui.strategy_parts.live_part import live_part
from ui.strategy_parts.returns import draw_returns, returns_asked
from ui.strategy_parts.roster_actions import roster_buttons
from ui.strategy_parts.summary import back_link, draw_summary, strategy_of
from ui.strategy_parts.surroundings import draw_surroundings, surroundings_asked
from ui.strategy_parts.trading import draw_chart, draw_trades, trade_source

PAGE = PanelPage(path="strategy", title="strategy.title", icon=":material/insights:", order=20, listed=False)

_EVERY_S = 3.0
_RARELY_S = 10.0  # what is kept is not asked for again: it is drawn anew, and asked for after a failure
_PARTS = ("evidence", "trades", "returns", "surroundings", "origin")


def render(view: View) -> None:
    """Draw the page."""
    strategy = st.query_params.get("id") or _best(view)
    if strategy is None:
        return
    found = view.loads.get(f"strategy:{strategy}", lambda: view.client.strategy(strategy))
    if isinstance(found.error, NotFoundError):
        _missing(view)
        return
    if found.value is not None:
        set_document_title(f"{view.word('type', found.value.type)} {found.value.symbol}")
    view.live(lambda: draw_summary(view, strategy), _EVERY_S)
    view.live(lambda: _commands(view, strategy), _EVERY_S)
    part = segments("part", view.text("strategy.part"), _PARTS, lambda part: view.word("part", part))
    match part:
        case "trades":
            _trades(view, strategy)
        case "returns":
            source, of = returns_asked(view)
            live_part(view, strategy, lambda view, found: draw_returns(view, found, source, of), _RARELY_S)
        case "surroundings":
            x, y = surroundings_asked(view, strategy)
            live_part(view, strategy, lambda view, found: draw_surroundings(view, found, x, y), _RARELY_S)
        case "origin":
            _origin(view, strategy)
        case _:
            _evidence(view, strategy)


def _best(view: View) -> str | None:
    """Return the one with the best evidence, where the address names none."""
    found = first_answer(view, "strategies:best", lambda: view.client.strategies(limit=1))
    if found is None:
        return None
    if not found.items:
        view.empty("strategies.none_yet")
        return None
    return found.items[0].id


def _missing(view: View) -> None:
    """Say that there is no such strategy, and lead to those that there are."""
    view.empty("strategy.gone")
    st.html(f'<div class="evoq-strategy">{back_link(view)}</div>')


def _commands(view: View, strategy: str) -> None:
    found = strategy_of(view, strategy)
    if found is not None:
        with st.container(horizontal=True, key="strategy-commands"):
            roster_buttons(view, [found], f"strategy.{strategy}")


def _evidence(view: View, strategy: str) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(view.text("strategy.course"), anchor=False)
        course = st.container()
    with right:
        st.subheader(view.text("strategy.why"), anchor=False)
        live_part(view, strategy, draw_conditions, _EVERY_S)
    below = st.columns([3, 2], gap="large")
    with below[0]:
        st.subheader(view.text("strategy.score"), anchor=False)
        live_part(view, strategy, draw_score, _EVERY_S)
    with below[1]:
        st.subheader(view.text("strategy.sides"), anchor=False)
        live_part(view, strategy, draw_sides, _EVERY_S)
    st.subheader(view.text("strategy.folds"), anchor=False)
    live_part(view, strategy, draw_folds, _EVERY_S)
    with course:  # last: it may have to be computed
        live_part(view, strategy, draw_course, _RARELY_S)


def _trades(view: View, strategy: str) -> None:
    st.subheader(view.text("strategy.chart"), anchor=False)
    live_part(view, strategy, draw_chart, _RARELY_S)
    st.subheader(view.text("strategy.trades"), anchor=False)
    source = trade_source(view)
    live_part(view, strategy, lambda view, found: draw_trades(view, found, source), _EVERY_S)


def _origin(view: View, strategy: str) -> None:
    live_part(view, strategy, draw_identity, _RARELY_S)
    st.subheader(view.text("strategy.lineage"), anchor=False)
    depth = depth_asked(view)
    live_part(view, strategy, lambda view, found: draw_ancestry(view, found, depth), _RARELY_S)
