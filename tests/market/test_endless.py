"""The endless market: the same candle k for ever, at the cost of a block, and a price that moves inside its bar."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import EndlessMarket, MarketError, PlantedEdge
from market.endless import BLOCK_BARS
from market.intrabar import price_inside, quote_around
from market.timeframe import KNOWN

PINNED = {
    ("BTC/USDT:USDT", "1m", 7, 0): "d843ad214696f83cf33596038b47540cd3e484e64fc2ed0c14bd48fd59d3151a",
    ("ETH/USDT:USDT", "1m", 7, BLOCK_BARS - 50): "1221a153d68aea17727e9745b1e08eff78361f00236d284876909a4e8ad3fd5c",
}


@pytest.fixture(scope="module")
def whole() -> EndlessMarket:
    market = EndlessMarket("BTC/USDT:USDT", "1m", 7)
    market.candles(0, 3 * BLOCK_BARS)
    return market


@settings(max_examples=25, deadline=None)
@given(first=st.integers(0, 3 * BLOCK_BARS - 1), length=st.integers(1, BLOCK_BARS + 100))
def test_endless_candles_do_not_depend_on_what_was_asked_before(whole: EndlessMarket, first: int, length: int) -> None:
    stop = min(first + length, 3 * BLOCK_BARS)
    fresh = EndlessMarket("BTC/USDT:USDT", "1m", 7)
    assert fresh.candles(first, stop) == whole.candles(first, stop)


@pytest.mark.parametrize(("symbol", "timeframe", "seed", "first"), PINNED)
def test_endless_candles_are_those_they_always_were(symbol: str, timeframe: str, seed: int, first: int) -> None:
    made = EndlessMarket(symbol, timeframe, seed).candles(first, first + 100)
    assert made.data_hash == PINNED[symbol, timeframe, seed, first]


def test_endless_market_goes_on_where_a_block_ends(whole: EndlessMarket) -> None:
    candles = whole.candles(0, 3 * BLOCK_BARS)
    assert not candles.gaps
    assert (candles.venue, candles.origin, candles.market_type) == ("simulated", "simulated:7", "swap")
    assert str(candles.timestamp.astype("datetime64[ms]")[0]) == "2000-01-01T00:00:00.000"
    hops = np.abs(candles.open[1:] / candles.close[:-1] - 1.0)
    assert hops[[BLOCK_BARS - 1, 2 * BLOCK_BARS - 1]].max() < 1e-6
    edges = [whole.has_edge(number) for number in range(0, 3 * BLOCK_BARS, 500)]
    assert 0.2 < np.mean(edges) < 0.98


def test_endless_market_recalls_where_blocks_began(whole: EndlessMarket, monkeypatch: pytest.MonkeyPatch) -> None:
    late = whole.candles(2 * BLOCK_BARS - 10, 2 * BLOCK_BARS + 10)
    fresh = EndlessMarket("BTC/USDT:USDT", "1m", 7)
    fresh.recall(late)
    made = fresh._made
    monkeypatch.setattr(fresh, "_made", lambda block: made(block) if block == 2 else pytest.fail("block made again"))
    assert fresh.candles(2 * BLOCK_BARS, 2 * BLOCK_BARS + 10) == late[10:]


def test_endless_markets_differ_by_seed_symbol_timeframe_and_edge() -> None:
    made = [
        EndlessMarket(*names, edge=edge).candles(0, 300)
        for *names, edge in (
            ("BTC/USDT", "1m", 7, None),
            ("ETH/USDT", "1m", 7, None),
            ("BTC/USDT", "1m", 8, None),
            ("BTC/USDT", "5m", 7, None),
            ("BTC/USDT", "1m", 7, PlantedEdge(mean_days_on=1e5, mean_days_off=1e-5)),
        )
    ]
    assert len({candles.close[100:].tobytes() for candles in made}) >= 4
    shared = np.corrcoef(np.diff(np.log(made[0].close)), np.diff(np.log(made[1].close)))[0, 1]
    assert shared > 0.5


@pytest.mark.parametrize("timeframe", sorted(KNOWN))
def test_endless_market_begins_on_the_grid_and_counts_closed_candles(timeframe: str) -> None:
    market = EndlessMarket("BTC/USDT", timeframe, 1)
    assert int(market.candles(0, 1).timestamp[0]) == market.start_ms
    assert [market.closed_at(market.start_ms + each) for each in (-5, 0, market.length_ms - 1, market.length_ms)] == [
        0, 0, 0, 1,
    ]  # fmt: skip


def test_endless_market_refuses_what_it_cannot_have() -> None:
    with pytest.raises(MarketError, match="seed must not be negative, was -1"):
        EndlessMarket("BTC/USDT", "1m", -1)
    with pytest.raises(MarketError, match="from 0 on, at least one, was 5 to 5"):
        EndlessMarket("BTC/USDT", "1m", 1).candles(5, 5)


@given(
    prices=st.lists(st.floats(0.01, 1e6), min_size=4, max_size=4),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_price_inside_a_bar_stays_in_it_and_reaches_both_ends(prices: list[float], shares: list[float]) -> None:
    low, *middle, high = sorted(prices)
    bar = (prices[0] if prices[0] in middle else middle[0], high, low, middle[1])
    assert all(low * (1 - 1e-12) <= price_inside(bar, share) <= high * (1 + 1e-12) for share in shares)
    assert price_inside(bar, 0.0) == pytest.approx(bar[0])
    assert price_inside(bar, 1.0) == bar[3]
    reached = [price_inside(bar, step / 2000) for step in range(2001)]
    assert max(reached) == pytest.approx(high, rel=0.01 * max(1.0, high / low))
    bid, ask = quote_around(bar[3])
    assert bid < bar[3] < ask
