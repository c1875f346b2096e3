"""Where a strategy entered and left: in the price, and as a list."""

from dataclasses import dataclass

import streamlit as st

from backtest.plots import trade_chart_figure
from ui.currencies import currencies
from ui.panel import Column, View, pager, table
from ui.panel.address_choice import segments
from ui.panel.time_window import TimeWindow, chosen_window, window_buttons, window_plot
from ui.strategy_answers import StrategyDetail
from ui.trade_answers import PriceChart, Trade

__all__ = ["draw_chart", "draw_trades", "trade_source"]

_AGE_S = 600.0
_POINTS = 600
_PER_PAGE = 50
_SOURCES = ("backtest", "paper", "live")
_FEW_DIGITS, _MANY_DIGITS = 1_000.0, 1.0


def draw_chart(view: View, found: StrategyDetail) -> None:
    """Draw the price with trades; a box drawn over it asks the desk for more of that span."""
    whole = _chart(view, found, None)
    if whole is None:
        return
    if not whole.time:
        view.empty("strategy.no_candles")
        return
    last = whole.time[-1]
    step = last - whole.time[-2] if len(whole.time) > 1 else 1
    most = TimeWindow(whole.time[0], last + step)
    chosen = chosen_window()
    shown = whole if chosen is None else _chart(view, found, chosen)
    if shown is None:
        return
    window_buttons(view, chosen or most, most, f"chart-{found.id}")
    if not shown.time:
        view.empty("strategy.no_candles_then")
        return
    _plot(view, shown, currencies(found.symbol)[1], f"chart-{found.id}")
    drawn = view.number(len(shown.entries))
    st.caption(
        view.text(
            "strategy.chart_told",
            trades=view.number(shown.n_trades_in_range),
            drawn=drawn,
            bars=view.number(shown.bars_per_point),
            zone=view.zone.key,
        )
    )


def _chart(view: View, found: StrategyDetail, window: TimeWindow | None) -> PriceChart | None:
    since, until = (None, None) if window is None else (window.since, window.until)
    return view.load(
        f"chart:{found.id}:{found.version}:{since}:{until}",
        lambda: view.patient_client.chart(found.id, since, until, _POINTS),
        max_age_s=_AGE_S,
    )


def _plot(view: View, shown: PriceChart, quote: str, key: str) -> None:
    local = view.local
    spans: list[tuple[int, int]] = [(each.since, each.until) for each in shown.test_spans]
    if not spans and shown.selected_until is not None:
        spans = [(shown.selected_until, shown.time[-1] + 1)]
    figure = trade_chart_figure(
        [local(each) for each in shown.time],
        shown.open,
        shown.high,
        shown.low,
        shown.close,
        shown.side,
        entries=[(local(mark.time), mark.price, mark.side) for mark in shown.entries],
        exits=[(local(mark.time), mark.price, mark.net_return) for mark in shown.exits],
        unseen=[(local(since), local(until)) for since, until in spans],
        labels={
            "price": f"{view.text('strategy.price')}, {quote}",
            "long": view.text("strategy.long"),
            "short": view.text("strategy.short"),
            "won": view.text("strategy.won"),
            "lost": view.text("strategy.lost"),
            "held": view.text("strategy.held_side"),
        },
    )
    window_plot(view, figure, key, view.text("strategy.chart_alt", n=view.number(len(shown.entries))))


def trade_source(view: View) -> str:
    """Ask which trades are listed; outside of what draws itself again."""
    return segments("source", view.text("strategy.source"), _SOURCES, lambda source: view.word("source", source))


@dataclass(frozen=True, slots=True)
class _Row:
    """A trade as it is listed."""

    number: int
    side: str
    entry_time: int
    exit_time: int
    entry_price: float
    exit_price: float
    quantity: float
    fees: float
    pnl: float
    net_return: float | None

    @classmethod
    def of(cls, view: View, trade: Trade) -> "_Row":
        return cls(
            number=trade.id,
            side=f"▲ {view.text('strategy.long')}" if trade.side > 0 else f"▼ {view.text('strategy.short')}",
            entry_time=trade.entry_time,
            exit_time=trade.exit_time,
            entry_price=float(trade.entry_price),
            exit_price=float(trade.exit_price),
            quantity=float(trade.quantity),
            fees=float(trade.fees),
            pnl=float(trade.pnl),
            net_return=trade.net_return,
        )


def draw_trades(view: View, found: StrategyDetail, source: str) -> None:
    """Draw a page of the list of trades, the latest exit first.

    Parameters
    ----------
    view : View
        For whom.
    found : StrategyDetail
        Which strategy.
    source : str
        backtest, paper or live.
    """
    with pager(view, "trades", (found.id, source)) as pages:
        page = view.load(
            f"trades:{found.id}:{found.version}:{source}:{pages.cursor}",
            lambda: view.patient_client.trades(found.id, source=source, limit=_PER_PAGE, cursor=pages.cursor),
            max_age_s=_AGE_S if source == "backtest" else 2.0,
        )
        if page is None:
            return
        pages.show(page)
    if not page.items:
        view.empty("strategy.no_trades")
        return
    rows = [_Row.of(view, trade) for trade in page.items]
    table(view, rows, _columns(_digits(rows)), f"trades-{found.id}")
    base, quote = currencies(found.symbol)
    st.caption(view.text("strategy.units", base=base, quote=quote))


def _digits(rows: list[_Row]) -> int:
    """Return how many decimals prices have."""
    lowest = min(row.entry_price for row in rows)
    return 2 if lowest >= _FEW_DIGITS else 4 if lowest >= _MANY_DIGITS else 8


def _columns(digits: int) -> tuple[Column, ...]:
    return (
        Column("number", "strategy.trade", "number", width=70),
        Column("side", "strategy.side", width=90),
        Column("entry_time", "strategy.entry", "moment", width=165),
        Column("exit_time", "strategy.exit", "moment", width=165),
        Column("entry_price", "strategy.entry_price", "number", digits),
        Column("exit_price", "strategy.exit_price", "number", digits),
        Column("quantity", "strategy.quantity", "number", 4),
        Column("fees", "strategy.fees", "number", 2),
        Column("pnl", "strategy.pnl", "number", 2),
        Column("net_return", "strategy.return", "percent", 2),
    )
