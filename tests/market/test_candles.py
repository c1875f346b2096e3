"""Candles: immutable, comparable, sliceable, and labelled."""

import copy
import hashlib
import pickle
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import market
from market import Candles, Gap, MarketError, synthetic_candles
from market.errors import CandleError, UnknownNameError

REPOSITORY = Path(__file__).resolve().parents[2]
HOUR = 3_600_000
START = 1_704_067_200_000  # 2024-01-01


def flat(timestamps: list[int], **labels: str) -> Candles:
    ones = np.ones(len(timestamps))
    return Candles.from_arrays(timestamps, ones, ones, ones, ones, ones, **labels)


def test_candles_columns_cannot_be_written_to(hours: Candles) -> None:
    for name in ("timestamp", "open", "high", "low", "close", "volume"):
        column = getattr(hours, name)
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            column.setflags(write=True)
    with pytest.raises(AttributeError):
        hours.symbol = "ETH/USDT"  # type: ignore[misc]


def test_candles_input_changed_afterwards_changes_nothing(hours: Candles, columns_of) -> None:
    columns = columns_of(hours)
    candles = Candles.from_arrays(**columns, venue="fake", symbol="BTC/USDT")
    for column in columns.values():
        column[:] = 0
    assert candles == hours


def test_candles_columns_are_contiguous_and_typed() -> None:
    strided = np.ones((4, 6))[:, ::2]
    candles = Candles.from_arrays(
        np.arange(START, START + 4 * HOUR, HOUR), strided[:, 0], strided[:, 1], strided[:, 2], [1, 1, 1, 1], np.zeros(4)
    )
    assert candles.timestamp.dtype == np.int64
    assert all(getattr(candles, name).dtype == np.float64 for name in ("open", "close", "volume"))
    assert all(getattr(candles, name).flags.c_contiguous for name in ("timestamp", "open", "close"))


def test_candles_from_series_lists_and_generators_are_the_same(hours: Candles, columns_of) -> None:
    columns = columns_of(hours[:5])
    made = [
        {name: pd.Series(column) for name, column in columns.items()},
        {name: column.tolist() for name, column in columns.items()},
        {name: iter(column.tolist()) for name, column in columns.items()},
    ]
    for each in made:
        assert Candles.from_arrays(**each, symbol="BTC/USDT", venue="fake") == hours[:5]


def test_candles_slice_is_a_view_of_the_same_rows(hours: Candles) -> None:
    part = hours[10:20]
    assert len(part) == 10
    assert np.array_equal(part.close, hours.close[10:20])
    assert np.shares_memory(part.close, hours.close)
    assert part.symbol == hours.symbol
    assert not part.close.flags.writeable
    assert hours[-5:] == hours[len(hours) - 5 :]
    assert hours[:] == hours


@pytest.mark.parametrize("rows", [slice(5, 5), slice(None, None, 2), slice(10_000, None), 3])
def test_candles_index_other_than_a_range_is_refused(hours: Candles, rows: object) -> None:
    with pytest.raises(CandleError, match="range"):
        hours[rows]  # type: ignore[index]


def test_candles_copies_are_equal_and_read_only(hours: Candles) -> None:
    for twin in (pickle.loads(pickle.dumps(hours)), copy.copy(hours), copy.deepcopy(hours[3:9])):
        assert twin in {hours, hours[3:9]}
        assert not twin.close.flags.writeable
        assert twin.data_hash in {hours.data_hash, hours[3:9].data_hash}


def test_candles_gaps_name_the_missing_bars() -> None:
    candles = flat([START, START + HOUR, START + 4 * HOUR, START + 5 * HOUR, START + 7 * HOUR])
    assert candles.timeframe == "1h"
    assert candles.gaps == (
        Gap(start=START + 2 * HOUR, end=START + 4 * HOUR, bars=2),
        Gap(start=START + 6 * HOUR, end=START + 7 * HOUR, bars=1),
    )


def test_candles_bars_per_year_counts_the_bars_that_exist() -> None:
    assert flat([START, START + HOUR]).bars_per_year == 8760
    assert flat([START, START + HOUR, START + 3 * HOUR]).bars_per_year == pytest.approx(8760 * 3 / 4)
    assert flat([START], timeframe="1d").bars_per_year == 365


def test_candles_close_time_is_when_the_last_bar_ends() -> None:
    assert flat([START, START + HOUR]).close_time == START + 2 * HOUR


@pytest.mark.parametrize(
    "at",
    [
        START + 2 * HOUR,
        START + HOUR + 1,
        "2024-01-01T02:00",
        "2024-01-01T02:00:00Z",
        "2024-01-01T03:00:00+01:00",
        datetime(2024, 1, 1, 2),
        datetime(2024, 1, 1, 2, tzinfo=UTC),
        datetime(2023, 12, 31, 21, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_candles_split_starts_the_holdout_at_or_after_the_time(at: market.instants.Instant) -> None:
    candles = flat([START + hour * HOUR for hour in range(5)])
    train, holdout = candles.split(at=at)
    assert len(train) == 2
    assert holdout.timestamp[0] == START + 2 * HOUR
    assert len(holdout) == 3


@pytest.mark.parametrize("at", ["2024-01-01", "2024-01-01T04:00:01", "2030-01-01", 0])
def test_candles_split_that_leaves_a_side_empty_is_refused(at: market.instants.Instant) -> None:
    with pytest.raises(
        MarketError, match=r"both sides: at must be after 2024-01-01T00:00:00Z and at most 2024-01-01T04"
    ):
        flat([START + hour * HOUR for hour in range(5)]).split(at=at)


@pytest.mark.parametrize("at", ["yesterday", "01/02/2024", 1.5, None, True, -1])
def test_candles_split_at_something_that_is_no_time_is_refused(at: object) -> None:
    with pytest.raises(MarketError, match="a time must"):
        flat([START + hour * HOUR for hour in range(5)]).split(at=at)  # type: ignore[arg-type]


def test_candles_data_hash_depends_on_every_value_and_label(hours: Candles, relabel, columns_of) -> None:
    hashes = {hours.data_hash, hours[1:].data_hash}
    labels = [
        {"symbol": "ETH/USDT"},
        {"venue": "other", "origin": "real:other"},
        {"origin": "simulated:1"},
        {"symbol": "BTC/USDT:USDT", "market_type": "swap"},
        {"symbol": "unknown"},
        {"symbol": "unknown", "market_type": "swap"},
    ]
    hashes |= {relabel(hours, **changed).data_hash for changed in labels}
    for name in ("open", "high", "low", "close", "volume"):
        columns = columns_of(hours)
        columns[name][5] = {"high": 1e9, "low": 1.0, "volume": 0.125}.get(name, (hours.high[5] + hours.low[5]) / 2)
        hashes.add(Candles.from_arrays(**columns, venue="fake", symbol="BTC/USDT").data_hash)
    assert len(hashes) == 2 + len(labels) + 5


def test_candles_data_hash_is_sha256_of_labels_and_little_endian_columns() -> None:
    candles = Candles.from_arrays(
        [START, START + HOUR],
        [1.0, 1.5],
        [2.0, 1.5],
        [0.5, 1.25],
        [1.5, 1.25],
        [10, 0],
        symbol="BTC/USDT",
        venue="binance",
    )
    labels = (
        '{"market_type": "spot", "origin": "real:binance", "symbol": "BTC/USDT", "timeframe": "1h", "venue": "binance"}'
    )
    body = struct.pack("<2q10d", START, START + HOUR, 1.0, 1.5, 2.0, 1.5, 0.5, 1.25, 1.5, 1.25, 10.0, 0.0)
    assert candles.data_hash == hashlib.sha256(f"[2, {labels}]".encode() + body).hexdigest()


def test_candles_negative_zero_volume_hashes_like_zero() -> None:
    ones = np.ones(2)
    times = [START, START + HOUR]
    plus = Candles.from_arrays(times, ones, ones, ones, ones, [0.0, 0.0])
    minus = Candles.from_arrays(times, ones, ones, ones, ones, [-0.0, 0.0])
    assert plus == minus
    assert plus.data_hash == minus.data_hash


def test_candles_equality_and_hash_agree(hours: Candles) -> None:
    assert hours == hours[:]
    assert hash(hours) == hash(hours[:])
    assert hours != hours[1:]
    assert hours != "candles"


@pytest.mark.parametrize(
    ("symbol", "venue", "market_type", "unified"),
    [
        ("BTC/USDT", "binance", "spot", "BTC/USDT"),
        ("BTC/USDT:USDT", "okx", "swap", "BTC/USDT:USDT"),
        ("BTC/USDT", "binanceusdm", "swap", "BTC/USDT:USDT"),
        ("BTC/USDT:USDT-240628", "okx", "swap", "BTC/USDT:USDT-240628"),
        ("unknown", "unknown", "swap", "unknown"),
    ],
)
def test_candles_market_type_follows_symbol_or_venue(symbol: str, venue: str, market_type: str, unified: str) -> None:
    candles = flat([START, START + HOUR], symbol=symbol, venue=venue)
    assert (candles.market_type, candles.symbol, candles.origin) == (market_type, unified, f"real:{venue}")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"symbol": "BTCUSDT"}, "symbol must be a pair"),
        ({"symbol": ""}, "symbol must be a pair"),
        ({"symbol": "BTC/USDT", "market_type": "swap"}, "must not be labelled swap"),
        ({"symbol": "BTC/USDT:USDT", "market_type": "spot"}, "must not be labelled spot"),
        ({"market_type": "future"}, "market_type must be"),
        ({"venue": "Binance"}, "venue must be lower-case"),
        ({"venue": "a__b"}, "venue must be lower-case"),
        ({"venue": "../etc"}, "venue must be lower-case"),
        ({"origin": "real"}, "origin must be"),
        ({"origin": "simulated:"}, "origin must be"),
        ({"origin": "real:okx", "venue": "binance"}, "must have origin real:binance"),
        ({"venue": "simulated-7"}, "origin must be simulated:SEED"),
        ({"timeframe": "7m"}, "timeframe must be one of"),
        ({"timeframe": "1M"}, "a month has no fixed length"),
    ],
)
def test_candles_label_that_is_wrong_or_contradicts_is_refused(labels: dict[str, str], message: str) -> None:
    with pytest.raises((CandleError, UnknownNameError), match=message):
        flat([START, START + HOUR], **labels)


def test_candles_without_a_row_are_refused() -> None:
    with pytest.raises(CandleError, match="at least one row"):
        flat([], timeframe="1h")


def test_candles_single_row_without_timeframe_is_refused() -> None:
    with pytest.raises(CandleError, match="single candle does not show its timeframe"):
        flat([START])


def test_candles_columns_of_different_lengths_are_refused() -> None:
    ones = np.ones(2)
    with pytest.raises(CandleError, match="one length"):
        Candles.from_arrays([START, START + HOUR], ones, ones, ones, np.ones(3), ones)


@pytest.mark.parametrize("bad", [["a", "b"], np.ones((2, 2)), [True, False], [1 + 2j, 1]])
def test_candles_column_that_is_not_numbers_is_refused(bad: object) -> None:
    ones = np.ones(2)
    with pytest.raises(CandleError, match="close must be a column of numbers"):
        Candles.from_arrays([START, START + HOUR], ones, ones, ones, bad, ones)  # type: ignore[arg-type]
    with pytest.raises(CandleError, match="timestamp must be a column of integers"):
        Candles.from_arrays(bad, ones, ones, ones, ones, ones)  # type: ignore[arg-type]


def test_candles_repr_says_what_they_are() -> None:
    text = repr(synthetic_candles(bars=24, seed=3))
    assert text == "Candles(BTC/USDT 1h simulated:3, 24 bars, 2023-01-01T00:00:00Z to 2023-01-02T00:00:00Z)"


def test_market_import_leaves_slow_libraries_alone() -> None:
    code = "import sys, market; print([name for name in ('ccxt', 'pandas', 'numba') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert run.stdout.strip() == "[]"
