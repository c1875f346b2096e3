"""The real candles that we are developed on: every file reads, and as its README describes it."""

import re
from pathlib import Path

import numpy as np

from market import read_candles
from market.instants import iso


def test_shared_candles_all_read_as_described(shared_candles: Path) -> None:
    text = (shared_candles.parent / "README.md").read_text()
    described = re.findall(r"\| (\S+\.parquet) \| (\d+) \| (\S+ \S+) \| (\S+ \S+) \| (\d+) \| (\d+) \|", text)
    assert sorted(name for name, *_ in described) == sorted(path.name for path in shared_candles.glob("*.parquet"))
    for name, bars, first, last, missing, silent in described:
        candles = read_candles(shared_candles / name)
        venue, pair, timeframe = re.match(r"(.+)__(.+)__([0-9]+[mhd])", name).groups()
        assert len(candles) == int(bars), name
        assert iso(int(candles.timestamp[0])) == f"{first.replace(' ', 'T')}:00Z", name
        assert iso(int(candles.timestamp[-1])) == f"{last.replace(' ', 'T')}:00Z", name
        assert sum(gap.bars for gap in candles.gaps) == int(missing), name
        assert np.count_nonzero(candles.volume == 0) == int(silent), name
        assert (candles.venue, candles.timeframe, candles.origin) == (venue, timeframe, f"real:{venue}")
        swap = venue == "binanceusdm"
        assert candles.symbol == pair.replace("-", "/") + (":USDT" if swap else "")
        assert candles.market_type == ("swap" if swap else "spot")


def test_shared_candles_with_a_long_outage_report_it_as_one_gap(shared_candles: Path) -> None:
    (gap,) = read_candles(shared_candles / "bitstamp__BTC-USD__1d.parquet").gaps
    assert gap.bars == 12
    assert gap.end - gap.start == 12 * 86_400_000
