"""The synthetic market: the same from its seed for ever, plausible, and never taken for a real one."""

import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market import MarketError, PlantedEdge, synthetic_candles, synthetic_market
from market.errors import UnknownNameError
from market.randomness import Stream, autoregressive, exponential
from market.regimes import REGIME_NAMES, REGIMES
from market.timeframe import KNOWN
from market.validation import COLUMNS

REPOSITORY = Path(__file__).resolve().parents[2]
PINNED = [
    "aa7ee90636aa4bcddf4e4debc093e5f1bb5b1b00f1835e7ebbeef9606dd2ff62",
    "4e94f36737284c3e1e25035ef2baae0d7c8e1fd9414be8ee57429059b5806ff7",
    "f8d718436c3e2dec2d1eb0a477bfa8068b87bc2c234039fe69e8529d471f3a5a",
]
SAMPLES = """
from market import synthetic_candles
print(synthetic_candles(bars=2000, seed=7).data_hash)
print(synthetic_candles(bars=999, seed=8, symbol="ETH/USDT:USDT", timeframe="5m", start="2024-02-29T23:00").data_hash)
print(synthetic_candles(bars=300, seed=9, symbol="DOGE/USDT", timeframe="1d", price=0.07, venue="okx").data_hash)
"""


@pytest.mark.parametrize("without", ["", "AVX512F AVX512CD AVX512_SKX AVX512_ICL AVX512_SPR AVX2 FMA3"])
def test_synthetic_candles_of_known_seeds_never_change_on_any_processor(without: str) -> None:
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": without}
    command = [sys.executable, "-W", "ignore", "-c", SAMPLES]  # numpy warns of features that this processor lacks
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=REPOSITORY)
    assert run.stdout.split() == PINNED


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**70),
    timeframe=st.sampled_from(sorted(KNOWN)),
    bars=st.integers(1, 400),
    more=st.integers(0, 300),
    symbol=st.sampled_from(["BTC/USDT", "XRP/USDT:USDT", "A/B"]),
    regimes=st.sets(st.sampled_from(REGIME_NAMES), min_size=1),
)
def test_synthetic_candles_are_valid_and_a_prefix_of_more_bars(
    seed: int, timeframe: str, bars: int, more: int, symbol: str, regimes: set[str]
) -> None:
    market = synthetic_market(seed=seed, timeframe=timeframe, bars=bars, symbol=symbol, regimes=regimes)
    longer = synthetic_market(seed=seed, timeframe=timeframe, bars=bars + more, symbol=symbol, regimes=regimes)
    assert len(market.candles) == bars
    assert longer.candles[:bars] == market.candles
    assert np.array_equal(longer.regime[:bars], market.regime)
    assert {REGIMES[label].name for label in market.regime} <= regimes
    assert market.candles.origin == f"simulated:{seed}"
    assert market.candles.venue == f"simulated-{seed}"
    assert not market.candles.gaps


def test_synthetic_candles_differ_by_seed_symbol_and_timeframe() -> None:
    made = [
        synthetic_candles(bars=50, **changed)
        for changed in ({}, {"seed": 1}, {"symbol": "BTC/USDC"}, {"timeframe": "4h"})
    ]
    assert len({tuple(np.diff(candles.close)) for candles in made}) == 4
    assert synthetic_candles(bars=np.int64(50), seed=np.int64(1)) == made[1]


def test_synthetic_prices_depend_neither_on_start_nor_on_venue() -> None:
    plain = synthetic_candles(bars=200, timeframe="1d")
    moved = synthetic_candles(bars=200, timeframe="1d", start="2020-05-05", venue="binance")
    assert all(np.array_equal(getattr(plain, name), getattr(moved, name)) for name in COLUMNS)
    assert (moved.venue, moved.origin) == ("binance", "simulated:0")


def test_synthetic_market_looks_like_a_crypto_market() -> None:
    market = synthetic_market(bars=8760 * 4, seed=3)
    candles = market.candles
    returns = np.diff(np.log(candles.close))
    yearly = returns.std() * np.sqrt(candles.bars_per_year)
    assert 0.35 < yearly < 0.9
    kurtosis = ((returns - returns.mean()) ** 4).mean() / returns.var() ** 2
    assert kurtosis > 4
    assert np.corrcoef(np.abs(returns[1:]), np.abs(returns[:-1]))[0, 1] > 0.1  # volatility clusters
    assert abs(np.corrcoef(returns[1:], returns[:-1])[0, 1]) < 0.05  # direction does not
    shape = (candles.high - candles.low) / candles.close[0] / yearly
    assert np.corrcoef(shape, candles.volume * candles.close)[0, 1] > 0.3  # volume goes with volatility
    turnover = (candles.volume * candles.close).reshape(-1, 24).mean(axis=0)
    assert turnover[[0, 23]].mean() > 1.3 * turnover[[11, 12]].mean()  # and is U-shaped over the day
    shares = np.bincount(market.regime, minlength=3) / len(candles)
    assert shares[0] > 0.25
    assert shares[1] > 0.25
    assert 0 < shares[2] < 0.05


def test_synthetic_drift_is_what_was_asked_for_on_average() -> None:
    for asked in (-0.5, 0.1, 0.5):
        ends = [
            np.log(synthetic_candles(seed=seed, drift_per_year=asked, timeframe="4h", bars=2190).close[-1] / 40_000)
            for seed in range(60)
        ]
        assert abs(np.mean(ends) - asked) < 3.5 * np.std(ends) / np.sqrt(len(ends))


def test_synthetic_regimes_behave_as_named() -> None:
    market = synthetic_market(bars=200_000, seed=5)
    returns = np.diff(np.log(market.candles.close), prepend=np.log(market.candles.open[0]))
    by_name = {regime.name: returns[market.regime == label] for label, regime in enumerate(REGIMES)}
    assert by_name["crash"].mean() * 24 < -0.07
    assert by_name["crash"].std() > 2 * by_name["trend"].std()
    calm = by_name["mean_reversion"]
    assert np.corrcoef(calm[1:], calm[:-1])[0, 1] < -0.002
    spells = np.split(returns, np.flatnonzero(np.diff(market.regime)) + 1)
    labels = market.regime[np.concatenate(([0], np.flatnonzero(np.diff(market.regime)) + 1))]
    drifts = [abs(spell.mean()) * 24 for spell, label in zip(spells, labels, strict=True) if label == 0]
    assert np.median(drifts) > 0.002


def test_synthetic_symbols_of_one_seed_move_together() -> None:
    changes = [
        np.diff(np.log(synthetic_candles(symbol=f"{base}/USDT", bars=5000).close)) for base in ("BTC", "ETH", "SOL")
    ]
    correlations = np.corrcoef(changes)[np.triu_indices(3, 1)]
    assert (correlations > 0.5).all()
    assert (correlations < 0.95).all()


def test_synthetic_edge_comes_and_goes_and_changes_nothing_else() -> None:
    edge = PlantedEdge(mean_days_on=4.0, mean_days_off=2.0)
    plain = synthetic_market(bars=60_000, timeframe="1m", seed=3)
    planted = synthetic_market(bars=60_000, timeframe="1m", seed=3, edge=edge)
    assert not plain.has_edge.any()
    assert 0.2 < planted.has_edge.mean() < 0.95
    assert 2 <= np.count_nonzero(np.diff(planted.has_edge)) < 60
    assert np.array_equal(plain.regime, planted.regime)
    first = int(planted.has_edge.argmax())
    assert np.array_equal(plain.candles.close[:first], planted.candles.close[:first])
    none = synthetic_candles(bars=60_000, timeframe="1m", seed=3, edge=PlantedEdge(strength=0.0))
    assert none == plain.candles


def test_synthetic_edge_can_be_predicted_from_the_past_only_while_it_is_there() -> None:
    known, unknown = [], []
    for seed in range(4):
        market = synthetic_market(bars=40_000, timeframe="5m", seed=seed, edge=PlantedEdge())
        close = np.log(market.candles.close)
        past, future = close[48:-48] - close[:-96], close[96:] - close[48:-48]  # four hours before, four hours after
        with_edge = np.lib.stride_tricks.sliding_window_view(market.has_edge, 97)
        known.append(np.corrcoef(past[with_edge.all(axis=1)], future[with_edge.all(axis=1)])[0, 1])
        unknown.append(np.corrcoef(past[~with_edge.any(axis=1)], future[~with_edge.any(axis=1)])[0, 1])
    assert min(known) > 0.2
    assert np.mean(known) > 0.3
    assert abs(np.mean(unknown)) < 0.1


@given(bars=st.integers(1, 400), more=st.integers(0, 400), seed=st.integers(0, 1000))
def test_synthetic_edge_with_more_bars_begins_with_fewer(bars: int, more: int, seed: int) -> None:
    edge = PlantedEdge(mean_days_on=0.1, mean_days_off=0.05)
    made = synthetic_market(bars=bars, timeframe="1m", seed=seed, edge=edge)
    longer = synthetic_market(bars=bars + more, timeframe="1m", seed=seed, edge=edge)
    assert longer.candles[:bars] == made.candles
    assert np.array_equal(longer.has_edge[:bars], made.has_edge)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strength": -1.0}, r"strength must be in \[0, 100\) daily standard deviations, was -1.0"),
        ({"memory_hours": 0.0}, "memory_hours must be positive, was 0.0"),
        ({"mean_days_off": float("nan")}, "mean_days_off must be positive, was nan"),
    ],
)
def test_planted_edge_out_of_range_is_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(MarketError, match=message):
        PlantedEdge(**wrong)


@pytest.mark.parametrize(
    ("price", "tick"), [(40_000.0, 0.01), (0.6, 1e-6), (100.0, 0.25), (100.0, 0.05), (1e-5, 1e-10)]
)
def test_synthetic_prices_lie_on_the_tick(price: float, tick: float) -> None:
    candles = synthetic_candles(bars=500, price=price, tick=tick)
    for name in ("open", "high", "low", "close"):
        steps = getattr(candles, name) / tick
        assert np.allclose(steps, np.rint(steps), rtol=1e-12, atol=1e-6)
    decimals = synthetic_candles(bars=500, price=40_000.0)
    assert max(len(repr(close).partition(".")[2]) for close in decimals.close.tolist()) <= 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bars": 0}, "bars must be at least 1, was 0"),
        ({"seed": -1}, "seed must not be negative, was -1"),
        ({"price": 0.0}, "price must be positive"),
        ({"price": float("nan")}, "price must be positive"),
        ({"tick": 0.0}, "tick must be positive"),
        ({"price": 1.0, "tick": 0.5}, "at most a hundredth of the price"),
        ({"regimes": ["boom"]}, "regimes must be some of trend, mean_reversion, crash; were boom"),
        ({"regimes": []}, "were none"),
        ({"timeframe": "7m"}, "timeframe must be one of"),
        ({"venue": "binance", "symbol": "BTCUSDT"}, "symbol must be a pair"),
    ],
)
def test_synthetic_argument_out_of_range_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(MarketError, match=message):
        synthetic_candles(**{"bars": 10} | arguments)


def test_synthetic_regime_that_does_not_exist_is_an_unknown_name() -> None:
    with pytest.raises(UnknownNameError):
        synthetic_candles(regimes=["boom"])


# -- the random numbers underneath ------------------------------------------------------------------------------------


def philox(key: tuple[int, int], counter: int) -> list[int]:
    """Return four outputs of Philox4x64-10: Salmon et al. (2011), "Parallel Random Numbers: As Easy as 1, 2, 3"."""
    mask = 2**64 - 1
    x0, x1, x2, x3 = counter, 0, 0, 0
    k0, k1 = key
    for _ in range(10):
        first, second = x0 * 0xD2E7470EE14C6C93, x2 * 0xCA5A826395121157
        x0, x1, x2, x3 = (second >> 64) ^ x1 ^ k0, second & mask, (first >> 64) ^ x3 ^ k1, first & mask
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & mask, (k1 + 0xBB67AE8584CAA73B) & mask
    return [x0, x1, x2, x3]


def test_stream_is_philox_keyed_by_sha256_of_its_name() -> None:
    key = struct.unpack("<2Q", hashlib.sha256(b'["evoq", 1]').digest()[:16])
    words = philox(key, 1) + philox(key, 2)
    assert Stream("evoq", 1).uniforms(8).tolist() == [(word >> 11) / 2**53 for word in words]
    lanes = [[(word >> shift) & 0xFFFF for shift in (0, 16, 32, 48)] for word in words]
    normal = (sum(lanes[0] + lanes[1] + lanes[2]) + 6) / 65536 - 6
    assert Stream("evoq", 1).normals(2)[0] == normal


def test_stream_normals_have_the_moments_of_a_normal() -> None:
    normals = Stream("moments").normals(400_000)
    assert abs(normals.mean()) < 0.006
    assert abs(normals.std() - 1) < 0.005
    assert abs((normals**3).mean()) < 0.02
    assert abs((normals**4).mean() - 2.9) < 0.04  # Irwin-Hall of twelve: 3 - 1.2 / 12
    assert abs(np.corrcoef(normals[1:], normals[:-1])[0, 1]) < 0.006


def test_stream_exponentials_have_the_moments_of_an_exponential() -> None:
    values = Stream("exponential").exponentials(200_000)
    assert values.min() >= 0
    assert abs(values.mean() - 1) < 0.01
    assert abs(values.var() - 1) < 0.05


@given(memory=st.floats(0.01, 1e5), count=st.integers(1, 300))
def test_autoregressive_by_doubling_equals_the_recursion(memory: float, count: int) -> None:
    shocks = Stream("shocks").normals(count)
    keep = 1 / (1 + 1 / memory)
    expected = [shocks[0]]
    for shock in shocks[1:]:
        expected.append(keep * expected[-1] + np.sqrt(1 - keep**2) * shock)
    assert np.allclose(autoregressive(shocks, memory), expected, rtol=1e-9, atol=1e-12)


def test_exponential_by_squaring_is_close_to_the_function() -> None:
    values = np.linspace(-4, 4, 1001)
    assert np.allclose(exponential(values), np.exp(values), rtol=1e-5)
