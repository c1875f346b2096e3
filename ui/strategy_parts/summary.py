"""What a strategy is and how it stands, in a few figures."""

import html

import streamlit as st

from ui.panel import Tile, View, chip, tiles
from ui.panel.opening import address_of
from ui.strategy_answers import Strategy, StrategyDetail

__all__ = ["back_link", "draw_summary", "strategy_of", "word_of_state"]

_GRADES = {"A": "good", "B": "warn", "C": "muted"}
_STATES = {"enabled": "good", "live": "bad", "disabled": "warn"}
_MONEY = {"simulated": "simulated", "paper": "muted", "real": "bad"}
_AGE_S = 2.0


def strategy_of(view: View, strategy: str, *, quiet: bool = True) -> StrategyDetail | None:
    """Return everything about a strategy; its parts share one answer.

    Parameters
    ----------
    view : View
        For whom.
    strategy : str
        Its id.
    quiet : bool
        Whether another part says it if the desk does not answer.

    Returns
    -------
    StrategyDetail or None
        None if there is none.
    """
    return view.load(f"strategy:{strategy}", lambda: view.client.strategy(strategy), max_age_s=_AGE_S, quiet=quiet)


def word_of_state(view: View, strategy: Strategy) -> str:
    """Return in which state a strategy is, in words: one of the roster that does not run is disabled."""
    return view.word("state", _state(strategy))


def _state(strategy: Strategy) -> str:
    return "disabled" if strategy.state == "enabled" and not strategy.enabled else strategy.state


def draw_summary(view: View, strategy: str) -> None:
    """Draw what a strategy is.

    Parameters
    ----------
    view : View
        For whom.
    strategy : str
        Its id.
    """
    found = strategy_of(view, strategy, quiet=False)
    if found is None:
        return
    _name(view, found)
    text, number, percent = view.text, view.number, view.percent
    held = text("strategy.held", n=percent(found.buy_and_hold, signed=True))
    seen = text("strategy.in_sample_n", n=number(found.in_sample_scs, 1))
    tiles(
        (
            Tile(text("strategies.scs"), number(found.scs, 1), seen),
            Tile(text("strategies.oos_scs"), number(found.oos_scs, 1), text("strategy.of_100")),
            Tile(
                text("strategies.n_trades"),
                number(found.n_trades),
                text("strategy.out_of_sample_n", n=number(found.oos_trades)),
            ),
            Tile(text("strategy.total_return"), percent(found.total_return, signed=True), held),
            Tile(
                text("strategies.sharpe"),
                number(found.sharpe, 2),
                text("strategy.win_rate_n", n=percent(found.win_rate, 0), factor=number(found.profit_factor, 2)),
            ),
            Tile(
                text("strategies.max_drawdown"),
                percent(found.max_drawdown),
                text("strategy.volatility_n", n=percent(found.volatility)),
            ),
        )
    )


def back_link(view: View) -> str:
    """Return a link to the list of strategies, as HTML."""
    back = html.escape(address_of("quantitative"), quote=True)
    return f'<a href="{back}" target="_self">← {html.escape(view.text("strategies.title"))}</a>'


def _name(view: View, found: StrategyDetail) -> None:
    """Say which one it is, its grade, whether it runs, and what kind of money it uses."""
    state = _state(found)
    parts = " · ".join((view.word("type", found.type), found.symbol, found.timeframe, found.venue))
    chips = (
        chip(view.text("strategy.grade_n", grade=found.grade), _GRADES.get(found.grade, "plain")),
        chip(view.word("state", state), _STATES.get(state, "muted")),
        chip(view.word("money", found.money), _MONEY.get(found.money, "plain"), found.origin),
        chip(view.text("strategy.finalist") if found.finalist else view.text("strategy.no_finalist"), "plain"),
    )
    st.html(
        f'<div class="evoq-strategy">{back_link(view)}'
        f"<b>{html.escape(parts)}</b><code>{html.escape(found.id)}</code></div>"
        f'<div class="evoq-chips">{"".join(chips)}</div>'
    )
