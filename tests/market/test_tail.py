"""The tail of a candle file: cheap to append to, whole after any crash, and never to be told from the file itself."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import Candles, CandleStore, GrowingFile, read_candles, synthetic_candles
from market.errors import CandleError, CandleFileError, StoreFullError
from market.spans import union
from market.tail import MOST_RECORDS, read_tail, tail_path
from market.validation import COLUMNS

REPOSITORY = Path(__file__).resolve().parents[2]
HOUR = 3_600_000
BARS = synthetic_candles(bars=300, seed=5)
LABELS = (BARS.venue, BARS.symbol, BARS.timeframe)


def at_scale(candles: Candles, factor: float) -> Candles:
    """Return the same bars with other prices."""
    columns = {name: getattr(candles, name) * factor for name in COLUMNS}
    labels = {name: getattr(candles, name) for name in ("symbol", "timeframe", "venue", "market_type", "origin")}
    return Candles(timestamp=candles.timestamp, **columns, **labels)


def test_appended_candles_are_in_the_tail_and_read_with_the_file(store: CandleStore) -> None:
    store.add(BARS[:100])
    path = store.path(*LABELS)
    written = path.stat().st_mtime_ns
    for row in range(100, 120):
        store.append(BARS[row : row + 1])
    assert path.stat().st_mtime_ns == written
    assert read_tail(path).records == 40  # a candle and what was asked for, each
    assert read_candles(path) == store.read(*LABELS) == GrowingFile(path).read() == BARS[:120]
    assert store.asked(*LABELS) == ((int(BARS.timestamp[0]), int(BARS.timestamp[120])),)
    (held,) = store.list()
    assert (held.bars, held.last) == (120, int(BARS.timestamp[119]))


def test_append_to_nothing_makes_the_file(store: CandleStore) -> None:
    store.append(BARS[:3])
    assert store.read(*LABELS) == BARS[:3]
    assert not tail_path(store.path(*LABELS)).exists()


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "append", "read"]), st.integers(0, 299), st.integers(1, 40), st.integers(1, 9)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_order_of_adding_and_appending_holds_the_newest_of_each_bar(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int, int]]
) -> None:
    store = CandleStore(tmp_path_factory.mktemp("mixed"))
    path = store.path(*LABELS)
    growing = GrowingFile(path)
    factors = np.zeros(300)
    for what, start, length, factor in steps:
        piece = at_scale(BARS[start : start + length], float(factor))
        if what == "add":
            store.add(piece)
        elif what == "append":
            store.append(piece)
        if what != "read":
            factors[start : start + len(piece)] = factor
        rows = np.flatnonzero(factors)
        if not len(rows):
            continue
        held = growing.read()
        assert held == store.read(*LABELS)
        assert np.array_equal(held.timestamp, BARS.timestamp[rows])
        assert np.array_equal(held.close, BARS.close[rows] * factors[rows])
    spans = union((int(BARS.timestamp[row]), int(BARS.timestamp[row]) + HOUR) for row in np.flatnonzero(factors))
    assert store.asked(*LABELS) == spans


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 64 * 20), flipped=st.integers(0, 64 * 20 - 1), damage=st.booleans())
def test_torn_or_damaged_tail_holds_what_was_whole_before_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flipped: int, damage: bool
) -> None:
    store = CandleStore(tmp_path_factory.mktemp("torn"))
    store.add(BARS[:50])
    path = store.path(*LABELS)
    for row in range(50, 60):
        store.append(BARS[row : row + 1])
    contents = bytearray(tail_path(path).read_bytes())
    assert len(contents) == 64 * 20
    if damage:
        contents[flipped] ^= 0x40
    tail_path(path).write_bytes(contents[:cut])
    whole = min(cut, flipped if damage else cut) // 64
    candles = 50 + (whole + 1) // 2
    assert store.read(*LABELS) == BARS[:candles]
    store.append(BARS[candles : candles + 1])
    assert store.read(*LABELS) == BARS[: candles + 1]
    assert tail_path(path).stat().st_size == (whole + 2) * 64


def test_long_tail_is_merged_into_the_file(store: CandleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.store.MOST_RECORDS", 10)
    store.add(BARS[:50])
    path = store.path(*LABELS)
    growing = GrowingFile(path)
    sizes = []
    for row in range(50, 80):
        store.append(BARS[row : row + 1])
        sizes.append(read_tail(path).records)
        assert growing.read() == BARS[: row + 1]
    assert max(sizes) == 10
    assert sizes.count(0) == 5
    assert store.asked(*LABELS) == ((int(BARS.timestamp[0]), int(BARS.timestamp[80])),)
    store.append(BARS[80:95])
    assert read_candles(path) == BARS[:95]


def test_tail_that_outlived_its_merge_changes_nothing(store: CandleStore) -> None:
    """A crash between the replacement of the file and the removal of the tail leaves the same candles twice."""
    store.add(BARS[:50])
    store.append(at_scale(BARS[49:52], 2.0))
    path = store.path(*LABELS)
    left = tail_path(path).read_bytes()
    held = store.add(BARS[60:61])
    assert not tail_path(path).exists()
    tail_path(path).write_bytes(left)
    assert read_candles(path) == held
    store.append(BARS[61:62])
    assert store.read(*LABELS).close[50] == 2.0 * BARS.close[50]


def test_tail_of_a_file_that_was_taken_away_does_not_come_back(store: CandleStore) -> None:
    store.add(BARS[:50])
    store.append(BARS[50:60])
    store.path(*LABELS).unlink()
    store.append(BARS[100:110])
    assert store.read(*LABELS) == BARS[100:110]


def test_append_refuses_another_grid_and_a_damaged_file(store: CandleStore) -> None:
    store.add(BARS[:50])
    path = store.path(*LABELS)
    columns = {name: getattr(BARS[50:52], name) for name in COLUMNS}
    moved = Candles.from_arrays(
        BARS.timestamp[50:52] + 60_000, **columns, symbol=BARS.symbol, venue=BARS.venue, origin=BARS.origin
    )
    with pytest.raises(CandleError, match=r"grid of those stored, were 60 s off it; move"):
        store.append(moved)
    path.write_bytes(b"damage")
    with pytest.raises(CandleFileError, match=r"is no file of ours .*; fetch it again"):
        store.append(BARS[50:51])


def test_tail_that_does_not_fit_its_file_is_named(store: CandleStore) -> None:
    store.add(BARS[:50])
    path = store.path(*LABELS)
    halves = synthetic_candles(bars=52, seed=5, start="2023-01-01T00:30:00", timeframe="30m")
    store.add(halves[:50])
    store.append(halves[50:51])
    tail_path(store.path(BARS.venue, BARS.symbol, "30m")).rename(tail_path(path))
    with pytest.raises(
        CandleFileError, match=r"\.tail: does not fit the file it belongs to \(.*\); move this one away"
    ):
        read_candles(path)
    tail_path(path).unlink()
    assert read_candles(path) == BARS[:50]


def test_append_on_a_full_disk_leaves_the_tail_as_it_was(store: CandleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(BARS[:50])
    store.append(BARS[50:51])
    write = os.write

    def torn(descriptor: int, contents: bytes) -> int:
        if len(contents) <= 30:
            raise OSError(errno.ENOSPC, "no space left on device")
        return write(descriptor, bytes(contents)[:100])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", torn)
        with pytest.raises(StoreFullError, match="the disk is full"):
            store.append(BARS[51:52])
    assert store.read(*LABELS) == BARS[:51]
    assert tail_path(store.path(*LABELS)).stat().st_size == 128
    store.append(BARS[51:52])
    assert store.read(*LABELS) == BARS[:52]


def test_merge_that_fails_loses_nothing(store: CandleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.store.MOST_RECORDS", 4)
    store.add(BARS[:50])
    with monkeypatch.context() as patch:
        patch.setattr("market.store.replace_file", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        for row in range(50, 55):
            store.append(BARS[row : row + 1])
    assert store.read(*LABELS) == BARS[:55]
    store.append(BARS[55:56])
    assert read_tail(store.path(*LABELS)).records == 0
    assert store.read(*LABELS) == BARS[:56]


def test_growing_file_reads_only_what_changed(store: CandleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(BARS[:50])
    growing = GrowingFile(store.path(*LABELS))
    first = growing.read()
    assert growing.read() is first
    monkeypatch.setattr("market.growing.read_file", lambda *_: pytest.fail("the file itself did not change"))
    store.append(BARS[50:51])
    assert growing.read() == BARS[:51]
    monkeypatch.undo()
    store.add(BARS[60:61])
    assert len(growing.read()) == 52
    store.path(*LABELS).unlink()
    with pytest.raises(CandleFileError, match="does not exist"):
        growing.read()


def test_readers_beside_a_writer_see_valid_candles_that_only_grow(
    store: CandleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.store.MOST_RECORDS", 16)
    store.add(BARS[:50])
    path = store.path(*LABELS)
    done = threading.Event()

    def write() -> None:
        try:
            for row in range(50, 300):
                store.append(BARS[row : row + 1])
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    growing, seen = GrowingFile(path), [50, 50]
    while not done.is_set():
        for reader, read in enumerate((growing.read, lambda: read_candles(path))):
            held = read()
            assert held == BARS[: len(held)]
            assert len(held) >= seen[reader]
            seen[reader] = len(held)
    writer.join()
    assert growing.read() == read_candles(path) == BARS


def test_writer_killed_at_any_time_leaves_a_prefix(tmp_path: Path) -> None:
    script = (
        "import sys, market.store as s\n"
        "from market import CandleStore, synthetic_candles\n"
        "s.MOST_RECORDS = 12\n"
        "bars = synthetic_candles(bars=30_000, seed=5)\n"
        "store = CandleStore(sys.argv[1])\n"
        "store.add(bars[:50])\n"
        "print('ready', flush=True)\n"
        "for row in range(50, 30_000): store.append(bars[row : row + 1])\n"
    )
    long = synthetic_candles(bars=30_000, seed=5)
    for attempt in range(4):
        root = tmp_path / str(attempt)
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(root)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.09 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        store = CandleStore(root)
        held = store.read(*LABELS)
        assert len(held) > 50
        assert held == long[: len(held)]
        store.append(long[len(held) : len(held) + 1])
        assert store.read(*LABELS) == long[: len(held) + 1]


def test_tail_is_bounded() -> None:
    assert MOST_RECORDS * 64 <= 2**18
