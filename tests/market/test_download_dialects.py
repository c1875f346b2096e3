"""Downloading through ccxt's real clients, each against a loopback server that answers in its venue's own words."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccxt
import pytest

from market import Candles, CandleStore, ManualClock, fetch_candles, synthetic_candles
from market.errors import UnknownNameError, VenueUnavailableError
from market.venues import CandleSource

MINUTE = 60_000
WHOLE = synthetic_candles(symbol="BTC/USDT", timeframe="1m", bars=2600, seed=6, start="2024-03-01")
LISTED = 130  # rows before this one do not exist
OUTAGE = range(900, 1650)  # nor do these
PRESENT = [row for row in range(LISTED, 2600) if row not in OUTAGE]
NOW = int(WHOLE.timestamp[2599]) + 30_000  # the last candle is still open

Query = dict[str, str]


def found(start: int, end: int) -> list[list[Any]]:
    """Return rows of candles that open from `start` to `end`, both included, oldest first, numbers as text."""
    columns = (WHOLE.timestamp, WHOLE.open, WHOLE.high, WHOLE.low, WHOLE.close, WHOLE.volume)
    opens = WHOLE.timestamp
    rows = [row for row in PRESENT if start <= opens[row] <= end]
    return [[int(columns[0][row]), *(repr(float(column[row])) for column in columns[1:])] for row in rows]


def binance(path: str, query: Query) -> Any:
    if path.endswith("/api/v3/time"):
        return {"serverTime": NOW}
    if path.endswith("/klines"):
        most = min(int(query["limit"]), 1000)
        rows = found(int(query["startTime"]), int(query.get("endTime", NOW)))[:most]
        return [[*row, row[0] + MINUTE - 1, "1.0", 40, "1.0", "1.0", "0"] for row in rows]
    if not path.endswith("/api/v3/exchangeInfo"):
        return {"symbols": []}
    filters = [{"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"}]
    market = {"symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "filters": filters}
    return {"symbols": [market | {"isSpotTradingAllowed": True, "permissions": ["SPOT"]}]}


def okx(path: str, query: Query) -> Any:
    if path.endswith("/public/time"):
        return {"code": "0", "msg": "", "data": [{"ts": str(NOW)}]}
    if "candles" in path:  # newest first; "before" and "after" are excluded; history gives 100 whatever is asked for
        rows = found(int(query["before"]) + 1, int(query["after"]) - 1)[-min(int(query["limit"]), 100) :]
        closed = [[str(row[0]), *row[1:], "1", "1", str(int(row[0] + MINUTE <= NOW))] for row in rows]
        return {"code": "0", "msg": "", "data": closed[::-1]}
    pair = {"instId": "BTC-USDT", "instType": "SPOT", "baseCcy": "BTC", "quoteCcy": "USDT", "state": "live"}
    sizes = {"lotSz": "0.00000001", "minSz": "0.00001", "tickSz": "0.1", "listTime": "1548133413000", "lever": "10"}
    spot = path.endswith("/instruments") and query.get("instType") == "SPOT"
    return {"code": "0", "msg": "", "data": [pair | sizes] if spot else []}


def gate(path: str, query: Query) -> Any:
    if path.endswith("/spot/time"):
        return {"server_time": NOW}
    if path.endswith("/spot/candlesticks"):  # seconds; quote volume, close, high, low, open, base volume, closed
        rows = found(int(query["from"]) * 1000, int(query["to"]) * 1000)
        assert len(rows) <= 1000
        return [[str(row[0] // 1000), "1", row[4], row[2], row[3], row[1], row[5], "true"] for row in rows]
    if not path.endswith("/spot/currency_pairs"):
        return []
    sizes = {"amount_precision": 5, "precision": 2, "min_base_amount": "0.00001", "min_quote_amount": "1", "fee": "0.2"}
    return [{"id": "BTC_USDT", "base": "BTC", "quote": "USDT", "trade_status": "tradable", **sizes}]


def htx(path: str, query: Query) -> Any:
    if path.endswith("/common/timestamp"):
        return {"status": "ok", "data": NOW}
    if path.endswith("/history/candles"):  # seconds; newest first, and the newest where there are more
        rows = found(int(query["from"]) * 1000, int(query.get("to", NOW)) * 1000)[-int(query["size"]) :]
        names = ("open", "high", "low", "close", "amount")
        shown = [{"id": row[0] // 1000} | dict(zip(names, map(float, row[1:]), strict=True)) for row in rows]
        return {"status": "ok", "ch": "market.btcusdt.kline.1min", "ts": NOW, "data": shown[::-1]}
    pair = {"symbol": "btcusdt", "base-currency": "btc", "quote-currency": "usdt", "state": "online"}
    sizes = {
        "price-precision": 2,
        "amount-precision": 6,
        "value-precision": 8,
        "min-order-amt": 0.0001,
        "min-order-value": 5,
    }
    return {"status": "ok", "code": 200, "data": [pair | sizes] if path.endswith("/common/symbols") else []}


DIALECTS = {"binance": binance, "okx": okx, "gate": gate, "htx": htx}


def client(venue: str, address: str) -> Any:
    """Return ccxt's client of a venue with every address of its own replaced."""

    def moved(urls: Any) -> Any:
        if isinstance(urls, dict):
            return {name: moved(url) for name, url in urls.items()}
        return re.sub(r"^https?://[^/]+", f"{address}/{venue}", urls) if isinstance(urls, str) else urls

    exchange = getattr(ccxt, venue)({"enableRateLimit": False, "timeout": 5000})
    if venue == "htx":  # its client takes an empty list of contracts for an outage, and we have none
        exchange.options["fetchMarkets"]["types"] |= {"linear": False, "inverse": False}
    exchange.urls = exchange.urls | {"api": moved(exchange.urls["api"])}
    return exchange


@pytest.fixture(params=list(DIALECTS))
def venue(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def fetch(tmp_path: Path, venue: str) -> Callable[..., Candles]:
    def fetch(address: str, symbol: str = "BTC/USDT", clock: ManualClock | None = None, **arguments: Any) -> Candles:
        given = {"since": "2024-03-01", "store": CandleStore(tmp_path), "exchange": client(venue, address)} | arguments
        return fetch_candles(venue, symbol, "1m", clock=clock or ManualClock(NOW), **given)

    return fetch


def test_download_in_the_words_of_a_venue_is_complete(fetch, loopback, venue: str, relabel) -> None:
    requests: list[str] = []

    def answer(path: str, query: Query) -> Any:
        requests.append(path)
        return DIALECTS[venue](path, query)

    address = loopback(answer)
    candles = fetch(address)
    closed = [row for row in PRESENT if row < 2599]
    assert candles == relabel(WHOLE, rows=closed, venue=venue, origin=f"real:{venue}")
    assert [(gap.start, gap.bars) for gap in candles.gaps] == [(int(WHOLE.timestamp[900]), 750)]
    asked = [path for path in requests if "kline" in path or "candle" in path]
    assert len(asked) < 75
    requests.clear()
    assert fetch(address, exchange=None) == candles  # nothing is missing, so nothing is asked
    assert not requests


def test_download_in_the_words_of_a_venue_survives_an_outage(fetch, loopback, venue: str, relabel) -> None:
    disturbances = {2: b"<html>maintenance</html>", 3: b'[["17092512', 6: b"", 8: b"null"}
    count = 0

    def answer(path: str, query: Query) -> Any:
        nonlocal count
        if "kline" not in path and "candle" not in path:
            return DIALECTS[venue](path, query)
        count += 1
        return disturbances.pop(count, None) or DIALECTS[venue](path, query)

    closed = [row for row in PRESENT if row < 2599]
    whole = relabel(WHOLE, rows=closed, venue=venue, origin=f"real:{venue}")
    address = loopback(answer)
    clock = ManualClock(NOW)
    first = fetch(address, clock=clock)
    assert first == whole[: len(first)]
    assert fetch(address, clock=clock) == whole
    assert not disturbances
    assert 1.0 in clock.waits  # what ccxt takes for an empty list was asked for again


def test_download_in_the_words_of_a_venue_names_the_nearest_symbol(fetch, loopback, venue: str) -> None:
    with pytest.raises(UnknownNameError, match=rf"{venue} does not list BTC/USDC; did you mean BTC/USDT\?"):
        fetch(loopback(DIALECTS[venue]), symbol="BTC/USDC")


def test_download_from_a_closed_port_says_that_the_venue_is_unavailable(fetch, loopback, venue: str) -> None:
    address = re.sub(r":\d+$", ":9", loopback(DIALECTS[venue]))
    clock = ManualClock(NOW)
    with pytest.raises(VenueUnavailableError, match=rf"{venue} did not answer its markets in 5 attempts; try later"):
        fetch(address, clock=clock)
    assert clock.waits == [1.0, 2.0, 4.0, 8.0]


def test_source_knows_which_clients_honour_the_end_of_a_range(loopback, venue: str) -> None:
    source = CandleSource(client(venue, loopback(DIALECTS[venue])), "BTC/USDT", "1m", ManualClock(NOW))
    assert source.honours_until
    assert source.limit == {"okx": 300}.get(venue, 1000)
