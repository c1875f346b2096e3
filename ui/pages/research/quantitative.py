"""All strategies: found, sorted and let into the roster."""

import re
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from ui.overview_answers import FacetValue, StrategyFacets
from ui.page import Page
from ui.panel import Column, PanelPage, Tile, View, pager, tiles
from ui.panel.address_choice import choice, search
from ui.panel.first_answer import first_answer
from ui.panel.grade_reasons import reason_words
from ui.panel.header import OVERVIEW_AGE_S
from ui.panel.opening import open_page
from ui.panel.sorted_table import Order, begin_anew, has_marks, sorted_table
from ui.queries import StrategyQuery
from ui.strategy_answers import Strategy
from ui.strategy_parts.roster_actions import roster_buttons
from ui.strategy_parts.summary import word_of_state

PAGE = PanelPage(path="quantitative", title="strategies.title", icon=":material/query_stats:", order=10)

_TABLE, _LISTED, _FACETS = "strategies-table", "strategies.listed", "strategy_facets"
_EVERY_S = 3.0
_FACETS_AGE_S = 30.0
_FROZEN_S = 3_600.0
_PER_PAGE = ("50", "100", "250", "500")
_NOT_RETIRED = StrategyQuery(state=None, retired=False)
_STATES = {
    "any": StrategyQuery(state=None),
    "candidate": StrategyQuery(state="candidate"),
    "enabled": StrategyQuery(state="enabled", enabled=True),
    "disabled": StrategyQuery(state="enabled", enabled=False),  # of the roster, and does not run
    "live": StrategyQuery(state="live"),
    "retired": StrategyQuery(state="retired"),
}
_GRADES = ("A", "B", "C")
_WIDE_PX, _FILTER_PX, _NARROW_PX = 200, 160, 105
_BEST_FIRST = Order("oos_scs", falling=True)
_UNSORTED = frozenset({"spark", "grade_reason"})
_COLUMNS = (
    Column("id", "strategies.id", width=120, pinned=True),
    Column("type", "strategies.type", words="type", width=120),
    Column("symbol", "strategies.symbol", width=135),
    Column("timeframe", "strategies.timeframe", width=80),
    Column("scs", "strategies.scs", "number", 1, width=65),
    Column("scs", "strategies.scale", "bar", width=80),
    Column("oos_scs", "strategies.oos_scs_short", "number", 1, width=90),
    Column("oos_scs", "strategies.scale", "bar", width=80),
    Column("grade", "strategies.grade", width=75),
    Column("state", "strategies.state", width=100),
    Column("spark", "strategies.spark", "spark", width=130),
    Column("oos_trades", "strategies.oos_trades", "number", width=95),
    Column("grade_reason", "strategies.reason", width=300),
    Column("n_trades", "strategies.n_trades", "number", width=85),
    Column("win_rate", "strategies.win_rate", "percent", 1, width=90),
    Column("sharpe", "strategies.sharpe", "number", 2, width=85),
    Column("profit_factor", "strategies.profit_factor", "number", 2, width=110),
    Column("max_drawdown", "strategies.max_drawdown", "percent", 1, width=115),
    Column("volatility", "strategies.volatility", "percent", 1, width=95),
)


def render(view: View) -> None:
    """Draw the page."""
    view.live(lambda: _funnel(view), _EVERY_S)
    asked, limit = _filters(view)
    view.live(lambda: _list(view, asked, limit), _EVERY_S)


def _funnel(view: View) -> None:
    overview = view.load("overview", view.client.overview, max_age_s=OVERVIEW_AGE_S)
    if overview is None:
        return
    funnel, text = overview.funnel, view.text
    tiles(
        (
            Tile(text("strategies.all"), view.number(funnel.strategies), _retired(view)),
            Tile(
                text("strategies.above", n=view.number(funnel.threshold, int(funnel.threshold % 1 != 0))),
                view.number(funnel.above_threshold),
            ),
            Tile(text("strategies.grade_a"), view.number(funnel.grade_a)),
            Tile(text("strategies.grade_b"), view.number(funnel.grade_b)),
            Tile(text("strategies.enabled"), view.number(funnel.enabled)),
        )
    )
    if funnel.reasons:
        first = funnel.reasons[0]
        st.caption(text("overview.reason", reason=reason_words(view, first.reason), n=view.number(first.count)))


def _filters(view: View) -> tuple[StrategyQuery, int]:
    """Ask which strategies; the address keeps what is asked."""
    facets: StrategyFacets | None = first_answer(view, _FACETS, lambda: _facets(view), quiet=True)
    kinds, symbols, timeframes = ((),) * 3 if facets is None else (facets.type, facets.symbol, facets.timeframe)
    text = view.text
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="strategies-filters"):
        sought = search("q", text("strategies.search"), text("strategies.search_in"), _WIDE_PX)
        kind = choice(
            view,
            "type",
            text("strategies.type"),
            _known("type", kinds),
            lambda kind: view.word("type", kind),
            width=_FILTER_PX,
        )
        symbol = choice(view, "symbol", text("strategies.symbol"), _known("symbol", symbols), width=_FILTER_PX)
        timeframe = choice(
            view, "timeframe", text("strategies.timeframe"), _known("timeframe", timeframes), width=_NARROW_PX
        )
        grade = choice(view, "grade", text("strategies.grade"), _GRADES, width=_NARROW_PX)
        state = choice(
            view,
            "state",
            text("strategies.state"),
            tuple(_STATES),
            lambda state: view.word("state", state),
            none=text("strategies.not_retired"),
            width=_FILTER_PX,
        )
        rows = choice(view, "rows", text("strategies.rows"), _PER_PAGE, none=_PER_PAGE[0], width=_NARROW_PX)
    asked = StrategyQuery(
        q=_named(view, sought, [each.value for each in kinds]),
        type=kind,
        symbol=symbol,
        timeframe=timeframe,
        grade=grade,
    )
    return asked | _STATES.get(state or "", _NOT_RETIRED), int(rows or _PER_PAGE[0])


def _named(view: View, sought: str | None, kinds: Sequence[str]) -> str | None:
    """Return what is sought with types as the desk calls them: the reader knows their words in another language."""
    words = {kind: view.word("type", kind) for kind in kinds}
    for kind, word in words.items():
        sought = re.sub(re.escape(word), f" {kind} ", sought or "", flags=re.IGNORECASE)
    named = []
    for part in (sought or "").split():
        meant = [kind for kind, word in words.items() if not part.isascii() and part in word]
        named.append(meant[0] if len(meant) == 1 else part)
    return " ".join(named) or None


def _known(name: str, facet: Sequence[FacetValue]) -> list[str]:
    """Return what may be chosen: what there is, and what the address asks for."""
    values, asked = {each.value for each in facet}, st.query_params.get(name)
    return sorted({*values, asked} if asked else values)


def _facets(view: View) -> StrategyFacets:
    return view.client.strategy_facets(view.loads.kept(_FACETS))


def _retired(view: View) -> str:
    """Say how many there are besides that are retired."""
    facets = view.load(_FACETS, lambda: _facets(view), max_age_s=_FACETS_AGE_S, quiet=True)
    count = 0 if facets is None else sum(each.count for each in facets.state if each.value == "retired")
    return view.text("strategies.retired_besides", n=view.number(count)) if count else ""


def _list(view: View, asked: StrategyQuery, limit: int) -> None:
    order = Order.of([column for column in _COLUMNS if column.field not in _UNSORTED], _BEST_FIRST)
    marked = has_marks(_TABLE)
    with pager(view, "strategies", (asked, order, limit)) as pages:
        part = StrategyQuery(sort=order.asked, limit=limit, cursor=pages.cursor)
        found: Page[Strategy] | None = view.load(
            f"strategies:{asked}:{part}",
            lambda: view.client.strategies(**(asked | part)),
            max_age_s=_FROZEN_S if marked else 1.0,  # what is marked stays where it is
        )
        if found is None:
            return
        pages.show(found)
    if not found.items:
        view.empty("strategies.none_fits" if any(asked.values()) or _retired(view) else "strategies.none_yet")
        return
    _forget_marks_of_others(found, marked)
    buttons = st.container(horizontal=True, vertical_alignment="center", key="strategies-actions")
    shown = [
        replace(each, state=word_of_state(view, each), grade_reason=reason_words(view, each.grade_reason))
        for each in found.items
    ]
    touched = sorted_table(view, shown, _COLUMNS, _TABLE, order, _UNSORTED)
    if touched.opened is not None:
        open_page("strategy", id=found.items[touched.opened].id)
    with buttons:
        chosen = [found.items[number] for number in touched.rows]
        roster_buttons(view, chosen, "strategies")
        st.caption(
            view.text("strategies.chosen", n=view.number(len(chosen))) if chosen else view.text("strategies.how")
        )


def _forget_marks_of_others(found: Page[Strategy], marked: bool) -> None:
    """Take all marks away when the rows are no longer those that were marked: they count rows, not strategies."""
    ids = tuple(each.id for each in found.items)
    before = st.session_state.get(_LISTED)
    st.session_state[_LISTED] = ids
    if marked and before != ids:
        begin_anew(_TABLE)
