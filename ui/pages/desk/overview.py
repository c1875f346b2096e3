"""The desk at a glance: what runs, how far evolution is, what came of it, and what wants attention."""

import streamlit as st

from backtest.plots import strategy_map_figure
from ui.desk_answers import Service
from ui.overview_answers import Overview, StrategyMap
from ui.panel import PanelPage, Tile, View, html_table, plot, tiles
from ui.panel.desk_sentences import sentence_words
from ui.panel.grade_reasons import reason_words
from ui.panel.header import OVERVIEW_AGE_S
from ui.panel.tiles import SHAPES

PAGE = PanelPage(path="", title="overview.title", icon=":material/monitoring:", order=10)

_EVERY_S = 2.0
_MAP_EVERY_S = 2.0
_MAP_AGE_S = 1.5
_RUNS_TONES = {"running": "good", "starting": "warn", "paused": "warn", "stopped": "muted"}
_SERVICE_TONES = {"running": "good", "starting": "warn", "restarting": "warn", "stopping": "muted", "stopped": "muted"}


def render(view: View) -> None:
    """Draw the page."""
    view.live(lambda: _progress(view), _EVERY_S)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(view.text("overview.map"), anchor=False)
        view.live(lambda: _map(view), _MAP_EVERY_S)
    with right:
        st.subheader(view.text("overview.funnel"), anchor=False)
        view.live(lambda: _funnel(view), _EVERY_S)
        st.subheader(view.text("overview.types"), anchor=False)
        view.live(lambda: _types(view), _EVERY_S)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(view.text("overview.candles"), anchor=False)
        view.live(lambda: _candles(view), _EVERY_S)
        st.subheader(view.text("overview.alerts"), anchor=False)
        view.live(lambda: _alerts(view), _EVERY_S)
    with right:
        st.subheader(view.text("overview.services"), anchor=False)
        view.live(lambda: _services(view), _EVERY_S)


def _overview(view: View) -> Overview | None:
    return view.load("overview", view.client.overview, max_age_s=OVERVIEW_AGE_S)


def _progress(view: View) -> None:
    overview = _overview(view)
    if overview is None:
        return
    pace, counts, text = overview.evolution, overview.funnel, view.text
    bars = None if pace.strategy_bars_per_s is None else pace.strategy_bars_per_s / 1e6
    tone = _RUNS_TONES.get(pace.state, "bad")
    shown = (
        Tile(text("overview.evolution"), view.word("evolution", pace.state), pace.run_id or "", tone),
        Tile(text("overview.generation"), view.number(pace.generation), _round(view, overview)),
        Tile(
            text("overview.evaluations"),
            view.number(pace.evaluations_per_s, 0, "/s"),
            text("overview.evaluations_all", n=view.number(pace.evaluations)),
        ),
        Tile(text("overview.bars"), view.number(bars, 1, "M/s"), text("overview.bars_note")),
        _best(view, overview),
        Tile(
            text("overview.enabled"),
            view.number(counts.enabled),
            text("overview.of_strategies", n=view.number(counts.strategies)),
        ),
    )
    tiles(shown)


def _round(view: View, overview: Overview) -> str:
    """Say in which round evolution is, and how long it rests."""
    pace = overview.evolution
    shown = view.text("overview.round", n=view.number(pace.round))
    left_s = view.loads.left_s("overview", pace.next_generation_ts, overview.as_of)
    if pace.state != "running" or not left_s:
        return shown
    return f"{shown} · {view.text('overview.next_generation', time=view.duration(left_s))}"


def _best(view: View, overview: Overview) -> Tile:
    """Return the best score of all types; fitness in sample, on the page of evolution, is another one."""
    best = max((each.best_scs for each in overview.per_type if each.best_scs is not None), default=None)
    return Tile(view.text("overview.best"), view.number(best, 1), view.text("overview.best_note"))


def _map(view: View) -> None:
    known: StrategyMap | None = view.loads.kept("strategies_map")
    points = view.load("strategies_map", lambda: view.client.strategies_map(known), max_age_s=_MAP_AGE_S)
    if points is None:
        return
    if not len(points):
        view.empty("overview.map_empty")
        return
    overview: Overview | None = view.loads.kept("overview")
    places = zip(points.symbol, points.timeframe, points.grade, strict=True)
    figure = strategy_map_figure(
        points.id,
        points.type,
        points.scs,
        points.oos_scs,
        threshold=None if overview is None else overview.funnel.threshold,
        hover=[f"{symbol} {timeframe} · {grade}" for symbol, timeframe, grade in places],
        names={each: view.word("type", each) for each in set(points.type)},
        labels={
            "scs": view.text("overview.map_scs"),
            "oos_scs": view.text("overview.map_oos_scs"),
            "threshold": view.text("overview.map_threshold"),
            "no_evidence": view.text("overview.map_no_evidence"),
        },
    )
    plot(figure, "overview-map", view.text("overview.map_alt", n=view.number(len(points))))


def _funnel(view: View) -> None:
    overview = _overview(view)
    if overview is None:
        return
    funnel, text = overview.funnel, view.text
    above = (
        text("overview.step_above", n=view.number(funnel.threshold, int(funnel.threshold % 1 != 0))),
        view.number(funnel.above_threshold),
    )
    why = [
        (text("overview.step_reason", reason=reason_words(view, each.reason)), view.number(each.count))
        for each in funnel.reasons[:1]
    ]
    rows = [
        (text("overview.step_all"), view.number(funnel.strategies)),
        above,
        *why,
        (text("overview.step_a"), view.number(funnel.grade_a)),
        (text("overview.step_enabled"), view.number(funnel.enabled)),
        (text("overview.step_live"), view.number(funnel.live)),
    ]
    html_table(view, ("overview.step", "overview.count"), rows)


def _types(view: View) -> None:
    overview = _overview(view)
    if overview is None:
        return
    if not overview.per_type:
        view.empty("overview.types_empty")
        return
    titles = (
        "overview.type_name",
        "overview.type_count",
        "overview.type_best",
        "overview.type_median",
        "overview.type_oos",
    )
    rows = [
        (
            view.word("type", each.type),
            view.number(each.count),
            view.number(each.best_scs, 1),
            view.number(each.median_scs, 1),
            view.number(each.best_oos_scs, 1),
        )
        for each in overview.per_type
    ]
    html_table(view, titles, rows)


def _candles(view: View) -> None:
    feed = view.load("feed", view.client.feed)
    if feed is None:
        return
    if not feed.symbols:
        view.empty("overview.candles_empty")
        return
    titles = (
        "overview.candle_symbol",
        "overview.candle_timeframe",
        "overview.candle_last",
        "overview.candle_age",
        "overview.candle_gaps",
    )
    rows = [
        (each.symbol, each.timeframe, view.moment(each.last_time), view.duration(each.age_s), view.number(each.n_gaps))
        for each in feed.symbols
    ]
    html_table(view, titles, rows, text_columns=2)


def _alerts(view: View) -> None:
    alerts = view.load("alerts:open", lambda: view.client.alerts(open=True, limit=5))
    if alerts is None:
        return
    if not alerts.items:
        view.empty("overview.alerts_empty")
        return
    titles = ("overview.alert_severity", "overview.alert_message", "overview.alert_when", "overview.alert_count")
    rows = [
        (
            view.word("severity", each.severity),
            sentence_words(view, each.message) or "",
            view.moment(each.last_ts),
            view.number(each.count),
        )
        for each in alerts
    ]
    html_table(view, titles, rows, text_columns=2)
    st.caption(view.text("overview.alerts_more"))


def _shape_of(service: Service) -> str:
    return SHAPES[_SERVICE_TONES.get(service.state, "bad")]


def _services(view: View) -> None:
    overview = _overview(view)
    if overview is None:
        return
    if not overview.services:
        view.empty("overview.services_empty")
        return
    titles = ("overview.service_name", "overview.service_state", "overview.service_uptime", "overview.service_restarts")
    rows = [
        (
            view.word("process", each.name),
            f"{_shape_of(each)} {view.word('service', each.state)}",
            view.duration(each.uptime_s),
            view.number(each.restarts),
        )
        for each in overview.services
    ]
    html_table(view, titles, rows, text_columns=2)
