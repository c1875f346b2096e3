"""What a download refuses: answers that cannot be true, names that do not exist, waiting for ever."""

from typing import Any

import ccxt
import pytest

from market import Candles, CandleStore, ManualClock, MarketError, fetch_candles, synthetic_candles
from market import download as download_module
from market.errors import (
    BrokenPageError,
    NoCandlesError,
    UnknownNameError,
    VenueRefusedError,
    VenueUnavailableError,
)
from market.pages import Expectation, checked_page
from market.venue_requests import ATTEMPTS
from market.venues import open_exchange

HOUR = 3_600_000


# -- sceptical --------------------------------------------------------------------------------------------------------


def broken_pages(hours: Candles) -> dict[str, tuple[Any, str]]:
    """Return answers that cannot be true, and what is said of them."""
    times = hours.timestamp.tolist()
    price = 100.0

    def row(time: Any, *changed: Any) -> list[Any]:
        return [time, *([price] * 4 + [1.0])][: 6 - len(changed)] + list(changed)

    good = [row(times[position]) for position in range(3)]
    return {
        "none": (None, "an answer must be a list of candles, was None"),
        "text": ("<html>", "an answer must be a list of candles, was '<html>'"),
        "numbers": ([1, 2], "row 0: a candle must be six numbers"),
        "empty rows": ([[]], "row 0: a candle must be six numbers"),
        "short row": ([good[0], good[1][:5]], "row 1: a candle must be six numbers"),
        "nothing in it": ([[None] * 6], "row 0: a candle must be six numbers"),
        "no volume": ([good[0], row(times[1], None)], "row 1: a candle must be six numbers"),
        "text price": ([row(times[0], "1")], "row 0: a candle must be six numbers"),
        "true": ([row(times[0], True)], "row 0: a candle must be six numbers"),
        "half a ms": ([row(times[0] + 0.5)], "row 0: a candle must be six numbers"),
        "nan time": ([row(float("nan"))], "row 0: a candle must be six numbers"),
        "huge time": ([row(10**30)], "row 0: a candle must be six numbers"),
        "nan": ([good[0], row(times[1], float("nan"))], "row 1 .*volume must be a finite number, was nan"),
        "negative": ([row(times[0], -1.0)], "row 0 .*volume must not be negative"),
        "high below low": ([[times[0], price, price, price + 1, price, 1.0]], "row 0 .*high must not be below low"),
        "unsorted": ([good[0], good[2], good[1]], "row 2 .*timestamp must be later"),
        "two versions": ([good[0], good[1], row(times[1], 2.0)], "row 2 .*timestamp must not occur twice"),
        "before": (
            [row(times[0] - HOUR), good[0]],
            "candles must open from .* on, as asked for.*, one opens at 2022-12-31T23",
        ),
        "future": (
            [good[0], row(hours.close_time + 2 * HOUR)],
            "candles must open from .* and not after .*, one opens at",
        ),
        "off grid": ([good[0], row(times[1] + 60_000)], "row 1 .*whole number of 1h bars"),
    }


@pytest.mark.parametrize("name", list(broken_pages(synthetic_candles(bars=3))))
def test_download_of_a_broken_page_stores_none_of_it(
    fetch, fake_exchange, store: CandleStore, hours: Candles, clock: ManualClock, name: str
) -> None:
    answer, message = broken_pages(hours)[name]
    exchange = fake_exchange(hours)
    exchange.script = dict.fromkeys(range(1, 100), answer) if answer is not None else {}
    if answer is None:
        exchange.answer = lambda *_: None
    with pytest.raises(
        BrokenPageError, match=rf"fake answered BTC/USDT 1h wrongly, nothing of it was stored: {message}.*; try later$"
    ):
        fetch(exchange)
    assert not store.list()
    assert len(clock.waits) == ATTEMPTS - 1


def test_download_of_a_broken_page_is_tried_again(fetch, fake_exchange, hours: Candles, clock: ManualClock) -> None:
    exchange = fake_exchange(hours, cap=100, promised=100)
    for request, name in ((3, "nothing in it"), (4, "unsorted"), (9, "future")):
        exchange.script[request] = broken_pages(hours)[name][0]
    assert fetch(exchange) == hours
    assert clock.waits == [1.0, 2.0, 1.0]


def test_download_of_rows_repeated_in_the_same_words_takes_them_once(fetch, fake_exchange, hours: Candles) -> None:
    exchange = fake_exchange(hours)
    exchange.rows = [row for row in exchange.rows for _ in range(2)]
    assert fetch(exchange) == hours


def test_download_of_a_later_page_off_the_stored_grid_is_broken(fetch, fake_exchange, store, hours: Candles) -> None:
    exchange = fake_exchange(hours, cap=100, promised=100)
    fetch(exchange, until=int(hours.timestamp[100]))
    exchange.rows = [[row[0] + 60_000, *row[1:]] for row in exchange.rows]
    with pytest.raises(BrokenPageError, match=r"whole number of 1h bars from 2023-01-01T00:00:00Z"):
        fetch(exchange, until=int(hours.timestamp[300]))
    assert store.read("fake", "BTC/USDT", "1h") == hours[:100]


def test_download_from_a_venue_that_keeps_changing_its_answer_gives_up(
    fetch, fake_exchange, hours: Candles, store
) -> None:
    exchange = fake_exchange(hours)
    whole = exchange.answer
    exchange.answer = lambda since, limit, until: whole(since + 1, limit, until)  # its first candle comes and goes
    with pytest.raises(BrokenPageError, match="keeps changing its answer"):
        fetch(exchange)
    assert len(exchange.requests) < 400
    assert not store.list()


def test_download_from_a_venue_that_answers_nothing_ends(fetch, fake_exchange, hours: Candles) -> None:
    exchange = fake_exchange(hours, cap=0, promised=100)
    with pytest.raises(NoCandlesError, match=r"fake has no closed .*candle of BTC/USDT from 2023-01-01"):
        fetch(exchange)
    assert len(exchange.requests) < 40


def test_download_from_a_venue_that_answers_nothing_for_ages_gives_up(
    fetch, fake_exchange, hours: Candles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "MOST_EMPTY_PAGES", 30)
    with pytest.raises(VenueRefusedError, match=r"fake has no BTC/USDT from 1990-01-01.*; choose a later start"):
        fetch(fake_exchange(hours, cap=0, promised=1), since="1990-01-01")


# -- bounded ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "waits"),
    [
        (ccxt.RequestTimeout("slow"), [1.0, 2.0, 4.0, 8.0]),
        (ccxt.ExchangeNotAvailable("502 <html>\nbad gateway"), [1.0, 2.0, 4.0, 8.0]),
        (ccxt.NullResponse("nothing"), [1.0, 2.0, 4.0, 8.0]),
        (ccxt.RateLimitExceeded("429"), [5.0, 10.0, 20.0, 40.0]),
        (ccxt.DDoSProtection("418"), [5.0, 10.0, 20.0, 40.0]),
    ],
)
def test_download_from_an_unreachable_venue_retries_and_then_says_so(
    fetch, fake_exchange, hours: Candles, clock: ManualClock, failure: Exception, waits: list[float]
) -> None:
    exchange = fake_exchange(hours)
    exchange.script = dict.fromkeys(range(1, ATTEMPTS), failure)
    assert fetch(exchange) == hours
    assert clock.waits == waits[: ATTEMPTS - 1]
    exchange.script = dict.fromkeys(range(1, 100), failure)
    with pytest.raises(VenueUnavailableError, match=r"^fake .*; try later \(.*\)$") as caught:
        fetch(exchange, refresh=True)
    assert "\n" not in str(caught.value)


def test_download_of_an_answer_that_ccxt_cannot_read_is_retried(fetch, fake_exchange, hours: Candles, clock) -> None:
    exchange = fake_exchange(hours)
    exchange.script = {1: TypeError("'int' object is not iterable"), 2: KeyError("data"), 3: IndexError("x")}
    assert fetch(exchange) == hours
    exchange.script = dict.fromkeys(range(1, 100), AttributeError("'list' object has no attribute 'get'"))
    with pytest.raises(BrokenPageError, match="something that ccxt cannot read"):
        fetch(exchange, refresh=True)


def test_download_refused_by_the_venue_is_not_retried(fetch, fake_exchange, hours: Candles, clock: ManualClock) -> None:
    exchange = fake_exchange(hours)
    exchange.script = {1: ccxt.BadRequest("fake says\nno")}
    with pytest.raises(VenueRefusedError, match=r"^fake refused BTC/USDT 1h: fake says no$"):
        fetch(exchange)
    assert not clock.waits


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "hint"),
    [
        ("BTCUSDT", "did you mean BTC/USDT?"),
        ("btc-usdt", "did you mean BTC/USDT?"),
        ("BTC/USDT:USDT", "did you mean BTC/USDT?"),
        ("BTC/USDD", "did you mean BTC/USD"),
        ("DOGE/EUR", "check the name"),
    ],
)
def test_download_of_an_unlisted_symbol_names_the_nearest(store, fake_exchange, hours, symbol: str, hint: str) -> None:
    arguments: dict[str, Any] = {"store": store, "exchange": fake_exchange(hours), "clock": ManualClock(2**41)}
    with pytest.raises(UnknownNameError) as caught:
        fetch_candles("fake", symbol, "1h", since="2023-01-01", **arguments)
    assert f"fake does not list {symbol}" in str(caught.value)
    assert hint in str(caught.value)


def test_download_of_a_timeframe_the_venue_lacks_lists_what_it_has(store, fake_exchange, hours: Candles) -> None:
    arguments: dict[str, Any] = {"store": store, "exchange": fake_exchange(hours), "clock": ManualClock(2**41)}
    with pytest.raises(UnknownNameError, match="fake offers the timeframes 1h; was 4h"):
        fetch_candles("fake", "BTC/USDT", "240m", since="2023-01-01", **arguments)
    with pytest.raises(UnknownNameError, match="timeframe must be one of"):
        fetch_candles("fake", "BTC/USDT", "7m", since="2023-01-01", **arguments)


def test_download_from_a_venue_without_candles_is_refused(fetch, fake_exchange, hours: Candles) -> None:
    exchange = fake_exchange(hours)
    exchange.has, exchange.timeframes = {"fetchOHLCV": None}, None
    with pytest.raises(UnknownNameError, match="fake offers no candles; choose another venue"):
        fetch(exchange)


@pytest.mark.parametrize(("venue", "hint"), [("binanse", "binance"), ("okex", "okx"), ("gateio", ""), ("", "check")])
def test_exchange_of_an_unknown_venue_names_the_nearest(venue: str, hint: str) -> None:
    if venue in ccxt.exchanges:
        assert open_exchange(venue).id
        return
    with pytest.raises(UnknownNameError, match=rf"venue must be one that ccxt knows, was '{venue}'; .*{hint}"):
        open_exchange(venue)


def test_exchange_of_a_known_venue_keeps_to_its_rate_limit() -> None:
    exchange: Any = open_exchange("kraken")
    assert exchange.id == "kraken"
    assert exchange.enableRateLimit
    assert not exchange.apiKey


@pytest.mark.parametrize(
    ("since", "until"), [("2023-02-01", "2023-01-01"), ("2023-02-01", "2023-02-01"), ("2090-01-01", None)]
)
def test_download_of_an_empty_range_is_refused(fetch, fake_exchange, hours, since: str, until: str | None) -> None:
    with pytest.raises(MarketError, match="since must be before until and before now, was"):
        fetch(fake_exchange(hours), since=since, until=until)


def test_download_from_a_simulator_is_labelled_as_simulated(fetch, fake_exchange, store, hours: Candles) -> None:
    fetched = fetch(fake_exchange(hours), origin="simulated:7")
    assert (fetched.venue, fetched.origin) == ("fake", "simulated:7")
    assert [held.origin for held in store.list()] == ["simulated:7"]


def test_page_without_rows_is_empty() -> None:
    assert len(checked_page([], Expectation("1h", 0, HOUR, HOUR, None, 10))) == 0
