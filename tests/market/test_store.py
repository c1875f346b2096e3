"""The store: idempotent, correctable, durable, and never confused about what is real."""

import errno
import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import Candles, CandleStore, read_candles, synthetic_candles
from market.errors import CandleError, CandleFileError, LabelError, MarketError, StoreError, StoreFullError
from market.spans import union, without

REPOSITORY = Path(__file__).resolve().parents[2]
HOUR = 3_600_000
SOUND = synthetic_candles(bars=48, seed=2)


def test_store_gives_back_what_was_added(store: CandleStore, hours: Candles) -> None:
    assert store.add(hours) == hours
    assert store.read("fake", "BTC/USDT", "1h") == hours
    path = store.path("fake", "BTC/USDT", "1h")
    assert path.name == "fake__BTC-USDT__1h.parquet"
    assert read_candles(path) == hours


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"symbol": "BTC/USDT:USDT", "market_type": "swap"}, "fake__BTC-USDT-USDT__1h"),
        ({"symbol": "BTC/USDT:USDT-240628", "market_type": "swap"}, "fake__BTC-USDT-USDT%2D240628__1h"),
        ({"symbol": "币/USDT"}, "fake__%E5%B8%81-USDT__1h"),
        ({"symbol": "1_0-X/USDT"}, "fake__1%5F0%2DX-USDT__1h"),
        ({"venue": "simulated-2", "origin": "simulated:2"}, "simulated-2__BTC-USDT__1h"),
        ({"venue": "binance", "origin": "simulated:2"}, "simulated-2-binance__BTC-USDT__1h"),
        (
            {"venue": "binanceusdm", "origin": "simulated:2", "symbol": "BTC/USDT:USDT", "market_type": "swap"},
            "simulated-2-binanceusdm__BTC-USDT-USDT__1h",
        ),
    ],
)
def test_store_keeps_every_label(store: CandleStore, hours: Candles, relabel, labels: dict, name: str) -> None:
    candles = relabel(hours, **labels)
    store.add(candles)
    path = store.path(candles.venue, candles.symbol, "1h", candles.origin)
    assert path.stem == name
    assert read_candles(path) == candles
    assert store.read(candles.venue, candles.symbol, "1h", candles.origin) == candles


def test_store_path_of_a_simulated_venue_needs_no_origin(store: CandleStore) -> None:
    store.add(SOUND)
    assert store.read("simulated-2", "BTC/USDT", "1h") == SOUND
    assert store.path("binanceusdm", "BTC/USDT", "1h").stem == "binanceusdm__BTC-USDT-USDT__1h"


def test_store_adding_the_same_again_does_not_touch_the_file(store: CandleStore, hours: Candles) -> None:
    store.add(hours)
    path = store.path("fake", "BTC/USDT", "1h")
    written = path.stat().st_mtime_ns
    store.add(hours[10:20])
    store.add(hours)
    assert path.stat().st_mtime_ns == written


@settings(max_examples=30, deadline=None)
@given(pieces=st.lists(st.tuples(st.integers(0, 47), st.integers(1, 48)), min_size=1, max_size=6))
def test_store_adding_pieces_in_any_order_holds_their_union(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, int]]
) -> None:
    store = CandleStore(tmp_path_factory.mktemp("pieces"))
    present = np.zeros(48, dtype=bool)
    for start, length in pieces:
        store.add(SOUND[start : start + length])
        present[start : start + length] = True
    held = store.read("simulated-2", "BTC/USDT", "1h")
    assert np.array_equal(held.timestamp, SOUND.timestamp[present])
    assert np.array_equal(held.close, SOUND.close[present])
    spans = union((int(SOUND.timestamp[row]), int(SOUND.timestamp[row]) + HOUR) for row in np.flatnonzero(present))
    assert store.asked("simulated-2", "BTC/USDT", "1h") == spans


def test_store_newer_candle_replaces_a_stored_one(store: CandleStore, hours: Candles, columns_of) -> None:
    store.add(hours)
    columns = columns_of(hours[5:6])
    columns["volume"][:] = 77.5
    store.add(Candles.from_arrays(**columns, symbol="BTC/USDT", venue="fake", timeframe="1h"))
    held = store.read("fake", "BTC/USDT", "1h")
    assert len(held) == len(hours)
    assert held.volume[5] == 77.5
    assert np.array_equal(np.delete(held.volume, 5), np.delete(hours.volume, 5))


def test_store_keeps_a_timeframe_that_the_bars_alone_do_not_show(store: CandleStore, hours: Candles, relabel) -> None:
    sparse = relabel(hours, rows=slice(0, 9, 3))
    store.add(sparse)
    assert store.read("fake", "BTC/USDT", "1h") == sparse
    single = relabel(hours[:1], symbol="ETH/USDT")
    store.add(single)
    assert store.read("fake", "ETH/USDT", "1h") == single


def test_store_refuses_candles_on_another_grid(store: CandleStore, hours: Candles, columns_of) -> None:
    store.add(hours)
    columns = columns_of(hours)
    columns["timestamp"] += 1_800_000
    with pytest.raises(CandleError, match=r"grid of those stored, were 1800 s off it; move"):
        store.add(Candles.from_arrays(**columns, symbol="BTC/USDT", venue="fake"))


def test_store_refuses_candles_without_a_symbol(store: CandleStore, hours: Candles, relabel) -> None:
    with pytest.raises(CandleError, match="must have a symbol"):
        store.add(relabel(hours, symbol="unknown", market_type="swap"))


def test_store_without_the_candles_says_what_it_holds(store: CandleStore, hours: Candles) -> None:
    with pytest.raises(CandleFileError, match=r"holds no okx__BTC-USDT__1h; fetch it first; it holds nothing"):
        store.read("okx", "BTC/USDT", "1h")
    assert store.asked("okx", "BTC/USDT", "1h") == ()
    assert store.list() == ()
    store.add(hours)
    with pytest.raises(CandleFileError, match=r"it holds fake__BTC-USDT__1h"):
        store.read("okx", "BTC/USDT", "1h")


def test_store_list_describes_every_file_and_names_damaged_ones(store: CandleStore, hours: Candles, relabel) -> None:
    store.add(relabel(hours, rows=[0, 1, 2, 5, 6, 9]))
    store.add(SOUND)
    (store.root / "okx__BTC-USDT__1h.parquet").write_bytes(b"damage")
    (store.root / "notes.txt").write_text("not candles")
    real, damaged, simulated = store.list()
    assert (real.venue, real.symbol, real.timeframe, real.market_type) == ("fake", "BTC/USDT", "1h", "spot")
    assert (real.bars, real.gaps, real.missing, real.origin) == (6, 2, 4, "real:fake")
    assert (real.first, real.last) == (int(hours.timestamp[0]), int(hours.timestamp[9]))
    assert real.problem is None
    assert "cannot be read as parquet" in (damaged.problem or "")
    assert simulated.origin == "simulated:2"


# -- simulated stays simulated ----------------------------------------------------------------------------------------


def test_store_file_of_simulated_candles_renamed_stays_simulated(store: CandleStore) -> None:
    store.add(SOUND)
    path = store.path("simulated-2", "BTC/USDT", "1h")
    plain = path.rename(path.with_name("prices.parquet"))
    assert read_candles(plain) == SOUND
    disguised = plain.rename(path.with_name("binance__BTC-USDT__1h.parquet"))
    with pytest.raises(LabelError, match=r"its name says BTC/USDT 1h real:binance .* its contents say .* simulated:2"):
        read_candles(disguised)


def test_store_file_of_simulated_candles_copied_by_others_stays_simulated(store: CandleStore, tmp_path: Path) -> None:
    store.add(SOUND)
    path = store.path("simulated-2", "BTC/USDT", "1h")
    table = pd.read_parquet(path)
    for suffix, write in ((".csv", table.to_csv), (".feather", table.to_feather), (".parquet", table.to_parquet)):
        copy = tmp_path / f"{path.stem}{suffix}"
        write(copy)
        assert read_candles(copy).origin == "simulated:2"


def test_store_never_lets_real_and_simulated_meet(store: CandleStore, hours: Candles, relabel) -> None:
    real, simulated = (
        relabel(hours, venue="binance", origin="real:binance"),
        relabel(hours[:100], venue="binance", origin="simulated:2"),
    )
    store.add(real)
    store.add(simulated)
    assert store.read("binance", "BTC/USDT", "1h") == real
    assert store.read("binance", "BTC/USDT", "1h", "simulated:2") == simulated


# -- the disk ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("existing", [False, True])
def test_store_on_a_failing_disk_keeps_the_old_file(
    store: CandleStore, hours: Candles, monkeypatch: pytest.MonkeyPatch, code: int, existing: bool
) -> None:
    if existing:
        store.add(hours[:100])

    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(StoreError, match=r"full|cannot be written") as caught:
            store.add(hours)
    assert isinstance(caught.value, StoreFullError) == (code != errno.EIO)
    visible = [path.name for path in store.root.iterdir() if not path.name.endswith(".lock")]
    assert visible == (["fake__BTC-USDT__1h.parquet"] if existing else [])
    if existing:
        assert store.read("fake", "BTC/USDT", "1h") == hours[:100]
    assert store.add(hours) == hours


def test_store_in_a_place_that_is_a_file_is_refused(tmp_path: Path, hours: Candles) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        CandleStore(tmp_path / "file" / "candles").add(hours)


def test_store_ignores_what_a_killed_writer_left(store: CandleStore, hours: Candles) -> None:
    store.add(hours[:10])
    leftover = store.root / ".fake__BTC-USDT__1h.parquet.tmp"
    leftover.write_bytes(b"half a file")
    assert len(store.list()) == 1
    assert store.add(hours) == hours
    assert not leftover.exists()


def test_store_writers_at_once_lose_nothing(store: CandleStore) -> None:
    threads = [
        threading.Thread(target=store.add, args=(SOUND[start : start + 4],)) for start in range(0, len(SOUND), 4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read("simulated-2", "BTC/USDT", "1h") == SOUND


def test_store_writers_in_several_processes_lose_nothing(store: CandleStore) -> None:
    code = (
        "import sys; from market import CandleStore, synthetic_candles; sound = synthetic_candles(bars=48, seed=2)\n"
        "for row in range(int(sys.argv[2]), 48, 3): CandleStore(sys.argv[1]).add(sound[row:row + 1])"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(store.root), str(part)], cwd=REPOSITORY) for part in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert store.read("simulated-2", "BTC/USDT", "1h") == SOUND


def test_store_reads_a_file_whose_spans_are_missing(store: CandleStore, hours: Candles) -> None:
    store.add(hours)
    path = store.path("fake", "BTC/USDT", "1h")
    table = pyarrow.parquet.read_table(path)
    metadata = {key: value for key, value in table.schema.metadata.items() if key != b"evoq.asked"}
    pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), path)
    assert store.asked("fake", "BTC/USDT", "1h") == ((int(hours.timestamp[0]), hours.close_time),)


def test_store_with_a_damaged_file_refuses_to_write_over_it(store: CandleStore, hours: Candles) -> None:
    store.add(hours)
    path = store.path("fake", "BTC/USDT", "1h")
    path.write_bytes(b"PAR1 damage PAR1")
    with pytest.raises(MarketError, match=r"cannot be read as parquet .* after moving this file away"):
        store.add(hours)
    assert path.read_bytes() == b"PAR1 damage PAR1"


# -- spans ------------------------------------------------------------------------------------------------------------

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


@given(spans=SPANS, span=st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_spans_behave_like_sets_of_times(spans: list[tuple[int, int]], span: tuple[int, int]) -> None:
    taken = {time for start, end in spans for time in range(start, end)}
    joined, rest = union(spans), without(span, spans)
    assert {time for start, end in joined for time in range(start, end)} == taken
    assert {time for start, end in rest for time in range(start, end)} == set(range(*span)) - taken
    for result in (joined, rest):
        assert all(start < end for start, end in result)
        assert all(earlier[1] < later[0] for earlier, later in itertools.pairwise(result))
