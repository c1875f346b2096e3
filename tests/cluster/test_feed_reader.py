"""The reading side of the feed: candles with their extremes kept, tickers with their age."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.feed import FeedReader, candle_folder
from market import Candles, CandleStore, EndlessMarket, ManualClock, MarketError, Ticker
from market.errors import UnknownNameError

BTC = EndlessMarket("BTC/USDT:USDT", "1m", 7)
ETH = EndlessMarket("ETH/USDT:USDT", "5m", 7)
WHOLE = BTC.candles(0, 3_000)


class Board:
    """Shows the tickers it was given."""

    def __init__(self, *tickers: Ticker) -> None:
        self.shown = {(ticker.venue, ticker.symbol): ticker for ticker in tickers}

    def tickers(self, markets: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Ticker]:
        return {market: self.shown[market] for market in markets if market in self.shown}


def dated(path: Path, seconds: float) -> None:
    os.utime(path, (seconds, seconds))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = CandleStore(candle_folder(tmp_path))
    store.add(WHOLE)
    store.add(ETH.candles(0, 100))
    for path, seconds in zip(store.files(), (2_000, 1_000), strict=True):
        dated(path, seconds)
    return tmp_path


@pytest.fixture
def reader(folder: Path) -> FeedReader:
    return FeedReader(folder, clock=ManualClock(2_010_000))


def test_reader_lists_the_markets(reader: FeedReader, tmp_path: Path) -> None:
    assert [str(market) for market in reader.markets()] == [
        "BTC/USDT:USDT 1m of simulated",
        "ETH/USDT:USDT 5m of simulated",
    ]
    assert FeedReader(tmp_path / "nowhere").markets() == ()
    assert FeedReader(tmp_path / "nowhere").tickers() == ()


def test_reader_gives_the_newest_candles_one_a_point(reader: FeedReader) -> None:
    series = reader.candles("BTC/USDT:USDT", points=200)
    assert series.bars_per_point == 1
    assert series.time == WHOLE.timestamp[-200:].tolist()
    assert series.close == WHOLE.close[-200:].tolist()
    assert (series.venue, series.timeframe, series.origin) == ("simulated", "1m", "simulated:7")
    assert series.age_s == pytest.approx(10.0)
    assert series.as_json()["volume"] == WHOLE.volume[-200:].tolist()


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 2_990), length=st.integers(1, 3_000), points=st.integers(1, 400))
def test_reader_merges_candles_and_keeps_extremes(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, points: int
) -> None:
    reader = _shared(tmp_path_factory)
    part = WHOLE[start : start + length]
    series = reader.candles(
        "BTC/USDT:USDT", "1m", "simulated", start=int(part.timestamp[0]), stop=part.close_time, points=points
    )
    assert 1 <= len(series.time) <= points
    assert series.bars_per_point == -(-len(part) // points)
    assert (series.time[0], series.open[0], series.close[-1]) == (part.timestamp[0], part.open[0], part.close[-1])
    assert (max(series.high), min(series.low)) == (part.high.max(), part.low.min())
    assert np.isclose(sum(series.volume), part.volume.sum())
    if len(part) <= points:
        assert series.high == part.high.tolist()


_readers: list[FeedReader] = []


def _shared(factory: pytest.TempPathFactory) -> FeedReader:
    if not _readers:
        home = factory.mktemp("reader")
        CandleStore(candle_folder(home)).add(WHOLE)
        _readers.append(FeedReader(home))
    return _readers[0]


def test_reader_without_a_candle_in_the_range_gives_no_point(reader: FeedReader) -> None:
    series = reader.candles("BTC/USDT:USDT", start=WHOLE.close_time + 1)
    assert series.time == series.open == series.volume == []
    assert reader.candles("BTC/USDT:USDT", stop=0).time == []


def test_reader_follows_a_file_that_grows(reader: FeedReader, folder: Path) -> None:
    store = CandleStore(candle_folder(folder))
    for count in range(3_001, 3_006):
        store.append(BTC.candles(count - 1, count))
        assert reader.candles("BTC/USDT:USDT", points=2).time == BTC.candles(count - 2, count).timestamp.tolist()


def test_reader_takes_the_market_whose_candles_came_last(reader: FeedReader, folder: Path) -> None:
    hourly = EndlessMarket("BTC/USDT:USDT", "1h", 7).candles(0, 50)
    store = CandleStore(candle_folder(folder))
    store.add(hourly)
    path = store.path(hourly.venue, hourly.symbol, "1h", hourly.origin)
    dated(path, 1_000)
    assert reader.candles("BTC/USDT:USDT").timeframe == "1m"
    assert reader.candles("BTC/USDT:USDT", "1h").timeframe == "1h"
    dated(path, 3_000)
    assert reader.candles("BTC/USDT:USDT").timeframe == "1h"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("XRP/USDT",), r"there are no candles of XRP/USDT; there are .*1m of simulated"),
        (("BTC/USDT:USDT", "1h"), r"no candles of BTC/USDT:USDT 1h; there are"),
        (("BTC/USDT:USDT", None, "okx"), r"no candles of BTC/USDT:USDT of okx; there are"),
    ],
)
def test_reader_names_what_there_is(reader: FeedReader, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        reader.candles(*arguments)


@pytest.mark.parametrize("points", [0, -1, 5_001])
def test_reader_bounds_the_points(reader: FeedReader, points: int) -> None:
    with pytest.raises(MarketError, match="points must be from 1 to 5000"):
        reader.candles("BTC/USDT:USDT", points=points)


def test_reader_gives_tickers_their_age(folder: Path) -> None:
    labels = {"venue": "simulated", "symbol": "BTC/USDT:USDT", "timeframe": "1m", "origin": "simulated:7"}
    shown = Ticker(**labels, last=100.0, bid=99.0, ask=101.0, receive_ts=2_008_500, venue_ts=5)
    reader = FeedReader(folder, Board(shown), ManualClock(2_010_000))  # type: ignore[arg-type]
    bitcoin, ether = reader.tickers()
    assert bitcoin.as_json() == shown.as_json() | {"age_s": 1.5}
    # Nobody shows the other one: its last price is that of its last candle, as old as its file, without bid and ask.
    candles: Candles = ETH.candles(0, 100)
    assert (ether.ticker.last, ether.ticker.bid, ether.ticker.ask) == (candles.close[-1], None, None)
    assert ether.ticker.venue_ts == candles.close_time
    assert ether.age_s == pytest.approx(1_010.0)
    assert [each.ticker.symbol for each in reader.tickers(symbol="ETH/USDT:USDT")] == ["ETH/USDT:USDT"]
    assert reader.tickers(venue="okx") == ()


def test_reader_leaves_out_what_cannot_be_read(reader: FeedReader, folder: Path) -> None:
    (candle_folder(folder) / "okx__BTC-USDT__1h.parquet").write_bytes(b"damage")
    (candle_folder(folder) / "notes.parquet").write_bytes(b"not candles")
    assert len(reader.markets()) == 3
    assert len(reader.tickers()) == 2
    with pytest.raises(MarketError, match="cannot be read as parquet"):
        reader.candles("BTC/USDT", venue="okx")


def test_reader_may_be_shared_among_threads(reader: FeedReader, folder: Path) -> None:
    store = CandleStore(candle_folder(folder))
    lengths: list[list[int]] = [[], [], []]

    def read(found: list[int]) -> None:
        for _ in range(50):
            found.append(reader.candles("BTC/USDT:USDT", points=1).time[0])

    threads = [threading.Thread(target=read, args=(found,)) for found in lengths]
    for thread in threads:
        thread.start()
    for number in range(3_000, 3_030):
        store.append(BTC.candles(number, number + 1))
    for thread in threads:
        thread.join()
    assert all(found == sorted(found) and len(found) == 50 for found in lengths)
