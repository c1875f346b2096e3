"""Candles of every market of the feed: as many as there are, with what is missing and how old they are."""

import streamlit as st

from backtest.plots import candles_figure
from ui.currencies import currencies
from ui.panel import PanelPage, Tile, View, html_table, tiles
from ui.panel.address_choice import segments
from ui.panel.first_answer import first_answer
from ui.panel.time_window import TimeWindow, chosen_window, forget_window, window_buttons, window_plot
from ui.price_answers import CandleSeries, FedMarket, Feed

PAGE = PanelPage(path="market", title="market.title", icon=":material/candlestick_chart:", order=20)

_EVERY_S = 1.0
_CANDLES_EVERY_S = 2.0
_LISTED_EVERY_S = 2.0
_POINTS = 500
_SPANS = ("240", "1000", "10000", "100000")
_MOST_GAPS = 12


def render(view: View) -> None:
    """Draw the page."""
    feed = first_answer(view, "feed", view.client.feed)
    if feed is None:
        return
    if not feed.symbols:
        view.live(lambda: _nothing(view), _LISTED_EVERY_S)
        return
    name, span = _choices(view, feed)
    view.live(lambda: _condition(view, name), _EVERY_S)
    view.live(lambda: _candles(view, name, span), _CANDLES_EVERY_S)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(view.text("market.all"), anchor=False)
        view.live(lambda: _markets(view), _LISTED_EVERY_S)
    with right:
        st.subheader(view.text("market.gaps"), anchor=False)
        view.live(lambda: _gaps(view, name), _LISTED_EVERY_S)


def _choices(view: View, feed: Feed) -> tuple[str, int]:
    """Ask which market, and how much of it."""
    places = st.columns([2, 3], vertical_alignment="bottom")
    names = [_name(each) for each in feed.symbols]
    name = places[0].selectbox(
        view.text("market.market"), names, key="market", bind="query-params", on_change=forget_window
    )
    with places[1]:
        span = segments(
            "span",
            view.text("market.span"),
            _SPANS,
            lambda span: view.number(int(span)),
            labelled=True,
            on_change=forget_window,
        )
    return name, int(span)


def _name(market: FedMarket) -> str:
    return f"{market.symbol} {market.timeframe} · {market.venue}"


def _market(view: View, name: str) -> FedMarket | None:
    """Return what there is of a market now."""
    feed = view.load("feed", view.client.feed)
    return None if feed is None else next((each for each in feed.symbols if _name(each) == name), None)


def _nothing(view: View) -> None:
    feed = view.load("feed", view.client.feed)
    if feed is not None and feed.symbols:
        st.rerun()
    view.empty("market.empty")


def _condition(view: View, name: str) -> None:
    market = _market(view, name)
    if market is None:
        return
    text = view.text
    simulated = market.origin.startswith("simulated:")
    kind, tone = (text("market.simulated"), "simulated") if simulated else (text("market.real"), "plain")
    feed = view.loads.kept("feed")
    left_s = view.loads.left_s("feed", market.next_close_ts, feed.as_of)
    followed = text("market.followed") if market.followed else text("market.not_followed")
    missing = text("market.gaps_none") if not market.n_gaps else text("market.gaps_n", n=view.number(market.n_gaps))
    shown = (
        Tile(text("market.origin"), kind, market.origin, tone),
        Tile(text("market.newest"), view.clock_time(market.last_time), view.moment(market.last_time)[:10]),
        Tile(text("market.age"), view.duration(market.age_s), text("market.age_note")),
        Tile(text("market.next"), view.duration(left_s), followed),
        Tile(
            text("market.count"),
            view.number(market.n_candles),
            text("market.since", time=view.moment(market.first_time)),
        ),
        Tile(text("market.missing"), view.number(market.n_missing), missing, "warn" if market.n_gaps else "plain"),
    )
    tiles(shown)


def _candles(view: View, name: str, span: int) -> None:
    market = _market(view, name)
    if market is None:
        view.empty("market.gone", market=name)
        return
    whole, bar_ms = _whole(market)
    window, chosen = _window(whole, bar_ms, span), chosen_window()
    window = window if chosen is None else chosen
    key = f"candles:{name}:{span}" if chosen is None else f"candles:{name}:{chosen.since}:{chosen.until}"
    series = view.load(
        key,
        lambda: view.client.candles(
            market.symbol, market.timeframe, market.venue, since=window.since, until=window.until, points=_POINTS
        ),
    )
    if series is None:
        return
    window_buttons(view, window, whole, "market-candles")
    if not series.time:
        view.empty("market.none_then")
        return
    _plot(view, market, series)
    st.caption(_told(view, series))


def _whole(market: FedMarket) -> tuple[TimeWindow, int]:
    """Return the span of all candles, and how long each is, ms."""
    steps = market.n_candles + market.n_missing - 1
    bar_ms = (market.last_time - market.first_time) // steps if steps > 0 else 1
    return TimeWindow(market.first_time, market.last_time + max(bar_ms, 1)), max(bar_ms, 1)


def _window(whole: TimeWindow, bar_ms: int, span: int) -> TimeWindow:
    """Return when the newest candles are."""
    return TimeWindow(max(whole.since, whole.until - span * bar_ms), whole.until)


def _plot(view: View, market: FedMarket, series: CandleSeries) -> None:
    base, quote = currencies(market.symbol)
    names = ("price", "volume", "open", "high", "low", "close", "gap")
    words = (
        f"{view.text('market.price')}, {quote}",
        f"{view.text('market.volume')}, {base}",
        view.text("market.open"),
        view.text("market.high"),
        view.text("market.low"),
        view.text("market.close"),
        view.text("market.gap"),
    )
    times = [view.local(each) for each in series.time]
    figure = candles_figure(
        times,
        series.open,
        series.high,
        series.low,
        series.close,
        series.volume,
        gaps=[(view.local(gap.since), view.local(gap.until), gap.missing) for gap in market.gaps],
        labels=dict(zip(names, words, strict=True)),
    )
    window_plot(
        view, figure, "market-candles", view.text("market.alt", market=_name(market), n=view.number(len(times)))
    )


def _told(view: View, series: CandleSeries) -> str:
    """Say what is drawn: how many candles, of how many, and how to see more of them."""
    points = view.number(len(series.time))
    if series.bars_per_point == 1:
        return view.text("market.drawn", n=points, zone=view.zone.key)
    return view.text("market.merged", n=points, bars=view.number(series.bars_per_point), zone=view.zone.key)


def _markets(view: View) -> None:
    feed = view.load("feed", view.client.feed)
    if feed is None:
        return
    titles = (
        "market.symbol",
        "market.timeframe",
        "market.venue",
        "market.count",
        "market.newest",
        "market.age",
        "market.missing",
    )
    rows = [
        (
            each.symbol,
            each.timeframe,
            each.venue,
            view.number(each.n_candles),
            view.moment(each.last_time),
            view.duration(each.age_s),
            view.number(each.n_missing),
        )
        for each in feed.symbols
    ]
    html_table(view, titles, rows, text_columns=3)


def _gaps(view: View, name: str) -> None:
    market = _market(view, name)
    if market is None:
        return
    if not market.gaps:
        view.empty("market.no_gaps")
        return
    latest = market.gaps[: -_MOST_GAPS - 1 : -1]
    rows = [(view.moment(gap.since), view.moment(gap.until), view.number(gap.missing)) for gap in latest]
    html_table(view, ("market.gap_from", "market.gap_to", "market.gap_missing"), rows, text_columns=2)
    if market.n_gaps > len(latest):
        st.caption(view.text("market.gaps_more", n=view.number(market.n_gaps - len(latest))))
