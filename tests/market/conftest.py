"""Small fakes of what prices come from."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from hypothesis import settings

from market import Candles, CandleStore, ManualClock, fetch_candles, synthetic_candles
from market.validation import COLUMNS

settings.register_profile("market", deadline=None)  # a busy machine is slow, not wrong
settings.load_profile("market")

Route = Callable[[str, dict[str, str]], Any]


def rows_of(candles: Candles) -> list[list[Any]]:
    """Return candles as the rows that ccxt makes of an answer."""
    columns = [candles.timestamp.tolist(), *(getattr(candles, name).tolist() for name in COLUMNS)]
    return [list(row) for row in zip(*columns, strict=True)]


class FakeExchange:
    """An exchange in memory that cuts its pages as told, and fails as scripted.

    Parameters
    ----------
    candles : Candles
        Its history.
    cap : int
        Most candles in an answer, whatever is asked for.
    promised : int
        Most candles in an answer, as it says.
    keeps : str
        Which end of a range survives the cap: "oldest" or "newest".
    """

    id = "fake"

    def __init__(self, candles: Candles, cap: int = 500, promised: int = 500, keeps: str = "oldest") -> None:
        self.timeframes = {candles.timeframe: candles.timeframe}
        self.symbol = candles.symbol
        self.rows = rows_of(candles)
        self.cap, self.promised, self.keeps = cap, promised, keeps
        self.requests: list[tuple[int | None, int | None]] = []
        self.script: dict[int, Any] = {}

    def load_markets(self) -> dict[str, Any]:
        return {self.symbol: {}, "ETH/USDT": {}, "BTC/USDC": {}}

    def feature_value(self, symbol: str, method: str, name: str, default: object) -> int:
        return self.promised

    def answer(self, since: int | None, limit: int | None, until: int | None) -> list[list[Any]]:
        self.requests.append((since, until))
        scripted = self.script.get(len(self.requests))
        if isinstance(scripted, BaseException):
            raise scripted
        if scripted is not None:
            return scripted
        found = [row for row in self.rows if row[0] >= (since or 0) and (until is None or row[0] <= until)]
        most = min(self.cap, limit or self.cap)
        return found[:most] if self.keeps == "oldest" else found[-most:]

    def fetch_ohlcv(
        self, symbol: str, timeframe: str, since: int | None, limit: int | None, params: dict[str, Any]
    ) -> list[list[Any]]:
        return self.answer(since, limit, params.get("until"))


class EndlessExchange(FakeExchange):
    """One that does not know where a range ends, as many do not."""

    def fetch_ohlcv(
        self, symbol: str, timeframe: str, since: int | None, limit: int | None, params: dict[str, Any]
    ) -> list[list[Any]]:
        assert not params
        return self.answer(since, limit, None)


@pytest.fixture(scope="session")
def fake_exchange() -> type[FakeExchange]:
    return FakeExchange


@pytest.fixture(scope="session")
def endless_exchange() -> type[EndlessExchange]:
    return EndlessExchange


@pytest.fixture(scope="session")
def hours() -> Candles:
    """Return forty days of hourly candles that say they are real."""
    made = synthetic_candles(bars=960, seed=1)
    return relabelled(made, venue="fake", origin="real:fake")


def relabelled(candles: Candles, *, rows: Any = None, **labels: Any) -> Candles:
    """Return a copy of candles with other labels, or of some of their rows."""
    rows = slice(None) if rows is None else rows
    fields = {name: getattr(candles, name)[rows] for name in ("timestamp", *COLUMNS)}
    stated = {name: getattr(candles, name) for name in ("symbol", "timeframe", "venue", "market_type", "origin")}
    return Candles(**fields, **(stated | labels))


@pytest.fixture(scope="session")
def relabel() -> Callable[..., Candles]:
    return relabelled


@pytest.fixture(scope="session")
def columns_of() -> Callable[[Candles], dict[str, np.ndarray]]:
    def columns(candles: Candles) -> dict[str, np.ndarray]:
        return {name: getattr(candles, name).copy() for name in ("timestamp", *COLUMNS)}

    return columns


@pytest.fixture
def loopback() -> Iterator[Callable[[Route], str]]:
    """Serve a function of path and query as JSON on loopback; return the address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(route: Route) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                answer = route(parts.path, dict(parse_qsl(parts.query)))
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "candles")


@pytest.fixture
def clock(hours: Candles) -> ManualClock:
    """Return a clock that stands where the last candle has just closed."""
    return ManualClock(hours.close_time)


@pytest.fixture
def fetch(store: CandleStore, clock: ManualClock, hours: Candles) -> Callable[..., Candles]:
    def fetch(exchange: Any, since: Any = None, **arguments: Any) -> Candles:
        start = int(hours.timestamp[0]) if since is None else since
        given = {"store": store, "clock": clock} | arguments
        return fetch_candles("fake", "BTC/USDT", "1h", since=start, exchange=exchange, **given)

    return fetch
