"""File names that say whose candles they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.names import Labels, file_stem, labels_of_name
from market.timeframe import KNOWN


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("binance__BTC-USDT__1h", Labels("binance", "BTC/USDT", "1h", "real:binance")),
        ("coinbase__BTC-USD__1h_202303", Labels("coinbase", "BTC/USD", "1h", "real:coinbase")),
        ("coinbase__BTC-USD__1h__part_2", Labels("coinbase", "BTC/USD", "1h", "real:coinbase")),
        ("Binance__BTC-USDT__60m", Labels("binance", "BTC/USDT", "1h", "real:binance")),
        ("binanceusdm__BTC-USDT__1h", Labels("binanceusdm", "BTC/USDT:USDT", "1h", "real:binanceusdm")),
        ("okx__BTC-USDT-USDT__1h", Labels("okx", "BTC/USDT:USDT", "1h", "real:okx")),
        ("okx__BTC-USDT-USDT-240628__1h", Labels("okx", "BTC/USDT:USDT-240628", "1h", "real:okx")),
        ("simulated-7__BTC-USDT__5m", Labels("simulated-7", "BTC/USDT", "5m", "simulated:7")),
        ("Simulated-7__BTC-USDT__5m", Labels("simulated-7", "BTC/USDT", "5m", "simulated:7")),
        ("simulated-7-binance__BTC-USDT__5m", Labels("binance", "BTC/USDT", "5m", "simulated:7")),
        ("simulated__BTC-USDT__5m", Labels("simulated", "BTC/USDT", "5m", "simulated:unknown")),
        ("binance__BTC-USDT__7m", Labels("binance", "BTC/USDT", None, "real:binance")),
    ],
)
def test_name_in_our_form_states_its_labels(stem: str, labels: Labels) -> None:
    assert labels_of_name(stem) == labels


@pytest.mark.parametrize(
    "stem",
    ["candles", "BTC_USDT-1h", "BTC-USDT__1h", "binance__BTCUSDT__1h", "binance__BTC-USDT", "__BTC-USDT__1h", ""],
)
def test_name_in_another_form_states_nothing(stem: str) -> None:
    assert labels_of_name(stem) is None


PARTS = st.text(st.characters(exclude_categories=("Z", "C"), exclude_characters="/:"), min_size=1, max_size=12)


@given(
    parts=st.lists(PARTS, min_size=2, max_size=3),
    timeframe=st.sampled_from(sorted(KNOWN)),
    seed=st.none() | st.integers(0, 10**20).map(str) | st.text("abcXYZ019.", min_size=1, max_size=8),
    venue=st.sampled_from(["binance", "okx", "gate.io", "my-venue", "unknown"]),
    own_name=st.booleans(),
)
def test_name_of_any_labels_is_read_back_as_the_same(
    parts: list[str], timeframe: str, seed: str | None, venue: str, own_name: bool
) -> None:
    symbol = "/".join(parts[:2]) + "".join(f":{settle}" for settle in parts[2:])
    origin = f"real:{venue}" if seed is None else f"simulated:{seed}"
    if own_name and seed is not None:
        venue = f"simulated-{seed}".lower()
    stem = file_stem(venue, symbol, timeframe, origin)
    assert "/" not in stem
    assert stem.isascii()
    assert labels_of_name(stem) == Labels(venue, symbol, timeframe, origin)
