"""Downloading: complete whatever the venue's habits, and resumable."""

from typing import Any

import ccxt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import Candles, CandleStore, FetchProgress, ManualClock, fetch_candles, synthetic_candles
from market.errors import (
    VenueRefusedError,
)

HOUR = 3_600_000


# -- complete ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    present=st.lists(st.booleans(), min_size=2, max_size=80).filter(any),
    cap=st.integers(1, 12),
    promised=st.integers(1, 12),
    keeps=st.sampled_from(["oldest", "newest"]),
    before=st.integers(0, 20),
    offset=st.integers(0, HOUR - 1),
    endless=st.booleans(),
)
def test_download_is_complete_whatever_the_gaps_and_the_paging(
    tmp_path_factory: pytest.TempPathFactory,
    fake_exchange,
    endless_exchange,
    present: list[bool],
    cap: int,
    promised: int,
    keeps: str,
    before: int,
    offset: int,
    endless: bool,
) -> None:
    whole = synthetic_candles(bars=len(present), seed=4)
    rows = np.flatnonzero(present)
    venue = Candles.from_arrays(
        whole.timestamp[rows],
        *(getattr(whole, name)[rows] for name in ("open", "high", "low", "close", "volume")),
        symbol="BTC/USDT",
        venue="fake",
        timeframe="1h",
    )
    if endless:  # without an end, only ccxt's contract makes it work: the oldest candles from `since` on
        exchange = endless_exchange(venue, cap=cap, promised=promised, keeps="oldest")
    else:
        exchange = fake_exchange(venue, cap=cap, promised=promised, keeps=keeps)
    store = CandleStore(tmp_path_factory.mktemp("paging"))
    since = int(whole.timestamp[0]) - before * HOUR - offset
    clock = ManualClock(whole.close_time)
    fetched = fetch_candles("fake", "BTC/USDT", "1h", since=since, store=store, exchange=exchange, clock=clock)
    assert fetched == venue
    assert store.read("fake", "BTC/USDT", "1h") == venue
    assert len(exchange.requests) < 20 + 4 * before + 10 * len(present)
    asked = len(exchange.requests)
    again = fetch_candles("fake", "BTC/USDT", "1h", since=since, store=store, exchange=exchange, clock=clock)
    assert again == venue
    trailing = len(present) - 1 - rows[-1]
    assert len(exchange.requests) - asked <= 2 * trailing  # what was asked for before is not asked again


@settings(max_examples=60, deadline=None)
@given(
    gap=st.tuples(st.integers(1, 60), st.integers(0, 30)),
    outage=st.integers(1, 14),
    keeps=st.sampled_from(["oldest", "newest"]),
)
def test_download_during_an_outage_answered_with_nothing_invents_no_gap(
    tmp_path_factory: pytest.TempPathFactory, fake_exchange, gap: tuple[int, int], outage: int, keeps: str
) -> None:
    whole = synthetic_candles(bars=100, seed=4, venue="fake")
    rows = [row for row in range(100) if not gap[0] <= row < gap[0] + gap[1]]
    columns = ("timestamp", "open", "high", "low", "close", "volume")
    venue = Candles.from_arrays(*(getattr(whole, name)[rows] for name in columns), symbol="BTC/USDT", venue="fake")
    exchange = fake_exchange(venue, cap=10, promised=10, keeps=keeps)
    exchange.script[outage] = []
    store = CandleStore(tmp_path_factory.mktemp("outage"))
    arguments: dict[str, Any] = {"since": int(whole.timestamp[0]), "store": store, "exchange": exchange}
    fetched = fetch_candles("fake", "BTC/USDT", "1h", clock=ManualClock(whole.close_time), **arguments)
    assert fetched == venue[: len(fetched)]
    assert fetch_candles("fake", "BTC/USDT", "1h", clock=ManualClock(whole.close_time), **arguments) == venue


def test_download_of_a_history_that_starts_late_jumps_to_it(fetch, fake_exchange, hours: Candles) -> None:
    exchange = fake_exchange(hours, cap=100, promised=100)
    assert fetch(exchange, since="1990-01-01") == hours
    assert len(exchange.requests) < 20


def test_download_of_a_history_that_starts_late_is_scanned_where_jumping_is_not_safe(
    fetch, fake_exchange, hours: Candles
) -> None:
    exchange = fake_exchange(hours, cap=500, promised=500, keeps="newest")
    assert fetch(exchange, since="2022-06-01") == hours


def test_download_drops_the_candle_that_is_still_open(store: CandleStore, fake_exchange, hours: Candles) -> None:
    for late, bars in ((0, 100), (1, 99), (HOUR - 1, 99), (HOUR, 99)):
        clock = ManualClock(int(hours.timestamp[100]) - late)
        fetched = fetch_candles(
            "fake",
            "BTC/USDT",
            "1h",
            since="2023-01-01",
            store=store,
            exchange=fake_exchange(hours[:101]),
            clock=clock,
            refresh=True,
        )
        assert len(fetched) >= bars
        assert fetched.close_time <= clock.now_ms() or late


def test_download_trusts_the_slower_of_two_clocks(store: CandleStore, fake_exchange, hours: Candles) -> None:
    for ahead, bars in ((-HOUR // 2, 99), (0, 100), (HOUR // 2, 100)):
        exchange = fake_exchange(hours[:101])
        exchange.has = {"fetchTime": True}
        exchange.fetch_time = lambda: int(hours.timestamp[100]) + ahead  # noqa: B023  used within the iteration
        root = CandleStore(store.root / str(ahead))
        clock = ManualClock(int(hours.timestamp[100]))
        fetched = fetch_candles(
            "fake", "BTC/USDT", "1h", since="2023-01-01", store=root, exchange=exchange, clock=clock
        )
        assert len(fetched) == bars


def test_download_until_a_time_to_come_ends_now(fetch, fake_exchange, hours: Candles) -> None:
    exchange = fake_exchange(hours)
    assert fetch(exchange, until="2030-01-01") == hours
    assert len(exchange.requests) == 2


def test_download_returns_the_range_that_was_asked_for(fetch, fake_exchange, hours: Candles) -> None:
    exchange = fake_exchange(hours)
    part = fetch(exchange, since=int(hours.timestamp[10]), until=int(hours.timestamp[20]))
    assert part == hours[10:20]
    assert fetch(exchange, since=int(hours.timestamp[12]) + 1, until=int(hours.timestamp[15]) + 1) == hours[13:16]
    assert len(exchange.requests) == 1


# -- resumable --------------------------------------------------------------------------------------------------------


def test_download_resumes_after_the_last_stored_candle(
    fetch, fake_exchange, hours: Candles, clock: ManualClock
) -> None:
    exchange = fake_exchange(hours)
    fetch(exchange, until=int(hours.timestamp[300]))
    exchange.requests.clear()
    assert fetch(exchange) == hours
    assert exchange.requests[0][0] == int(hours.timestamp[300])
    exchange.requests.clear()
    clock.advance(1800)
    assert fetch(exchange) == hours
    assert not exchange.requests  # no candle can have closed since


def test_download_of_earlier_candles_fills_in_before_the_stored_ones(fetch, fake_exchange, hours: Candles) -> None:
    exchange = fake_exchange(hours, cap=50, promised=50)
    fetch(exchange, since=int(hours.timestamp[600]))
    exchange.requests.clear()
    assert fetch(exchange) == hours
    assert max(since for since, _ in exchange.requests) <= hours.timestamp[600]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), ccxt.ExchangeError("no"), MemoryError()])
def test_download_interrupted_keeps_every_page_and_goes_on_from_there(
    fetch, fake_exchange, store: CandleStore, hours: Candles, interruption: BaseException
) -> None:
    exchange = fake_exchange(hours, cap=10, promised=10)
    exchange.script[34] = interruption
    with pytest.raises((type(interruption), VenueRefusedError)):
        fetch(exchange)
    assert store.read("fake", "BTC/USDT", "1h") == hours[:330]
    assert fetch(exchange) == hours
    assert exchange.requests[34][0] == int(hours.timestamp[330])


def test_download_interrupted_while_filling_in_leaves_no_hole(
    fetch, fake_exchange, store: CandleStore, hours: Candles
) -> None:
    exchange = fake_exchange(hours, cap=10, promised=10)
    fetch(exchange, since=int(hours.timestamp[600]))
    exchange.script[len(exchange.requests) + 5] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fetch(exchange)
    assert len(store.read("fake", "BTC/USDT", "1h").gaps) == 1
    assert fetch(exchange, since=int(hours.timestamp[700])) == hours[700:]
    assert fetch(exchange) == hours


def test_download_writes_long_before_it_is_done(fetch, fake_exchange, store, hours: Candles) -> None:
    exchange = fake_exchange(hours, cap=10, promised=10)
    held = []

    def look(progress: FetchProgress) -> None:
        held.append(len(store.read("fake", "BTC/USDT", "1h")) if store.list() else 0)

    fetch(exchange, progress=look)
    assert max(row - seen for row, seen in zip(range(0, 960, 10), held, strict=True)) <= 10 * 20


def test_download_refreshed_corrects_what_is_stored(fetch, fake_exchange, hours: Candles) -> None:
    exchange = fake_exchange(hours)
    fetch(exchange)
    exchange.rows[7][5] = 123.0
    assert fetch(exchange) == hours
    assert fetch(exchange, refresh=True).volume[7] == 123.0


def test_download_reports_its_progress(fetch, fake_exchange, hours: Candles) -> None:
    seen: list[FetchProgress] = []
    fetch(fake_exchange(hours, cap=100, promised=100), progress=seen.append)
    assert [step.done for step in seen] == [100, 200, 300, 400, 500, 600, 700, 800, 900, 960]
    assert {step.total for step in seen} == {960}
    assert seen[-1] == FetchProgress(done=960, total=960, bars=960, at=hours.close_time)
