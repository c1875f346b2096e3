"""The simulated feed: the same candles whether or not it was ever stopped, at the speed that was asked for."""

import errno
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.errors import SettingError
from cluster.feed import Feed, FeedSettings
from cluster.feed.simulated import SimulatedSource
from market import Candles, CandleStore, EndlessMarket, ManualClock, Ticker, synthetic_candles
from market.errors import StoreFullError

NOW = 1_750_000_000_000
BTC = EndlessMarket("BTC/USDT:USDT", "1m", 7)
SMALL = {"EVOQ_FEED_HISTORY": "500"}


class Desk:
    """A simulated feed and the time it lives in."""

    def __init__(self, folder: Path, clock: ManualClock | None = None, **environ: str) -> None:
        self.clock = ManualClock(NOW) if clock is None else clock
        self.folder = folder
        self.tickers: list[Ticker] = []
        self.beats: list[Any] = []
        self.settings = FeedSettings.of(SMALL | environ)
        self.store = CandleStore(folder)
        self.restart()

    def restart(self) -> None:
        source = SimulatedSource(self.settings, self.folder, self.clock)
        self.feed = Feed(source, self.store, self.clock, self, self.beats.append)  # type: ignore[arg-type]
        self.feed.begin()

    def show_tickers(self, tickers: list[Ticker]) -> None:
        self.tickers += tickers

    def run(self, seconds: float) -> None:
        end = self.clock.now_ms() + seconds * 1000
        while self.clock.now_ms() < end:
            self.clock.sleep(min(self.feed.step(), (end - self.clock.now_ms()) / 1000))
        self.feed.step()

    def held(self, symbol: str = "BTC/USDT:USDT") -> Candles:
        return self.store.read("simulated", symbol, "1m", "simulated:7")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_simulated_feed_has_its_history_at_once(desk: Desk) -> None:
    desk.feed.step()
    for symbol in desk.settings.symbols:
        assert desk.held(symbol) == EndlessMarket(symbol, "1m", 7).candles(0, 500)
    assert {candles.origin for candles in map(desk.held, desk.settings.symbols)} == {"simulated:7"}


def test_simulated_feed_runs_at_its_speed(desk: Desk) -> None:
    desk.run(600)
    assert len(desk.held()) == 500 + 200  # twenty minutes in one
    assert desk.held() == BTC.candles(0, 700)
    slow = Desk(desk.folder / "slow", EVOQ_FEED_SPEED="1")
    slow.run(600)
    assert slow.held() == BTC.candles(0, 510)


@settings(max_examples=8, deadline=None)
@given(pauses=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 5_000)), min_size=1, max_size=4))
def test_simulated_feed_that_was_stopped_holds_what_it_would_hold(
    tmp_path_factory: pytest.TempPathFactory, pauses: list[tuple[int, int]]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("pauses"))
    for running, pausing in pauses:
        desk.run(running)
        desk.clock.advance(pausing)
        desk.restart()
    desk.run(1)
    passed = desk.clock.now_ms() - NOW
    assert desk.held() == BTC.candles(0, 500 + passed * 20 // 60_000)


def test_simulated_feed_goes_on_at_a_new_speed_where_it_was(desk: Desk) -> None:
    desk.run(300)
    faster = Desk(desk.folder, desk.clock, EVOQ_FEED_SPEED="600")
    faster.run(10)
    assert faster.held() == BTC.candles(0, 500 + 100 + 100)
    back = Desk(desk.folder, desk.clock)
    back.run(3)
    assert back.held() == BTC.candles(0, 500 + 100 + 100 + 1)


def test_simulated_feed_stands_still_where_a_pause_was_too_long(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.feed.simulated.LONGEST_PAUSE_BARS", 5_000)
    desk.run(30)
    desk.clock.advance(4 * 5_000)  # a bar is three of our seconds
    desk.restart()
    desk.run(30)
    assert "goes on at another time than planned" in caplog.text
    assert desk.held() == BTC.candles(0, 500 + 10 + 5_000 + 10)


def test_simulated_feed_with_a_clock_that_was_set_back_waits(desk: Desk) -> None:
    desk.run(60)
    before = len(desk.held())
    desk.clock._start_ms -= 30_000
    desk.run(29)
    assert len(desk.held()) == before
    desk.restart()
    desk.run(31)
    assert desk.held() == BTC.candles(0, len(desk.held()))
    assert len(desk.held()) > before


def test_simulated_feed_without_its_time_goes_on_behind_its_candles(desk: Desk) -> None:
    desk.run(60)
    held = len(desk.held())
    (remembered,) = desk.folder.glob("*.json")
    for contents in (None, "", "{", '{"real_ms": "x"}', "[1]"):
        remembered.unlink() if contents is None else remembered.write_text(contents)
        desk.restart()
        desk.run(30)
        held += 10
        assert desk.held() == BTC.candles(0, held)


def test_simulated_tickers_move_inside_the_open_candle(desk: Desk) -> None:
    desk.feed.step()
    desk.tickers.clear()
    desk.run(60)
    tickers = [ticker for ticker in desk.tickers if ticker.symbol == "BTC/USDT:USDT"]
    assert len(tickers) >= 60
    for ticker in tickers:
        number = BTC.closed_at(ticker.venue_ts or 0)
        bar = BTC.candles(number, number + 1)
        assert bar.low[0] * (1 - 1e-8) <= ticker.last <= bar.high[0] * (1 + 1e-8)
        assert ticker.bid < ticker.last < ticker.ask  # type: ignore[operator]
        assert (ticker.venue, ticker.origin) == ("simulated", "simulated:7")
    assert len({ticker.last for ticker in tickers}) > 40
    assert tickers[-1].receive_ts - tickers[0].receive_ts >= 58_000


def test_simulated_feed_tells_how_it_is(desk: Desk) -> None:
    desk.run(60)
    report = desk.feed.report()
    assert (report["state"], report["venue"], report["origin"], report["speed"]) == (
        "running",
        "simulated",
        "simulated:7",
        20,
    )
    assert 0 <= report["data_age_s"] <= 3.1
    assert report["edges"].keys() == set(desk.settings.symbols)
    assert report["markets"][0]["candles"] == len(desk.held())
    assert report["markets"][0]["last_open"] == int(desk.held().timestamp[-1])


def test_simulated_feed_refuses_candles_that_it_did_not_make(tmp_path: Path) -> None:
    store = CandleStore(tmp_path)
    start = "2000-01-01"
    other = synthetic_candles(symbol="BTC/USDT:USDT", timeframe="1m", bars=600, seed=7, start=start, venue="simulated")
    store.add(other)
    with pytest.raises(
        SettingError, match=r"simulated:7 must be those of the feed, differ at 2000-01-01T.*; move the stored"
    ):
        Desk(tmp_path)
    late = CandleStore(tmp_path / "late")
    late.add(BTC.candles(5, 600))
    with pytest.raises(SettingError, match=r"begin at 2000-01-01T00:05:00Z; move .* or choose another EVOQ_SEED"):
        Desk(tmp_path / "late")


def test_simulated_feed_of_another_seed_shares_the_store(desk: Desk) -> None:
    desk.run(10)
    other = Desk(desk.folder, desk.clock, EVOQ_SEED="8")
    other.run(10)
    assert len(desk.store.files()) == 6
    assert desk.held() == BTC.candles(0, len(desk.held()))


def test_feed_on_a_full_disk_waits_and_misses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("cluster.feed.feed.SUMMARY_EVERY_S", 1e9)
    desk.restart()
    desk.run(30)
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise StoreFullError("the disk is full; free space")

        patch.setattr(desk.store, "append", full)
        desk.run(120)
        assert desk.beats[-1]["state"] == "disk"
        assert caplog.text.count("candles cannot be stored") == 1
    desk.run(30)
    assert desk.beats[-1]["state"] == "running"
    assert caplog.records[-1].getMessage() == "candles are stored again"
    assert desk.held() == BTC.candles(0, 500 + 60)


def test_feed_whose_heartbeat_fails_goes_on(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def broken(report: object) -> None:
        raise OSError(errno.EPIPE, "nobody there")

    desk.feed._heartbeat = broken
    desk.run(90)
    assert desk.held() == BTC.candles(0, 530)
    assert caplog.text.count("heartbeat was not heard") == 2


def test_feed_asks_to_sleep_at_most_a_second(desk: Desk) -> None:
    waits = [desk.feed.step() for _ in range(5)]
    assert all(0.0 <= wait <= 1.0 for wait in waits)
