"""What the feed follows, out of the environment, and one origin a desk."""

from pathlib import Path

import pytest

from cluster.errors import SettingError
from cluster.feed import FeedSettings
from cluster.feed.desk_origin import check_origin
from market import Candles, CandleStore, synthetic_candles


def test_settings_by_default_follow_the_simulated_market(home: Path) -> None:
    settings = FeedSettings.of({})
    assert settings == FeedSettings.of({"EVOQ_FEED": " simulated ", "EVOQ_SEED": "", "EVOQ_FEED_SPEED": "20"})
    assert (settings.origin, settings.is_simulated, settings.speed, settings.history) == (
        "simulated:7",
        True,
        20,
        20_000,
    )
    assert [str(market) for market in settings.markets] == [
        f"{base}/USDT:USDT 1m of simulated" for base in ("BTC", "ETH", "SOL")
    ]
    assert settings.paths() == settings.paths(home)
    assert settings.paths(home)[0] == home / "candles" / "simulated-7-simulated__BTC-USDT-USDT__1m.parquet"


@pytest.mark.parametrize(
    ("feed", "venue", "symbols", "timeframe", "origin"),
    [
        ("binance:BTC/USDT,ETH/USDT:60m", "binance", ("BTC/USDT", "ETH/USDT"), "1h", "real:binance"),
        ("okx:BTC/USDT:USDT, ETH/USDT:USDT:5m", "okx", ("BTC/USDT:USDT", "ETH/USDT:USDT"), "5m", "real:okx"),
        ("binanceusdm:BTC/USDT:1m", "binanceusdm", ("BTC/USDT:USDT",), "1m", "real:binanceusdm"),
        ("simulated:XRP/USDT:5m", "simulated", ("XRP/USDT",), "5m", "simulated:3"),
    ],
)
def test_settings_name_venue_symbols_and_timeframe(
    feed: str, venue: str, symbols: tuple[str, ...], timeframe: str, origin: str
) -> None:
    settings = FeedSettings.of({"EVOQ_FEED": feed, "EVOQ_SEED": "3"})
    assert (settings.venue, settings.symbols, settings.timeframe, settings.origin) == (
        venue,
        symbols,
        timeframe,
        origin,
    )


def test_settings_take_every_form_that_the_example_shows() -> None:
    lines = (Path(__file__).resolve().parents[2] / ".env.example").read_text().splitlines()
    shown = [line.partition("=")[2] for line in lines if line.startswith("#EVOQ_FEED=")]
    settings = [FeedSettings.of({"EVOQ_FEED": feed}) for feed in shown]
    assert {(one.is_simulated, ":" in feed) for one, feed in zip(settings, shown, strict=True)} == {
        (True, False), (True, True), (False, True)
    }  # fmt: skip
    assert {":" in symbol for one in settings if not one.is_simulated for symbol in one.symbols} == {True, False}


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"EVOQ_FEED": "binance"}, r"must be simulated or VENUE:SYMBOL,SYMBOL:TIMEFRAME such as .*, was 'binance'"),
        ({"EVOQ_FEED": "binance:BTC/USDT"}, r"was 'binance:BTC/USDT'"),
        ({"EVOQ_FEED": "binance:BTC/USDT:USDT"}, r"timeframe must be one of .* was 'USDT'"),
        ({"EVOQ_FEED": "binance:BTCUSDT:1m"}, r"symbol must be a pair such as BTC/USDT"),
        ({"EVOQ_FEED": "Binance:BTC/USDT:1m"}, r"venue must be lower-case"),
        ({"EVOQ_FEED": "simulated-7:BTC/USDT:1m"}, r"candles of venue simulated-7 are simulated"),
        ({"EVOQ_FEED": "okx:BTC/USDT,BTC/USDT:1m"}, r"must name each symbol once"),
        ({"EVOQ_FEED": ":BTC/USDT:1m"}, r"was ':BTC/USDT:1m'"),
        ({"EVOQ_FEED_SPEED": "0"}, r"EVOQ_FEED_SPEED must be a number from 0.01 to 10000, was '0'"),
        ({"EVOQ_FEED_SPEED": "nan"}, r"EVOQ_FEED_SPEED must be a number from"),
        ({"EVOQ_FEED_SPEED": "fast"}, r"was 'fast'"),
        ({"EVOQ_FEED_HISTORY": "2.5"}, r"EVOQ_FEED_HISTORY must be a whole number from 100 to 1e\+06, was '2.5'"),
        ({"EVOQ_SEED": "-1"}, r"EVOQ_SEED must be a whole number from 0"),
    ],
)
def test_settings_that_cannot_be_meant_are_one_clear_line(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        FeedSettings.of(environ)
    assert "\n" not in str(caught.value)


def test_desk_has_one_origin(tmp_path: Path) -> None:
    store = CandleStore(tmp_path / "candles")
    simulated, real = FeedSettings.of({}), FeedSettings.of({"EVOQ_FEED": "binance:BTC/USDT:1h"})
    for settings in (simulated, real):
        check_origin(store, settings)
    made = synthetic_candles(bars=10, seed=4)
    store.add(made)
    check_origin(store, simulated)
    message = (
        r"holds simulated-4__BTC-USDT__1h.parquet \(simulated:4\), the feed would add real:binance; "
        r"set EVOQ_FEED=simulated, or set EVOQ_HOME to another folder, or move"
    )
    with pytest.raises(SettingError, match=message):
        check_origin(store, real)
    other = CandleStore(tmp_path / "other")
    columns = {name: getattr(made, name) for name in ("timestamp", "open", "high", "low", "close", "volume")}
    other.add(Candles.from_arrays(**columns, symbol="BTC/USDT", venue="kraken"))
    check_origin(other, real)
    with pytest.raises(
        SettingError, match=r"real:kraken\), the feed would add simulated:7; set EVOQ_FEED=VENUE:SYMBOL"
    ):
        check_origin(other, simulated)
