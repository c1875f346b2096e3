"""Reading files that others wrote."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import Candles, MarketError, read_candles, synthetic_candles
from market.errors import CandleError, CandleFileError, LabelError, UnknownNameError
from market.validation import COLUMNS

SOUND = synthetic_candles(bars=30, seed=5)
HOUR = 3_600_000


def frame() -> pd.DataFrame:
    return pd.DataFrame({name: getattr(SOUND, name) for name in ("timestamp", *COLUMNS)})


def same_columns(candles: Candles) -> bool:
    return all(np.array_equal(getattr(candles, name), getattr(SOUND, name)) for name in ("timestamp", *COLUMNS))


def write(table: pd.DataFrame, path: Path) -> Path:
    match path.suffix:
        case ".csv":
            table.to_csv(path, index=False)
        case ".feather":
            table.to_feather(path)
        case _:
            table.to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".feather", ".PARQUET"])
def test_reading_any_kind_gives_the_same_candles(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "binance__BTC-USDT__1h.x"
    write(frame(), path.with_suffix(suffix.lower())).rename(path.with_suffix(suffix))
    candles = read_candles(str(path.with_suffix(suffix)))
    assert same_columns(candles)
    assert (candles.symbol, candles.venue, candles.timeframe) == ("BTC/USDT", "binance", "1h")
    assert (candles.market_type, candles.origin) == ("spot", "real:binance")


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".feather"])
def test_reading_a_file_without_labels_leaves_them_unknown(tmp_path: Path, suffix: str) -> None:
    candles = read_candles(write(frame(), tmp_path / f"prices{suffix}"))
    assert same_columns(candles)
    assert (candles.symbol, candles.venue, candles.market_type) == ("unknown", "unknown", "swap")
    assert candles.origin == "real:unknown"
    named = read_candles(tmp_path / f"prices{suffix}", symbol="BTC/USDT", timeframe="60m")
    assert (named.symbol, named.timeframe, named.market_type) == ("BTC/USDT", "1h", "spot")


def test_reading_freqtrade_feather_understands_its_date_column(tmp_path: Path) -> None:
    table = frame().rename(columns={"timestamp": "date"})
    table["date"] = pd.to_datetime(table["date"], unit="ms", utc=True)
    assert same_columns(read_candles(write(table, tmp_path / "BTC_USDT-1h.feather")))


def test_reading_ccxt_rows_as_csv_without_header(tmp_path: Path) -> None:
    path = tmp_path / "okx__BTC-USDT-USDT__1h.csv"
    frame().to_csv(path, index=False, header=False)
    candles = read_candles(path)
    assert same_columns(candles)
    assert (candles.symbol, candles.market_type) == ("BTC/USDT:USDT", "swap")


def test_reading_columns_in_any_order_and_case_beside_others(tmp_path: Path) -> None:
    table = frame().rename(columns={"timestamp": "Timestamp", "open": " OPEN ", "close": "Close"})
    table["trades"] = 7
    table["datetime"] = "whatever"
    table = table[["Close", "trades", "volume", "low", "high", " OPEN ", "Timestamp", "datetime"]]
    for suffix in (".csv", ".parquet"):
        assert same_columns(read_candles(write(table, tmp_path / f"prices{suffix}")))


def test_reading_an_index_of_datetimes(tmp_path: Path) -> None:
    table = frame().set_index(pd.to_datetime(frame()["timestamp"], unit="ms")).drop(columns="timestamp")
    table.index.name = None
    table.to_parquet(tmp_path / "unnamed.parquet")
    table.index.name = "Date"
    table.to_parquet(tmp_path / "named.parquet")
    table.to_csv(tmp_path / "named.csv")
    for name in ("unnamed.parquet", "named.parquet", "named.csv"):
        assert same_columns(read_candles(tmp_path / name))


@pytest.mark.parametrize("per_ms", [0.001, 1, 1000, 1_000_000])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_reading_integers_of_any_unit(tmp_path: Path, per_ms: float, suffix: str) -> None:
    table = frame()
    table["timestamp"] = table["timestamp"] // 1000 if per_ms < 1 else table["timestamp"] * int(per_ms)
    assert same_columns(read_candles(write(table, tmp_path / f"prices{suffix}")))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_reading_datetimes_of_any_unit_and_zone(tmp_path: Path, unit: str, zone: str | None) -> None:
    table = frame()
    times = pd.to_datetime(table["timestamp"], unit="ms", utc=True).dt.as_unit(unit)
    table["timestamp"] = times.dt.tz_localize(None) if zone is None else times.dt.tz_convert(zone)
    for suffix in (".csv", ".parquet", ".feather"):
        assert same_columns(read_candles(write(table, tmp_path / f"prices{suffix}")))


def test_reading_dates_of_days(tmp_path: Path) -> None:
    days = synthetic_candles(bars=10, timeframe="1d", seed=5)
    table = pd.DataFrame({name: getattr(days, name) for name in COLUMNS})
    table["date"] = pd.to_datetime(days.timestamp, unit="ms").date
    for suffix in (".csv", ".parquet"):
        candles = read_candles(write(table, tmp_path / f"days{suffix}"))
        assert (candles.timeframe, candles.timestamp.tolist()) == ("1d", days.timestamp.tolist())


def test_reading_numbers_kept_as_text_floats_or_decimals(tmp_path: Path) -> None:
    table = frame().astype(str)
    assert same_columns(read_candles(write(table, tmp_path / "text.parquet")))
    floats = frame().astype({"timestamp": float})
    assert same_columns(read_candles(write(floats, tmp_path / "floats.csv")))
    assert same_columns(read_candles(write(floats, tmp_path / "floats.parquet")))
    exact = pa.Table.from_pandas(frame(), preserve_index=False)
    close = exact["close"].cast(pa.decimal128(20, 8))
    pyarrow.parquet.write_table(exact.set_column(4, "close", close), tmp_path / "decimals.parquet")
    assert same_columns(read_candles(tmp_path / "decimals.parquet"))


@settings(max_examples=30, deadline=None)
@given(prices=st.lists(st.floats(1e-300, 1e300), min_size=2, max_size=6), volume=st.floats(0, 1e300))
def test_reading_a_csv_gives_back_every_double_exactly(
    tmp_path_factory: pytest.TempPathFactory, prices: list[float], volume: float
) -> None:
    path = tmp_path_factory.mktemp("exact") / "prices.csv"
    lines = [f"{1_704_067_200_000 + row * HOUR},{p!r},{p!r},{p!r},{p!r},{volume!r}" for row, p in enumerate(prices)]
    path.write_text("timestamp,open,high,low,close,volume\n" + "\n".join(lines))
    candles = read_candles(path)
    assert candles.close.tolist() == prices
    assert candles.volume.tolist() == [volume] * len(prices)


def test_reading_csv_with_byte_order_mark_blank_lines_and_spaces(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    lines = frame().to_csv(index=False).replace(",", " , ")
    path.write_bytes(b"\xef\xbb\xbf" + lines.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert same_columns(read_candles(path))


def test_reading_ignores_folders_that_look_like_partitions(tmp_path: Path) -> None:
    folder = tmp_path / "volume=3"
    folder.mkdir()
    assert same_columns(read_candles(write(frame(), folder / "prices.parquet")))


# -- refusals ---------------------------------------------------------------------------------------------------------


def refusal(path: Path, kind: type[MarketError], **arguments: str) -> str:
    with pytest.raises(MarketError) as caught:
        read_candles(path, **arguments)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    assert ";" in text
    return text


def test_reading_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.parquet", CandleFileError)
    assert "is a folder" in refusal(tmp_path, CandleFileError)
    (tmp_path / "prices.txt").write_text("x")
    assert "must end in one of .parquet, .pq, .csv, .feather, was '.txt'" in refusal(
        tmp_path / "prices.txt", CandleFileError
    )


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".feather"])
def test_reading_an_empty_or_damaged_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"prices{suffix}"
    path.touch()
    assert "is empty" in refusal(path, CandleFileError)
    write(frame().iloc[:0], path)
    assert "holds no candle" in refusal(path, CandleFileError)
    path.write_bytes(bytes(range(256)) * 8)
    refusal(path, CandleFileError)
    if suffix != ".csv":
        write(frame(), path)
        path.write_bytes(path.read_bytes()[:-40])
        assert "cannot be read as" in refusal(path, CandleFileError)


def test_reading_wrong_columns_says_what_is_missing_and_what_is_there(tmp_path: Path) -> None:
    table = frame().rename(columns={"timestamp": "when", "volume": "vol"})
    for suffix in (".csv", ".parquet"):
        text = refusal(write(table, tmp_path / f"prices{suffix}"), CandleFileError)
        assert "missing: timestamp, volume; found: when, open, high, low, close, vol; rename" in text


def test_reading_columns_that_occur_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("timestamp,open,Open,high,low,close,volume\n1,1,1,1,1,1,1\n")
    assert "column open must occur once, found open and Open" in refusal(path, CandleFileError)
    path.write_text("date,time,open,high,low,close,volume\n1,1,1,1,1,1,1\n")
    assert "date and time could" in refusal(path, CandleFileError)


def test_reading_a_headerless_csv_of_other_width_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("1704067200000,1,1,1,1,1,1704070799999\n")
    assert "without a header must have the 6 columns" in refusal(path, CandleFileError)


def test_reading_a_csv_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    for contents in (b"\0" * 100, b'"' + b"x" * 200_000, b"\xff\xfe" * 50):
        path.write_bytes(contents)
        refusal(path, CandleFileError)


def test_reading_ragged_csv_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(frame().to_csv(index=False) + "1,2,3\n")
    assert "cannot be read as csv" in refusal(path, CandleFileError)


@given(row=st.integers(0, 29), cell=st.sampled_from(["", "abc", "1,5", "1_000", "0x1p3", "nan", "inf", "-1", "0"]))
@settings(max_examples=60, deadline=None)
def test_reading_a_csv_with_one_bad_price_names_the_row(
    tmp_path_factory: pytest.TempPathFactory, row: int, cell: str
) -> None:
    table = frame().astype(object)
    table.loc[row, "close"] = cell
    path = write(table, tmp_path_factory.mktemp("bad") / "prices.csv")
    with pytest.raises((CandleFileError, CandleError), match=rf"row {row}( \(.*\))?: close must be"):
        read_candles(path)


@pytest.mark.parametrize("cell", ["", "yesterday", "01/02/2024 03:00", "1704067200000.5", "2024-01-01T00:00:00.0001"])
def test_reading_a_time_that_is_none_names_the_row(tmp_path: Path, cell: str) -> None:
    table = frame().astype(object)
    table["timestamp"] = (
        pd.to_datetime(frame()["timestamp"], unit="ms").astype(str) if "T" in cell else table["timestamp"]
    )
    table.loc[17, "timestamp"] = cell
    assert "row 17: timestamp must" in refusal(write(table, tmp_path / "prices.csv"), CandleFileError)


def test_reading_an_empty_cell_names_the_row(tmp_path: Path) -> None:
    table = frame().astype({"timestamp": "Int64"})
    table.loc[4, "volume"] = None
    assert "row 4 (" in refusal(write(table, tmp_path / "volume.parquet"), CandleError)
    table.loc[3, "timestamp"] = None
    assert "row 3: timestamp must not be empty" in refusal(write(table, tmp_path / "times.parquet"), CandleFileError)


def test_reading_times_of_unclear_unit_is_refused(tmp_path: Path) -> None:
    table = frame()
    table["timestamp"] = np.arange(30)
    assert "its unit is not clear" in refusal(write(table, tmp_path / "prices.csv"), CandleFileError)


def test_reading_columns_of_another_type_is_refused(tmp_path: Path) -> None:
    table = frame().astype({"timestamp": bool})
    assert "column of times" in refusal(write(table, tmp_path / "times.parquet"), CandleFileError)
    lists = pa.table(frame().to_dict("list") | {"close": [[1.0]] * 30})
    pyarrow.feather.write_feather(lists, str(tmp_path / "lists.feather"))
    assert "close must be a column of numbers" in refusal(tmp_path / "lists.feather", CandleFileError)


def test_reading_what_contradicts_the_name_is_refused(tmp_path: Path) -> None:
    path = write(frame(), tmp_path / "binanceusdm__BTC-USDT__1h.parquet")
    assert read_candles(path, symbol="BTC/USDT:USDT", timeframe="1h").market_type == "swap"
    text = refusal(path, LabelError, symbol="BTC/USDT")
    assert "the file says symbol BTC/USDT:USDT, you say BTC/USDT; leave symbol out" in text
    assert "the file says timeframe 1h, you say 30m" in refusal(path, LabelError, timeframe="30m")
    with pytest.raises(UnknownNameError, match="timeframe must be one of"):
        read_candles(path, timeframe="7m")
    with pytest.raises(CandleError, match="symbol must be a pair"):
        read_candles(write(frame(), tmp_path / "prices.csv"), symbol="BTCUSDT")


def test_reading_with_a_timeframe_off_the_grid_is_refused(tmp_path: Path) -> None:
    path = write(frame(), tmp_path / "prices.parquet")
    assert "row 1 (" in refusal(path, CandleError, timeframe="4h")
    assert len(read_candles(path, timeframe="30m").gaps) == 29


def test_reading_takes_the_timeframe_from_the_rows_and_not_from_the_name(tmp_path: Path) -> None:
    path = write(frame().iloc[::2], tmp_path / "binance__BTC-USDT__1h.parquet")
    assert read_candles(path).timeframe == "2h"
    assert read_candles(path, timeframe="1h").timeframe == "1h"


def test_reading_a_single_candle_takes_the_timeframe_from_name_or_argument(tmp_path: Path) -> None:
    assert read_candles(write(frame().iloc[:1], tmp_path / "binance__BTC-USDT__4h.csv")).timeframe == "4h"
    path = write(frame().iloc[:1], tmp_path / "prices.csv")
    message = refusal(path, CandleError)
    assert "single candle does not show its timeframe; state it" in message
    assert "timeframe='1h'" in message
    assert "--timeframe 1h" in message
    assert read_candles(path, timeframe="1d").timeframe == "1d"


def test_reading_steps_that_are_no_timeframe_is_refused(tmp_path: Path) -> None:
    table = frame()
    table["timestamp"] = 1_704_067_200_000 + np.arange(30) * 7 * 60_000
    assert "must be a known timeframe" in refusal(write(table, tmp_path / "prices.csv"), CandleError)


def test_reading_a_simulated_name_gives_simulated_candles(tmp_path: Path) -> None:
    candles = read_candles(write(frame(), tmp_path / "simulated-5__BTC-USDT__1h.csv"))
    assert candles == SOUND
    assert candles.origin == "simulated:5"


@pytest.mark.parametrize("path", [3, None, b"prices.csv", ["prices.csv"]])
def test_reading_a_path_that_is_no_text_is_refused(path: object) -> None:
    with pytest.raises(
        CandleFileError, match=f"^a path must be text or a Path, was of type {type(path).__name__}; name a file$"
    ):
        read_candles(path)  # type: ignore[arg-type]
