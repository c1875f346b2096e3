"""The feed through ccxt's real clients, each against a loopback server that answers in its venue's own words."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from cluster.feed.feed import Feed
from cluster.feed.feed_market import FeedMarket
from cluster.feed.venue import VenueSource
from cluster.json_output import dumps
from market import CandleStore, ManualClock, Ticker

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "market"))
import test_download_dialects as dialects  # the words of the venues are there

ROW = 2_200
TICKERS = {
    "binance": ("/api/v3/ticker/24hr", {"symbol": "BTCUSDT", "lastPrice": "100", "bidPrice": "99", "askPrice": "101"}),
    "okx": (
        "/market/ticker",
        {"code": "0", "data": [{"instId": "BTC-USDT", "last": "100", "bidPx": "99", "askPx": "101"}]},
    ),
    "gate": ("/spot/tickers", [{"currency_pair": "BTC_USDT", "last": "100", "highest_bid": "99", "lowest_ask": "101"}]),
    "htx": ("/detail/merged", {"status": "ok", "ts": 1, "tick": {"close": 100, "bid": [99, 1], "ask": [101, 1]}}),
}  # fmt: skip


@pytest.fixture(params=list(dialects.DIALECTS))
def venue(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Return a clock that stands in the middle of what the servers will ever publish, which they do as it moves."""
    clock = ManualClock(int(dialects.WHOLE.timestamp[ROW]) + 20_000)
    found = dialects.found
    monkeypatch.setattr(dialects, "found", lambda start, end: found(start, min(end, clock.now_ms())))
    return clock


@pytest.fixture
def address(venue: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            monkeypatch.setattr(dialects, "NOW", clock.now_ms())
            path, ticker = TICKERS[venue]
            answer: Any = ticker
            if path not in parts.path:
                answer = dialects.DIALECTS[venue](parts.path, dict(parse_qsl(parts.query)))
            body = dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_feed_in_the_words_of_a_venue_follows_it(
    tmp_path: Path, venue: str, address: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.feed.feed.LONGEST_SLEEP_S", 20.0)
    tickers: list[Ticker] = []

    class Board:
        def show_tickers(self, shown: list[Ticker]) -> None:
            tickers.extend(shown)

    market = FeedMarket(venue, "BTC/USDT", "1m", f"real:{venue}")
    store = CandleStore(tmp_path)
    source = VenueSource([market], 150, lambda: dialects.client(venue, address), clock, jitter=lambda: 0.5)
    feed = Feed(source, store, clock, Board())  # type: ignore[arg-type]
    end = clock.now_ms() + 600_000
    feed.run(stop=lambda: clock.now_ms() >= end)
    held = store.read(venue, "BTC/USDT", "1m")
    assert [held.timestamp[0], held.timestamp[-1]] == [
        dialects.WHOLE.timestamp[ROW - 150],
        dialects.WHOLE.timestamp[ROW + 9],
    ]
    assert held == _relabelled(ROW - 150, ROW + 10, venue)
    assert feed.report()["state"] == "running"
    assert feed.report()["markets"][0]["repeated"] >= 30
    assert (tickers[-1].last, tickers[-1].bid, tickers[-1].ask) == (100.0, 99.0, 101.0)
    assert 50 <= len(tickers) <= 70


def _relabelled(first: int, stop: int, venue: str) -> Any:
    part = dialects.WHOLE[first:stop]
    columns = {name: getattr(part, name) for name in ("timestamp", "open", "high", "low", "close", "volume")}
    return type(part).from_arrays(**columns, symbol="BTC/USDT", timeframe="1m", venue=venue)
