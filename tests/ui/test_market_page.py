"""The market page: gaps are shown, the address says what is drawn, and the desk is asked for that only."""

from zoneinfo import ZoneInfo

import pytest

from ui.panel.time_window import TimeWindow, window_of

MINUTE = 60_000
FIRST = 1_767_225_600_000
LAST = FIRST + 999 * MINUTE
GAP = {"from": FIRST + 500 * MINUTE, "to": FIRST + 520 * MINUTE, "missing": 20}
WHOLE = TimeWindow(0, 1_000)


@pytest.fixture
def gapped(stand_in):
    """Return a desk with a market that lacks 20 of its 1,000 candles."""
    market = {
        "symbol": "BTC/USDT:USDT", "venue": "simulated", "timeframe": "1m", "origin": "simulated:7", "followed": True,
        "first_time": FIRST, "last_time": LAST, "n_candles": 980, "n_gaps": 1, "n_missing": 20, "gaps": [GAP],
        "age_s": 1.0, "next_close_ts": None,
    }  # fmt: skip
    feed = {
        "origin": "simulated:7", "simulated": True, "speed": 20.0, "next_close_ts": None, "state": "running",
        "symbols": [market], "as_of": LAST,
    }  # fmt: skip
    stand_in.instead["/api/market/feed"] = lambda asked: feed
    return stand_in


def asked_for(desk):
    return [each.query for each in desk.asked if each.path == "/api/market/candles"]


def test_market_with_a_gap_shows_where_and_how_many(viewer, gapped):
    viewer.open("market")
    assert viewer.text("market.gaps_n", n="1") in viewer.words
    assert "2026-01-01 09:20" in viewer.words  # Berlin
    assert "2026-01-01 09:40" in viewer.words


def test_market_without_a_span_in_the_address_asks_for_the_newest_candles(viewer, gapped):
    viewer.open("market")
    end = LAST + MINUTE
    assert {(each["from"], each["to"]) for each in asked_for(gapped)} == {(str(end - 240 * MINUTE), str(end))}
    assert max(int(each["points"]) for each in asked_for(gapped)) <= 1_000


def test_market_with_a_span_in_the_address_asks_for_it(viewer, gapped):
    since, until = FIRST + 10 * MINUTE, FIRST + 50 * MINUTE
    viewer.open("market", **{"from": str(since), "to": str(until)})
    assert {(each["from"], each["to"]) for each in asked_for(gapped)} == {(str(since), str(until))}


def test_market_with_a_number_of_candles_in_the_address_asks_for_so_many_and_keeps_it(viewer, gapped):
    viewer.open("market", span="1000")
    assert {(each["from"], each["to"]) for each in asked_for(gapped)} == {(str(FIRST), str(LAST + MINUTE))}
    assert viewer.at.query_params["span"] in ("1000", ["1000"])


def test_market_number_of_candles_that_is_chosen_is_written_plainly_and_ends_a_zoom(viewer, gapped):
    viewer.open("market", **{"from": str(FIRST), "to": str(LAST)})
    next(each for each in viewer.at.segmented_control if each.key == "choice.span").set_value("100000")
    viewer.run()
    assert viewer.at.query_params["span"] in ("100000", ["100000"])
    assert "from" not in viewer.at.query_params


@pytest.mark.parametrize(("since", "until"), [("x", "5"), ("9", "9"), ("9", "3"), ("-1", "7"), ("1", ""), ("²", "9")])
def test_market_with_a_span_that_cannot_be_meant_shows_the_newest(viewer, gapped, since, until):
    viewer.open("market", **{"from": since, "to": until})
    assert {each["to"] for each in asked_for(gapped)} == {str(LAST + MINUTE)}


def test_market_buttons_move_the_span_and_lead_back_to_the_newest(viewer, gapped):
    viewer.open("market")
    viewer.at.button("market-candles.earlier").click()
    viewer.run()
    since = LAST + MINUTE - 360 * MINUTE
    assert asked_for(gapped)[-1]["from"] == str(since)
    assert viewer.at.query_params["from"] == str(since)
    viewer.at.button("market-candles.newest").click()
    viewer.run()
    assert "from" not in viewer.at.query_params
    assert viewer.at.button("market-candles.newest").disabled


def test_market_says_that_candles_are_simulated(viewer, gapped):
    viewer.open("market", language="zh")
    assert viewer.text("market.simulated") in viewer.words


def test_window_that_was_zoomed_to_is_read_in_the_zone_of_the_axis():
    window = window_of(["2026-03-01 01:00:00.5", "2026-03-01 00:59:59"], ZoneInfo("Asia/Shanghai"))
    assert window == TimeWindow(1_772_297_999_000, 1_772_298_000_500)
    assert window_of([1_772_297_999_000, 1_772_298_000_500.7], ZoneInfo("UTC")) == window


@pytest.mark.parametrize(
    "ends", [None, {}, [], 7, "soon", ["soon"], ["2026-03-01", "2026-03-01"], [1, "2026-03-01", 3], [float("nan"), 1]]
)
def test_window_of_what_is_no_span_is_none(ends):
    assert window_of(ends, ZoneInfo("UTC")) is None


def test_time_window_stays_within_the_whole():
    assert TimeWindow(100, 300).moved(-2.0, WHOLE) == TimeWindow(0, 200)
    assert TimeWindow(700, 900).moved(1.0, WHOLE) == TimeWindow(800, 1_000)
    assert TimeWindow(400, 600).widened(3.0, WHOLE) == TimeWindow(200, 800)
    assert TimeWindow(0, 600).widened(3.0, WHOLE) == WHOLE
