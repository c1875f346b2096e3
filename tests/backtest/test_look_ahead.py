"""No strategy type sees the future: what a bar decided never changes, whatever comes after it.

Types are discovered, so a new one is proven here without a new test.
"""

import math
import random

import numpy as np
import pytest
from price_shapes import shaped_candles

import strategies
from backtest import Costs, Report, run
from market import Candles
from strategies import Parameter, StrategySpec

SHAPES = ("random_walk", "trending", "coarse_ticks", "steps", "wild")
N_BARS = 240
COSTS = Costs(fee_bps=1.0, slippage_bps=1.0)


def random_value(parameter: Parameter, rng: random.Random) -> float:
    """Draw a valid value: mostly from the lower half of the searched range, where short candles trade."""
    if parameter.off and rng.random() < 0.5:
        return 0.0
    low, high = parameter.search_low, parameter.search_high
    value = math.exp(rng.uniform(math.log(low), math.log(high))) if parameter.log else rng.uniform(low, high)
    if rng.random() < 0.7:
        value = low + (value - low) * rng.random() ** 3
    return int(min(value, N_BARS / 4)) if parameter.integer else value


def random_spec(name: str, rng: random.Random) -> StrategySpec:
    return StrategySpec(name, {p.name: random_value(p, rng) for p in strategies.get(name).parameters})


def backtest_with_stops(name: str, candles: Candles, rng: random.Random) -> tuple[StrategySpec, Report]:
    """Return a random strategy that trades on these candles, as far as twenty draws find one."""
    for _ in range(20):
        spec = random_spec(name, rng)
        report = run(spec, candles, costs=COSTS, sides="both")
        if np.any(report.positions):
            break
    return spec, report


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", strategies.available())
def test_positions_on_truncated_candles_are_the_prefix_of_the_whole(name: str, shape: str) -> None:
    rng = random.Random(f"prefix/{name}/{shape}")
    candles = shaped_candles(shape, 3, N_BARS)
    for _ in range(3):
        spec, whole = backtest_with_stops(name, candles, rng)
        changed = np.flatnonzero(np.diff(whole.positions)) + 1  # bars on which the decision changes: the critical cuts
        for k in sorted({*changed[:20].tolist(), *(changed[:20] + 1).tolist(), *range(1, N_BARS, 13)}):
            part = run(spec, candles[:k], costs=COSTS, sides="both")
            np.testing.assert_array_equal(part.positions, whole.positions[:k], err_msg=f"{spec}, first {k} bars")
            # equity too, up to the last close before the synthetic bar
            np.testing.assert_array_equal(part.equity[:k], whole.equity[:k], err_msg=f"{spec}, first {k} bars")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", strategies.available())
def test_positions_before_an_altered_future_do_not_change(name: str, shape: str) -> None:
    rng = random.Random(f"future/{name}/{shape}")
    candles = shaped_candles(shape, 4, N_BARS)
    for _ in range(4):
        spec, whole = backtest_with_stops(name, candles, rng)
        for k in rng.sample(range(1, N_BARS), 10):
            other = with_future(candles, k, rng)
            altered = run(spec, other, costs=COSTS, sides="both")
            np.testing.assert_array_equal(altered.positions[:k], whole.positions[:k], err_msg=f"{spec}, from bar {k}")
            np.testing.assert_array_equal(altered.equity[:k], whole.equity[:k], err_msg=f"{spec}, from bar {k}")


@pytest.mark.parametrize("name", strategies.available())
def test_random_strategies_of_these_tests_trade(name: str) -> None:
    rng = random.Random(f"trade/{name}")
    reports = [backtest_with_stops(name, shaped_candles(shape, 3, N_BARS), rng)[1] for shape in SHAPES]
    assert sum(bool(np.any(report.positions)) for report in reports) >= 3, "a type that never trades proves nothing"


def with_future(candles: Candles, k: int, rng: random.Random) -> Candles:
    """Return the candles with every bar from k on replaced by prices that jump up or down and have no volume."""
    factor = rng.choice((0.3, 0.9, 1.1, 3.0))
    columns = {}
    for name in ("open", "high", "low", "close"):
        columns[name] = np.concatenate((getattr(candles, name)[:k], getattr(candles, name)[k:][::-1] * factor))
    return Candles(
        timestamp=candles.timestamp,
        **columns,
        volume=np.concatenate((candles.volume[:k], np.zeros(len(candles) - k))),
        symbol=candles.symbol,
        timeframe=candles.timeframe,
        venue=candles.venue,
        market_type=candles.market_type,
        origin=candles.origin,
    )
