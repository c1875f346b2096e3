"""Tickers of venues: an outage that looks like a ticker is none, and too many requests are told apart."""

from typing import Any

import ccxt
import pytest

from market import Candles, ManualClock
from market.errors import BrokenPageError, RateLimitError, UnknownNameError, VenueRefusedError, VenueUnavailableError
from market.venue_tickers import TickerSource
from market.venues import CandleSource

NOW = 1_700_000_000_000


class Venue:
    """An exchange that gives one answer."""

    id = "fake"
    has = {"fetchTicker": True}  # noqa: RUF012  # as on ccxt's own

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def fetch_ticker(self, symbol: str) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def source(answer: Any, **arguments: Any) -> TickerSource:
    return TickerSource(Venue(answer), "BTC/USDT", "1m", ManualClock(NOW), attempts=1, **arguments)  # type: ignore[arg-type]


def test_ticker_says_whose_and_when() -> None:
    ticker = source({"symbol": "BTC/USDT", "last": 100, "bid": 99.5, "ask": 100.5, "timestamp": NOW - 40}).ask()
    assert ticker.as_json() == {
        "venue": "fake", "symbol": "BTC/USDT", "timeframe": "1m", "origin": "real:fake", "last": 100.0, "bid": 99.5,
        "ask": 100.5, "receive_ts": NOW, "venue_ts": NOW - 40,
    }  # fmt: skip
    assert source({"last": 1.0}, venue="other", origin="simulated:7").ask().origin == "simulated:7"


@pytest.mark.parametrize(
    "quotes",
    [{}, {"bid": None, "ask": None}, {"bid": 0, "ask": -1}, {"bid": "99", "ask": True}, {"bid": 101.0, "ask": 99.0}],
)
def test_ticker_without_a_book_that_can_be_has_neither_bid_nor_ask(quotes: dict[str, Any]) -> None:
    ticker = source({"last": 100.0, "timestamp": None} | quotes).ask()
    assert (ticker.last, ticker.bid, ticker.ask, ticker.venue_ts) == (100.0, None, None, None)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ({"last": None}, BrokenPageError, "answered the ticker of BTC/USDT wrongly, .* last of BTC/USDT must be"),
        ({"last": float("inf")}, BrokenPageError, "last of BTC/USDT must be a positive price"),
        ([], BrokenPageError, "a ticker must be an object, was \\[\\]"),
        ({"symbol": "ETH/USDT", "last": 1}, BrokenPageError, "ticker of BTC/USDT was asked for, one of 'ETH/USDT'"),
        (TypeError("no"), BrokenPageError, "with something that ccxt cannot read"),
        (ccxt.RateLimitExceeded("slower"), RateLimitError, "fake limits our requests"),
        (ccxt.DDoSProtection("banned"), RateLimitError, "fake limits our requests"),
        (ccxt.NetworkError("down"), VenueUnavailableError, "did not answer the ticker of BTC/USDT in 1 attempts"),
        (ccxt.BadSymbol("what"), VenueRefusedError, "refused the ticker of BTC/USDT: what"),
    ],
)  # fmt: skip
def test_ticker_that_is_none_is_an_error(answer: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        source(answer).ask()
    assert type(caught.value) is error


def test_ticker_source_of_a_venue_without_tickers_says_so() -> None:
    venue = Venue(None)
    venue.has = {}
    with pytest.raises(UnknownNameError, match="fake offers no tickers; choose another venue"):
        TickerSource(venue, "BTC/USDT", "1m", ManualClock(NOW))  # type: ignore[arg-type]


def test_candle_source_takes_a_venue_without_markets_for_an_outage(fake_exchange: Any, hours: Candles) -> None:
    exchange = fake_exchange(hours)
    exchange.load_markets = dict
    clock = ManualClock(NOW)
    with pytest.raises(BrokenPageError, match="must list at least one market"):
        CandleSource(exchange, "BTC/USDT", "1h", clock, attempts=2)
    assert clock.waits == [1.0]


def test_candle_source_compares_the_clocks_again(fake_exchange: Any, hours: Candles) -> None:
    exchange = fake_exchange(hours)
    clock = ManualClock(NOW)
    exchange.has = {"fetchTime": True}
    exchange.fetch_time = lambda: NOW - 700
    source = CandleSource(exchange, "BTC/USDT", "1h", clock)
    assert (source.ahead_ms, source.now()) == (700, NOW - 700)
    exchange.fetch_time = lambda: NOW + 900
    source.synchronise()
    assert (source.ahead_ms, source.now()) == (-900, NOW)
