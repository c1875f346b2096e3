"""The feed as a process: it ends when it is told to, survives its own death, and tells who watches how it is."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from own_cache import PASSWORD, Cache
from waiting import PATIENCE_S, until

from cluster.bus import Bus
from cluster.feed import FeedReader, FeedSettings, candle_folder
from cluster.feed.status import StatusRecorder, database_status
from market import CandleStore, EndlessMarket
from storage import Database, SystemStatusRepository

pytestmark = pytest.mark.alone

REPOSITORY = Path(__file__).resolve().parents[2]
SYMBOL = "BTC/USDT:USDT"


class Process:
    """`python -m cluster.feed` with its standard error in a file."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.log = home.parent / "feed.log"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("EVOQ_", "DB_", "REDIS_"))},
            "EVOQ_HOME": str(home),
            "EVOQ_FEED": f"simulated:{SYMBOL}:1m",
            "EVOQ_FEED_HISTORY": "300",
            "EVOQ_FEED_SPEED": "600",
            **environ,
        }
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cluster.feed"], cwd=REPOSITORY, env=self.environ, stderr=log, stdout=log
            )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)


@pytest.fixture
def started(home: Path) -> Iterator[Callable[..., Process]]:
    processes: list[Process] = []

    def start(**environ: str) -> Process:
        processes.append(Process(home, **environ))
        return processes[-1]

    yield start
    for process in processes:
        if process.process.poll() is None:
            process.end(signal.SIGKILL)


def bars(home: Path) -> int:
    store = CandleStore(candle_folder(home))
    path = store.path("simulated", SYMBOL, "1m", "simulated:7")
    return len(store.read("simulated", SYMBOL, "1m", "simulated:7")) if path.exists() else 0


def test_feed_process_runs_until_it_is_told_to_stop(home: Path, started: Callable[..., Process]) -> None:
    feed = started()
    first = until(lambda: bars(home))
    assert first >= 300
    until(lambda: bars(home) > first)
    assert feed.end() == 0
    started_line, *_, stopped_line = feed.lines()
    assert (started_line["message"], stopped_line["message"]) == ("started", "stopped")
    assert started_line["fields"]["origin"] == "simulated:7"
    assert {line["process"] for line in feed.lines()} == {"feed"}
    held = CandleStore(candle_folder(home)).read("simulated", SYMBOL, "1m", "simulated:7")
    assert held == EndlessMarket(SYMBOL, "1m", 7).candles(0, len(held))


def test_feed_process_killed_at_any_time_goes_on_as_if_it_had_not(home: Path, started: Callable[..., Process]) -> None:
    feed = started(EVOQ_FEED_SPEED="6000")
    for attempt in range(3):
        present = until(lambda: bars(home))
        until(lambda present=present: bars(home) > present + 20)
        time.sleep(0.05 * attempt)  # killed at another place of its work each time
        assert feed.end(signal.SIGKILL) == -signal.SIGKILL
        left = bars(home)
        held = CandleStore(candle_folder(home)).read("simulated", SYMBOL, "1m", "simulated:7")
        assert held == EndlessMarket(SYMBOL, "1m", 7).candles(0, left)
        feed.start()
        until(lambda left=left: bars(home) > left)
    assert feed.end(signal.SIGINT) == 0
    held = CandleStore(candle_folder(home)).read("simulated", SYMBOL, "1m", "simulated:7")
    assert held == EndlessMarket(SYMBOL, "1m", 7).candles(0, len(held))


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"EVOQ_FEED_SPEED": "fast"}, "EVOQ_FEED_SPEED must be a number from 0.01 to 10000, was 'fast'"),
        ({"EVOQ_FEED": "nowhere:BTC/USDT:1m"}, "venue must be one that ccxt knows, was 'nowhere'; check the name"),
    ],
)
def test_feed_process_refuses_a_mistake_in_one_line(
    started: Callable[..., Process], environ: Mapping[str, str], message: str
) -> None:
    feed = started(**environ)
    assert feed.process.wait(timeout=PATIENCE_S) == 2
    line = feed.lines()[-1]
    assert (line["level"], line["message"]) == ("error", message)
    assert not any("trace" in line for line in feed.lines())


def test_feed_process_ends_while_its_venue_hangs(home: Path, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        script = (
            "import os, sys, ccxt, cluster.feed.__main__ as feed\n"
            "def opened(venue, timeout_s):\n"
            "    exchange = getattr(ccxt, venue)({'timeout': 600_000})\n"
            f"    address = 'http://127.0.0.1:{silent.getsockname()[1]}'\n"
            "    exchange.urls = exchange.urls | {'api': dict.fromkeys(exchange.urls['api'], address)}\n"
            "    return exchange\n"
            "feed.open_exchange = opened\n"
            "sys.exit(feed.main(os.environ))\n"
        )
        environ = os.environ | {"EVOQ_HOME": str(home), "EVOQ_FEED": "binance:BTC/USDT:1m"}
        process = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, env=environ, stderr=subprocess.PIPE)
        silent.settimeout(PATIENCE_S)
        connection, _ = silent.accept()
        connection.recv(1)
        time.sleep(0.2)  # it has asked, and waits for the answer: a signal between the two is heard only after it
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=PATIENCE_S)
        connection.close()
    assert process.returncode == 0
    assert json.loads(log.splitlines()[-1])["message"] == "stopped"


def test_feed_process_shows_tickers_and_never_its_password(
    home: Path, cache: Cache, started: Callable[..., Process]
) -> None:
    feed = started(REDIS_URL=cache.url)
    bus = Bus(cache.url)
    reader = FeedReader(home, bus)
    (shown,) = until(lambda: [each for each in reader.tickers() if each.ticker.bid])
    assert shown.age_s < 30
    assert shown.ticker.origin == "simulated:7"
    cache.stop()
    until(lambda: "the cache does not answer" in feed.log.read_text())
    before = bars(home)
    until(lambda: bars(home) > before)
    until(lambda: [each for each in reader.tickers() if each.ticker.bid is None])
    assert feed.end() == 0
    assert PASSWORD not in feed.log.read_text()
    bus.close()


def test_status_of_the_feed_is_recorded(embedded_database: Database, tmp_path: Path) -> None:
    server = embedded_database.settings
    record = database_status(
        tmp_path,
        {"DB_HOST": server.host, "DB_PORT": str(server.port), "DB_NAME": server.database, "DB_USER": server.user,
         "DB_PASSWORD": server.password or ""},
    )  # fmt: skip
    record({"state": "running", "skew_ms": 3})
    record({"state": "running", "skew_ms": 4})
    latest = SystemStatusRepository(embedded_database.engine).latest("feed")
    assert latest is not None
    assert latest.data["skew_ms"] == 4


def test_status_is_left_alone_where_no_database_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    record = database_status(tmp_path, {})

    def attempt(report: Mapping[str, Any]) -> None:
        try:
            record(report)
        finally:
            done.set()

    recorder = StatusRecorder(attempt)
    for _ in range(3):
        done.clear()
        recorder({"state": "running"})
        assert done.wait(PATIENCE_S)
    recorder.close()
    assert caplog.text.count("cannot be recorded: the embedded PostgreSQL does not run yet") == 1
    assert list(tmp_path.iterdir()) == []


def test_status_that_takes_long_holds_up_nobody_and_the_newest_counts() -> None:
    taken: list[int] = []
    gate, entered = threading.Event(), threading.Event()

    def slow(report: Mapping[str, Any]) -> None:
        entered.set()
        gate.wait(PATIENCE_S)
        taken.append(report["n"])

    recorder = StatusRecorder(slow)
    recorder({"n": 0})
    assert entered.wait(PATIENCE_S)
    for number in range(1, 100):
        recorder({"n": number})
    gate.set()
    until(lambda: 99 in taken)
    recorder.close()
    assert taken == [0, 99]


def test_settings_tell_where_the_candles_will_be(home: Path, started: Callable[..., Process]) -> None:
    feed = started()
    (path,) = FeedSettings.of(feed.environ).paths(home)
    until(path.exists)
    assert feed.end() == 0
