"""Every rule of a candle: broken in any single row, it is refused and the row is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import Candles, synthetic_candles
from market.errors import CandleError
from market.instants import iso
from market.validation import COLUMNS

SOUND = synthetic_candles(bars=60, seed=11)
HOUR = 3_600_000


def built(timestamp: np.ndarray, columns: dict[str, np.ndarray], timeframe: str | None = "1h") -> Candles:
    return Candles.from_arrays(timestamp, **columns, timeframe=timeframe, symbol="BTC/USDT", venue="binance")


def parts() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    return SOUND.timestamp.copy(), {name: getattr(SOUND, name).copy() for name in COLUMNS}


def corrupt(name: str, row: int, columns: dict[str, np.ndarray]) -> str:
    """Break one rule in one row and return what the message must say."""
    high, low = float(columns["high"][row]), float(columns["low"][row])
    column, value, message = {
        "nan": ("close", np.nan, "close must be a finite number, was nan"),
        "inf": ("open", np.inf, "open must be a finite number, was inf"),
        "minus inf": ("low", -np.inf, "low must be a finite number, was -inf"),
        "nan volume": ("volume", np.nan, "volume must be a finite number, was nan"),
        "inf volume": ("volume", np.inf, "volume must be a finite number, was inf"),
        "zero": ("low", 0.0, "low must be positive, was 0.0"),
        "negative": ("open", -1.0, "open must be positive, was -1.0"),
        "negative volume": ("volume", -0.5, "volume must not be negative, was -0.5"),
        "high below low": ("high", low / 2, "high must not be below low"),
        "open above high": ("open", high * 2, "open must lie between low and high"),
        "close below low": ("close", low / 2, "close must lie between low and high"),
    }[name]
    columns[column][row] = value
    return message


CORRUPTIONS = [
    "nan",
    "inf",
    "minus inf",
    "nan volume",
    "inf volume",
    "zero",
    "negative",
    "negative volume",
    "high below low",
    "open above high",
    "close below low",
]


@given(row=st.integers(0, 59), name=st.sampled_from(CORRUPTIONS))
def test_candles_with_one_corrupted_row_are_refused_by_name(row: int, name: str) -> None:
    timestamp, columns = parts()
    message = corrupt(name, row, columns)
    with pytest.raises(CandleError) as caught:
        built(timestamp, columns)
    text = str(caught.value)
    assert text.startswith(f"row {row} ({iso(int(timestamp[row]))}): {message}")
    assert ";" in text  # what follows is the cure


@given(rows=st.lists(st.integers(0, 59), min_size=2, max_size=5, unique=True), data=st.data())
def test_candles_with_several_corrupted_rows_name_the_first(rows: list[int], data: st.DataObject) -> None:
    timestamp, columns = parts()
    for row in rows:
        corrupt(data.draw(st.sampled_from(CORRUPTIONS)), row, columns)
    with pytest.raises(CandleError, match=rf"^row {min(rows)} \("):
        built(timestamp, columns)


@given(row=st.integers(1, 59), stated=st.booleans())
def test_candles_with_a_repeated_timestamp_are_refused_by_row(row: int, stated: bool) -> None:
    timestamp, columns = parts()
    timestamp[row] = timestamp[row - 1]
    with pytest.raises(CandleError, match=rf"^row {row} .*timestamp must not occur twice; drop"):
        built(timestamp, columns, "1h" if stated else None)


@given(row=st.integers(0, 58), stated=st.booleans())
def test_candles_with_two_rows_swapped_are_refused_by_row(row: int, stated: bool) -> None:
    timestamp, columns = parts()
    timestamp[[row, row + 1]] = timestamp[[row + 1, row]]
    with pytest.raises(CandleError, match=rf"^row {row + 1} .*timestamp must be later than the row before.*; sort"):
        built(timestamp, columns, "1h" if stated else None)


@given(row=st.integers(1, 59), offset=st.integers(1, HOUR - 1), stated=st.booleans())
def test_candles_with_one_row_off_the_grid_are_refused_by_row(row: int, offset: int, stated: bool) -> None:
    timestamp, columns = parts()
    timestamp[row] += offset
    with pytest.raises(CandleError, match=rf"^row {row} .*whole number of 1h bars after the first row.*; drop"):
        built(timestamp, columns, "1h" if stated else None)


def test_candles_off_the_grid_of_a_day_but_on_their_own_are_accepted() -> None:
    timestamp, columns = parts()
    assert len(built(timestamp + 16 * 60_000 + 7, columns, None)) == 60


@pytest.mark.parametrize("first", [-HOUR, 253_402_300_800_000, -(2**63)])
def test_candles_at_an_impossible_time_are_refused(first: int) -> None:
    timestamp, columns = parts()
    with pytest.raises(CandleError, match="timestamp must be ms UTC since 1970"):
        built(timestamp - timestamp[0] + first, columns)


@given(keep=st.sets(st.integers(0, 59), min_size=1))
def test_candles_with_any_rows_missing_are_accepted_with_gaps(keep: set[int]) -> None:
    timestamp, columns = parts()
    rows = sorted(keep)
    candles = built(timestamp[rows], {name: column[rows] for name, column in columns.items()})
    assert sum(gap.bars for gap in candles.gaps) == rows[-1] - rows[0] + 1 - len(rows)
    assert candles.bars_per_year == pytest.approx(8760 * len(rows) / (rows[-1] - rows[0] + 1))


def test_candles_of_equal_prices_and_no_volume_are_accepted() -> None:
    ones = np.ones(3)
    flat = dict.fromkeys(COLUMNS, ones) | {"volume": np.zeros(3)}
    assert len(built(np.arange(3) * HOUR + 1_704_067_200_000, flat)) == 3
