"""The feed of a venue: candles late, twice, corrected, missing; outages, clocks that differ, never an open candle."""

import logging
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import ccxt
import pytest
from feed_venue import MINUTE, WHOLE, FakeVenue, held, outage, truth
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cluster.feed.feed import Feed
from cluster.feed.feed_market import FeedMarket
from cluster.feed.venue import VenueSource
from market import CandleStore, ManualClock, Ticker
from market.errors import UnknownNameError

START = int(WHOLE.timestamp[1_000]) + 20_000
HISTORY = 300


@pytest.fixture(autouse=True, scope="module")
def _long_sleeps() -> Iterator[None]:
    """Let the feed sleep for longer than a second at a time; nobody waits for it here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cluster.feed.feed.LONGEST_SLEEP_S", 20.0)
        yield


class Board:
    """Keeps tickers as a bus would show them."""

    def __init__(self) -> None:
        self.tickers: list[Ticker] = []

    def show_tickers(self, tickers: list[Ticker]) -> None:
        self.tickers += tickers


class Desk:
    """A feed of a fake venue, and the time it lives in."""

    def __init__(self, folder: Path, **venue: Any) -> None:
        self.clock = ManualClock(START)
        self.venue = FakeVenue(self.clock, **venue)
        self.store = CandleStore(folder)
        self.board = Board()
        self.beats: list[Any] = []
        self.restart()

    def restart(self) -> None:
        markets = [FeedMarket("fake", symbol, "1m", "real:fake") for symbol in self.venue.symbols]
        source = VenueSource(markets, HISTORY, self.venue.open, self.clock, jitter=lambda: 0.5)  # type: ignore[arg-type]
        self.feed = Feed(source, self.store, self.clock, self.board, self.beats.append)  # type: ignore[arg-type]
        self.feed.begin()

    def run(self, seconds: float) -> None:
        end = self.clock.now_ms() + seconds * 1000
        while self.clock.now_ms() < end:
            self.clock.sleep(self.feed.step())

    def closed(self, first: int = START - START % MINUTE - HISTORY * MINUTE) -> dict[int, tuple[float, ...]]:
        """Return what should be stored by now."""
        return {
            time: self.venue.corrected.get(time, (0, values))[1]
            for time, values in truth().items()
            if first <= time <= self.clock.now_ms() - MINUTE - 5_000
        }

    def candle_requests(self) -> list[int]:
        return [time for time, what, *_ in self.venue.requests if what == "candles"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]


def opening(minutes: int) -> int:
    """Return the open of the bar that is open so many minutes after the start."""
    return START - START % MINUTE + minutes * MINUTE


def test_feed_fetches_its_history_and_follows(desk: Desk) -> None:
    desk.run(20)
    assert held(desk.store) == desk.closed()
    asked = len(desk.candle_requests())
    desk.run(3_600)
    assert held(desk.store) == desk.closed()
    assert 60 <= len(desk.candle_requests()) - asked <= 62  # one request a candle
    moments = [(time % MINUTE) / 1000 for time in desk.candle_requests()[asked:]]
    assert min(moments) >= 1.5
    assert max(moments) < 4.0
    since = [since for _, what, since, _ in desk.venue.requests if what == "candles"][-1]
    assert since == max(held(desk.store)) - 5 * MINUTE  # the last five again, and the new one
    assert len(desk.store.read("fake", "BTC/USDT", "1m").gaps) == 0


def test_feed_polls_politely(tmp_path: Path) -> None:
    symbols = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
    desk = Desk(tmp_path, symbols=symbols)
    desk.run(60)
    before = len(desk.venue.requests)
    desk.run(600)
    counts = Counter(what for _, what, *_ in desk.venue.requests[before:])
    assert counts["candles"] == 3 * 10
    assert counts["ticker"] == pytest.approx(3 * 60, abs=6)
    assert counts["time"] <= 2
    times = [time for time, *_ in desk.venue.requests]
    assert all(later - earlier >= 200 for earlier, later in pairwise(times))
    for symbol in symbols:
        assert held(desk.store, symbol) == desk.closed()


def test_feed_shows_tickers_with_both_times(desk: Desk) -> None:
    desk.venue.skew_ms = 300
    desk.run(60)
    newest = desk.board.tickers[-1]
    assert (newest.venue, newest.symbol, newest.origin) == ("fake", "BTC/USDT", "real:fake")
    assert newest.bid < newest.last < newest.ask  # type: ignore[operator]
    assert newest.venue_ts == newest.receive_ts + 300
    gaps = [b.receive_ts - a.receive_ts for a, b in pairwise(desk.board.tickers)]
    assert max(gaps) < 15_000


def test_feed_without_tickers_goes_on_with_candles(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.venue.has = {"fetchOHLCV": True}
    desk.restart()
    desk.run(300)
    assert held(desk.store) == desk.closed()
    assert not desk.board.tickers


def test_feed_broken_tickers_delay_no_candle(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.venue.fetch_ticker = lambda symbol: {"symbol": symbol, "last": None}  # type: ignore[method-assign]
    desk.run(1_200)
    assert held(desk.store) == desk.closed()
    assert max(time % MINUTE for time in desk.candle_requests()[3:]) < 4_000
    assert sum("last of BTC/USDT must be a positive price" in each for each in messages(caplog)) == 1


def test_feed_late_candle_is_asked_for_until_it_comes(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    late = opening(2)
    desk.venue.visible_from[late] = late + MINUTE + 45_000
    desk.run(190)
    asked = len(desk.candle_requests())
    assert late not in held(desk.store)
    desk.run(40)
    assert held(desk.store)[late] == truth()[late]
    assert 3 <= len(desk.candle_requests()) - asked <= 8
    told = [each for each in messages(caplog) if "late" in each]
    assert told == ["a candle of BTC/USDT 1m of fake is late", "late candles of BTC/USDT 1m of fake have come"]
    desk.run(120)
    assert held(desk.store) == desk.closed()


def test_feed_missing_candle_is_asked_for_again_and_stored_when_it_comes(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    absent = [opening(3), opening(4)]
    for time in absent:
        desk.venue.visible_from[time] = opening(9) + 30_000
    desk.run(8 * 60)
    assert not set(absent) & set(held(desk.store))
    desk.run(10 * 60)
    assert held(desk.store) == desk.closed()
    told = messages(caplog)
    assert "BTC/USDT 1m of fake lacks candles, they are asked for again" in told
    assert "missing candles of BTC/USDT 1m of fake have come after all" in told
    assert not any("do not exist" in each for each in told)


def test_feed_candle_that_never_comes_is_reported_once_and_left(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    absent = opening(3)
    desk.venue.visible_from[absent] = START + 10**9
    desk.run(30 * 60)
    before = len(desk.candle_requests())
    expected = desk.closed()
    del expected[absent]
    assert held(desk.store) == expected
    assert messages(caplog).count("candles of BTC/USDT 1m of fake do not exist at its venue") == 1
    fields = next(record.fields for record in caplog.records if "do not exist" in record.getMessage())  # type: ignore[attr-defined]
    assert fields["bars"] == 1
    desk.run(30 * 60)
    assert len(desk.candle_requests()) - before <= 31
    (report,) = desk.beats[-1]["followed"]
    assert (report["missing"], report["given_up"]) == (0, 1)


def test_feed_correction_is_stored_and_told_with_both_values(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    wrong = opening(2)
    before = truth()[wrong]
    after = (*before[:4], before[4] + 12.5)
    desk.venue.corrected[wrong] = (opening(5), after)
    desk.run(4 * 60)
    assert held(desk.store)[wrong] == before
    desk.run(4 * 60)
    assert held(desk.store)[wrong] == after
    record = next(record for record in caplog.records if "corrected" in record.getMessage())
    assert record.fields["before"]["volume"] == before[4]  # type: ignore[attr-defined]
    assert record.fields["after"]["volume"] == after[4]  # type: ignore[attr-defined]
    assert desk.beats[-1]["markets"][0]["corrections"] == 1
    assert held(desk.store) == desk.closed()


def test_feed_correction_made_while_the_desk_was_down_is_found(desk: Desk) -> None:
    desk.run(5 * 60)
    newest = max(held(desk.store))
    before = truth()[newest]
    desk.venue.corrected[newest] = (0, (*before[:4], before[4] * 2))
    desk.restart()
    desk.run(30)
    assert held(desk.store)[newest] == desk.venue.corrected[newest][1]


def test_feed_catches_up_after_a_pause_longer_than_a_page(desk: Desk) -> None:
    desk.run(60)
    desk.clock.advance(2_000 * 60)
    desk.restart()
    desk.run(60)
    assert held(desk.store) == desk.closed()
    desk.clock.advance(2_000 * 60)  # the machine slept, and the process with it
    desk.run(60)
    assert held(desk.store) == desk.closed()


def test_feed_outage_backs_off_reconnects_and_misses_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk.run(60)
    start = desk.clock.now_ms()
    desk.venue.failure = outage(start, start + 900_000)
    before = len(desk.venue.requests)
    desk.run(600)
    assert desk.beats[-1]["state"] == "reconnecting"
    assert len(desk.venue.requests) - before < 25
    desk.run(400)
    assert held(desk.store) == desk.closed()
    assert desk.venue.opened > 1
    assert desk.beats[-1]["state"] == "running"
    told = messages(caplog)
    assert sum("did not answer" in each for each in told) == 1
    assert sum("the venue answers again" in each for each in told) == 1


def test_feed_that_is_limited_asks_less(desk: Desk) -> None:
    desk.run(60)
    start = desk.clock.now_ms()
    desk.venue.failure = outage(start, start + 600_000, ccxt.DDoSProtection)
    before = len(desk.venue.requests)
    desk.run(600)
    assert len(desk.venue.requests) - before < 9
    desk.run(600)
    assert held(desk.store) == desk.closed()


def test_feed_starts_during_an_outage(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.venue.failure = outage(0, START + 300_000)
    desk.run(200)
    assert desk.beats[-1]["state"] == "connecting"
    desk.run(300)
    stored = held(desk.store)
    assert stored == desk.closed(min(stored))
    assert opening(-HISTORY) < min(stored) <= opening(8 - HISTORY)  # the history of when it began


@pytest.mark.parametrize(
    "answer",
    [
        [],
        None,
        "<html>maintenance</html>",
        [[None] * 6] * 3,
        [[START, 1.0, 0.5, 0.4, 1.0, 1.0]],
        [[START - START % MINUTE - MINUTE, 1.0, 2.0, 0.5, float("nan"), 1.0]],
        [[0, 1.0, 1.0, 1.0, 1.0, 1.0]],
    ],
)
def test_feed_nonsense_is_never_stored(desk: Desk, answer: Any) -> None:
    desk.run(60)
    start = desk.clock.now_ms()
    sentinel = [] if answer is None else answer
    desk.venue.answer = lambda now: sentinel if start <= now < start + 300_000 else None
    desk.run(280)
    assert set(held(desk.store)) <= set(truth())
    desk.venue.answer = lambda now: None
    desk.run(400)
    assert held(desk.store) == desk.closed()


def test_feed_repeated_candles_are_taken_once(desk: Desk) -> None:
    plain = desk.venue.fetch_ohlcv

    def twice(*arguments: Any) -> list[list[Any]]:
        return [row for row in plain(*arguments) for _ in range(2)]

    desk.venue.fetch_ohlcv = twice  # type: ignore[method-assign]
    desk.run(600)
    assert held(desk.store) == desk.closed()


@pytest.mark.parametrize("skew_ms", [-30_000, -3_000, 3_000, 30_000])
def test_feed_with_a_clock_that_differs_never_stores_an_open_candle(
    tmp_path: Path, skew_ms: int, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path, skew_ms=skew_ms)
    seen: set[int] = set()
    for _ in range(600):
        desk.run(1)
        if desk.store.files():
            new = held(desk.store).keys() - seen
            assert all(time + MINUTE <= desk.venue.now for time in new)
            seen |= new
    stored, expected = held(desk.store), truth()
    assert all(expected[time] == values for time, values in stored.items())
    assert desk.clock.now_ms() - max(stored) < 3 * MINUTE
    assert desk.beats[-1]["skew_ms"] == pytest.approx(-skew_ms, abs=500)
    assert "our clock and the venue's differ" in messages(caplog)


def test_feed_survives_a_clock_that_is_set(desk: Desk) -> None:
    desk.run(120)
    desk.clock._start_ms += 10 * MINUTE  # the time of day jumps, the monotonic clock does not
    desk.run(120)
    assert held(desk.store) == desk.closed()
    desk.clock._start_ms -= 5 * MINUTE
    desk.run(120)
    assert set(held(desk.store)) <= set(truth())
    desk.run(600)
    assert held(desk.store) == desk.closed()


def test_feed_unknown_symbol_is_the_users_mistake(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.venue.symbols = ("ETH/USDT",)
    with pytest.raises(UnknownNameError, match="fake does not list BTC/USDT"):
        desk.run(10)


def test_feed_symbol_that_vanishes_later_is_an_outage(desk: Desk) -> None:
    desk.run(60)
    desk.venue.symbols = ("ETH/USDT",)
    start = desk.clock.now_ms()
    desk.venue.failure = outage(start, start + 60_000)
    desk.run(600)
    assert desk.beats[-1]["state"] == "reconnecting"
    desk.venue.symbols = ("BTC/USDT",)
    desk.run(200)
    assert held(desk.store) == desk.closed()


def test_feed_market_in_trouble_does_not_hold_up_the_others(tmp_path: Path) -> None:
    desk = Desk(tmp_path, symbols=("BTC/USDT", "ETH/USDT"))
    plain = desk.venue.fetch_ohlcv

    def refuse(symbol: str, *arguments: Any) -> list[list[Any]]:
        if symbol == "ETH/USDT":
            raise ccxt.ExchangeError("not today")
        return plain(symbol, *arguments)

    desk.venue.fetch_ohlcv = refuse  # type: ignore[method-assign]
    desk.run(600)
    assert held(desk.store) == desk.closed()
    assert desk.beats[-1]["followed"][1]["failures"] > 3
    assert desk.beats[-1]["data_age_s"] is None
    desk.venue.fetch_ohlcv = plain  # type: ignore[method-assign]
    desk.run(300)
    stored = held(desk.store, "ETH/USDT")
    assert stored == desk.closed(min(stored))
    assert desk.beats[-1]["data_age_s"] < 70


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes long
@given(
    lateness=st.dictionaries(st.integers(1, 55), st.integers(1, 900), max_size=8),
    corrections=st.dictionaries(st.integers(1, 50), st.integers(1, 3), max_size=4),
    outages=st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 400)), max_size=3),
    restarts=st.lists(st.integers(0, 3_000), max_size=3),
    delay_ms=st.integers(0, 6_000),
)
def test_feed_holds_the_truth_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory,
    lateness: dict[int, int],
    corrections: dict[int, int],
    outages: list[tuple[int, int]],
    restarts: list[int],
    delay_ms: int,
) -> None:
    desk = Desk(tmp_path_factory.mktemp("truth"))
    desk.venue.delay_ms = delay_ms
    for minute, seconds in lateness.items():
        desk.venue.visible_from[opening(minute)] = opening(minute + 1) + seconds * 1000
    for minute, later in corrections.items():
        values = truth()[opening(minute)]
        desk.venue.corrected[opening(minute)] = (opening(minute + later), (*values[:4], values[4] + 1.0))
    spans = [(START + start * 1000, START + (start + length) * 1000) for start, length in outages]
    desk.venue.failure = lambda now: next(
        (ccxt.NetworkError("down") for start, stop in spans if start <= now < stop), None
    )
    for moment in sorted(restarts):
        desk.run(max(0, START / 1000 + moment - desk.clock.now_ms() / 1000))
        desk.restart()
    desk.run(max(0, START / 1000 + 5_400 - desk.clock.now_ms() / 1000))
    stored = held(desk.store)
    expected = desk.closed(min(stored))
    assert min(stored) <= opening(25 - HISTORY)  # outages at the start make it begin with a later history
    absent = {(time - opening(0)) // MINUTE for time in expected.keys() - stored.keys()}
    # A candle that came later than it was asked for is lost, and nothing else is.
    assert not {minute for minute in absent if lateness.get(minute, 0) < 540}
    differing = {time for time in stored if stored[time] != expected[time]}
    # A correction of what an outage or a late candle kept out of the last five may be missed, never invented.
    assert differing <= set(desk.venue.corrected)
    if not outages and not lateness and not restarts:
        assert not differing
