"""The engine against the reference engine: the same targets, trades, equity, metrics and scores, case by case."""

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine_cases import (
    REAL_FILES,
    TYPES,
    Case,
    random_case,
    real_slice,
    sensible_parameters,
    trading_case,
    tying_case,
    tying_stop_case,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from price_shapes import HOUR_MS, SHAPES, candles_of, shaped_candles
from reference_comparison import assert_same_numbers, check_case, oracle_run

from backtest import Costs, run_many
from market import read_candles
from strategies import StrategySpec


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("strategy_type", TYPES)
def test_report_on_synthetic_prices_equals_the_reference(strategy_type: str, shape: str) -> None:
    rng = random.Random(f"{strategy_type}/{shape}")
    for seed in range(3):
        candles = shaped_candles(shape, seed, rng.randrange(30, 600), gaps=seed == 2)
        for _ in range(5):
            check_case(random_case(strategy_type, rng), candles)


@pytest.mark.parametrize("name", REAL_FILES)
@pytest.mark.parametrize("strategy_type", TYPES)
def test_report_on_real_candles_equals_the_reference(shared_candles: Path, strategy_type: str, name: str) -> None:
    rng = random.Random(f"{strategy_type}/{name}")
    n_trades = 0
    for _ in range(3):
        candles = real_slice(shared_candles, name, rng)
        for _ in range(3):
            n_trades += len(check_case(random_case(strategy_type, rng), candles).trades)
    assert n_trades > 0, "the cases of this type never trade on these candles: they prove nothing"


@pytest.mark.parametrize("shape", sorted(SHAPES.keys() - {"constant"}))
@pytest.mark.parametrize("strategy_type", TYPES)
def test_threshold_that_a_bar_attains_exactly_decides_as_written(strategy_type: str, shape: str) -> None:
    rng = random.Random(f"ties/{strategy_type}/{shape}")
    for seed in range(2):
        candles = shaped_candles(shape, seed, 250)
        for _ in range(12):
            case = tying_case(strategy_type, candles, rng)
            if case is not None:
                check_case(case, candles)


@pytest.mark.parametrize("shape", ["random_walk", "coarse_ticks", "few_ticks", "steps", "wild"])
@pytest.mark.parametrize("strategy_type", TYPES)
def test_stop_that_a_close_attains_exactly_fires(strategy_type: str, shape: str) -> None:
    rng = random.Random(f"stops/{strategy_type}/{shape}")
    candles = shaped_candles(shape, 0, 300)
    for _ in range(6):
        case = tying_stop_case(strategy_type, candles, rng)
        if case is not None:
            check_case(case, candles)


@pytest.mark.parametrize("lookback", [2, 3, 4, 5, 10, 17, 26])
def test_mean_reversion_with_one_price_off_a_constant_window_ties_at_the_root(lookback: int) -> None:
    # one differing price among L gives z = sqrt(L - 1) in exact arithmetic: k there is decided by rounding alone
    exact = math.sqrt(lookback - 1)
    rng = random.Random(lookback)
    for base in (0.0001, 0.7, 0.9999, 1.0, 3.3, 100.0, 23_143.82):
        for tick in (0.0001, 0.01, 0.1, 1.0):
            closes = [base] * 20 + [base + tick] + [base] * 30 + [base + 2 * tick, base + tick] + [base] * 30
            candles = candles_of(closes, rng)
            for k in (exact, math.nextafter(exact, 0.0), math.nextafter(exact, 9.0)):
                parameters = {"lookback_period": lookback, "std_multiplier": k, "quantity": 1.0}
                check_case(Case("mean_reversion", parameters, sides="both"), candles)


def test_high_frequency_on_prices_that_come_to_rest_equals_the_reference() -> None:
    # the exponential mean creeps up to the resting price until it equals it, or stops some units in the last place
    # away: whether a position leaves is decided by the last bit, for hundreds of bars
    for base in (0.7, 0.9999, 1.0, 1.0001, 2.5, 100.0, 30_000.0):
        for jump in (0.99, 1.0001, 1.003):
            rng = random.Random(f"{base}/{jump}")
            closes = [base * (jump if t % 5 == 0 else 1.0) for t in range(30)] + [base] * 700
            parameters = {"min_profit": 0.0, "volatility_threshold": 10.0, "quantity": 1.0}
            check_case(Case("high_frequency", parameters, 0.0, 0.0, "both"), candles_of(closes, rng))


@pytest.mark.parametrize("strategy_type", TYPES)
def test_report_on_few_bars_equals_the_reference(strategy_type: str) -> None:
    rng = random.Random(f"few/{strategy_type}")
    for n_bars in (1, 2, 3, 4, 20, 21, 22, 23):
        candles = shaped_candles("few_ticks", n_bars, n_bars)
        for lookback in (2, n_bars - 1, n_bars, n_bars + 1):
            parameters = {**sensible_parameters(strategy_type, rng), "quantity": 3.7}
            if "lookback_period" in parameters:
                parameters["lookback_period"] = max(2, lookback)
            check_case(Case(strategy_type, parameters, sides="both"), candles)


@pytest.mark.parametrize("strategy_type", sorted(set(TYPES) - {"high_frequency"}))
def test_lookback_longer_than_the_candles_never_trades_and_scores_zero(strategy_type: str) -> None:
    parameters = {**sensible_parameters(strategy_type, random.Random(1)), "lookback_period": 5000}
    reference = check_case(Case(strategy_type, {**parameters, "quantity": 1.0}), shaped_candles("wild", 1, 200))
    assert reference.trades == []
    assert reference.score["total"] == 0.0


@pytest.mark.parametrize("strategy_type", TYPES)
def test_funding_equals_the_reference(strategy_type: str) -> None:
    rng = random.Random(f"funding/{strategy_type}")
    for shape in ("random_walk", "trending", "few_ticks"):
        candles = shaped_candles(shape, 5, 400, gaps=shape == "trending")
        first, last = int(candles.timestamp[0]), int(candles.timestamp[-1])
        on_the_bar = range(first - 8 * HOUR_MS, last + 16 * HOUR_MS, 8 * HOUR_MS)
        between = sorted(rng.sample(range(first - HOUR_MS, last + 2 * HOUR_MS), 40))
        for times in (on_the_bar, between, [first, last, last + HOUR_MS, last + HOUR_MS + 1], []):
            rates = [rng.choice((-1, 1)) * rng.uniform(0.0, 0.003) for _ in times]
            funding = (np.array(times, dtype=np.int64), np.array(rates, dtype=np.float64))
            for _ in range(3):
                check_case(random_case(strategy_type, rng), candles, funding)


@pytest.mark.parametrize("shape", ["trending", "coarse_ticks"])
def test_run_many_rows_equal_the_reference(shape: str) -> None:
    rng = random.Random(f"many/{shape}")
    candles = shaped_candles(shape, 9, 500)
    for fee_bps, slippage_bps, sides in ((10.0, 5.0, "both"), (0.0, 0.0, "long"), (100.0, 5.0, None)):
        cases = [
            Case(case.strategy_type, case.parameters, fee_bps, slippage_bps, sides)
            for case in (random_case(rng.choice(TYPES), rng) for _ in range(40))
        ]
        specs = [StrategySpec(case.strategy_type, dict(case.parameters)) for case in cases]
        table = run_many(specs, candles, costs=Costs(fee_bps, slippage_bps), sides=sides)
        assert len(table) == len(cases)
        for case, (_, row) in zip(cases, table.iterrows(), strict=True):
            assert_same_numbers(row, oracle_run(case, candles), case, candles)


@st.composite
def tick_closes(draw: st.DrawFn) -> list[float]:
    """Draw closes that repeat and tie: few integers, as they are or in ticks of 0.0001."""
    divisor = draw(st.sampled_from([1, 10_000]))
    base = draw(st.sampled_from([3, 100, 9_998]))
    levels = st.integers(min_value=0, max_value=draw(st.integers(min_value=1, max_value=6)))
    return [(base + level) / divisor for level in draw(st.lists(levels, min_size=21, max_size=60))]


@st.composite
def tick_cases(draw: st.DrawFn, strategy_type: str) -> Case:
    """Draw round thresholds, which differences of ticks attain exactly."""
    lookback = draw(st.integers(min_value=2, max_value=12))
    roots = [1.0, 2.0, math.sqrt(2), math.sqrt(3), 0.5, 1.5, math.sqrt(0.5)]
    ratios = [1.0 / 3, 0.25, 0.5, 0.01, 1 / 9_998, 2 / 9_998, 1e-4]
    parameters: dict[str, float] = {"quantity": 1.0}
    match strategy_type:
        case "momentum":
            parameters |= {"lookback_period": lookback, "threshold": draw(st.sampled_from(ratios))}
        case "mean_reversion":
            parameters |= {"lookback_period": lookback, "std_multiplier": draw(st.sampled_from(roots))}
        case "breakout":
            margin = draw(st.sampled_from([0.0, *ratios]))
            parameters |= {"lookback_period": lookback, "breakout_threshold": margin}
        case "trend_following":
            parameters |= {"lookback_period": lookback, "trend_threshold": draw(st.sampled_from(roots + ratios))}
        case _:
            limit = draw(st.sampled_from([1.0, 0.1, 1e-3]))
            parameters |= {"min_profit": draw(st.sampled_from([0.0, 1e-4])), "volatility_threshold": limit}
    if draw(st.booleans()):
        parameters["stop_loss"] = draw(st.sampled_from([1e-4, *ratios]))
    if draw(st.booleans()):
        parameters["take_profit"] = draw(st.sampled_from([1e-4, *ratios]))
    fee_bps, slippage_bps = draw(st.sampled_from([(0.0, 0.0), (10.0, 0.0), (10.0, 5.0)]))
    return Case(strategy_type, parameters, fee_bps, slippage_bps, draw(st.sampled_from(["both", "long"])))


@pytest.mark.parametrize("strategy_type", TYPES)
def test_report_on_fuzzed_ticks_equals_the_reference(strategy_type: str) -> None:
    @settings(derandomize=True, deadline=None, max_examples=60, database=None)
    @given(closes=tick_closes(), case=tick_cases(strategy_type), seed=st.integers(0, 9))
    def compare(closes: list[float], case: Case, seed: int) -> None:
        check_case(case, candles_of(closes, random.Random(seed)))

    compare()


@pytest.mark.long
@pytest.mark.parametrize("strategy_type", TYPES)
def test_report_on_every_real_file_equals_the_reference(shared_candles: Path, strategy_type: str) -> None:
    rng = random.Random(f"every/{strategy_type}")
    for path in sorted(shared_candles.glob("*.parquet")):
        for _ in range(3):
            candles = real_slice(shared_candles, path.stem, rng)
            for _ in range(3):
                check_case(random_case(strategy_type, rng), candles)
                case = tying_case(strategy_type, candles, rng)
                if case is not None:
                    check_case(case, candles)
                case = tying_stop_case(strategy_type, candles, rng)
                if case is not None:
                    check_case(case, candles)


@pytest.mark.long
@pytest.mark.parametrize("name", REAL_FILES)
@pytest.mark.parametrize("strategy_type", sorted(set(TYPES) - {"high_frequency"}))
def test_long_lookbacks_on_real_candles_equal_the_reference(
    shared_candles: Path, strategy_type: str, name: str
) -> None:
    rng = random.Random(f"deep/{strategy_type}/{name}")
    whole = read_candles(shared_candles / f"{name}.parquet")
    for _ in range(3):
        lookback = rng.randrange(500, min(5_001, len(whole) - 100))
        start = rng.randrange(len(whole) - lookback - 90)
        candles = whole[start : start + lookback + 90]
        case = trading_case(strategy_type, rng)
        check_case(replace(case, parameters={**case.parameters, "lookback_period": lookback}), candles)
        for _ in range(3):
            tying = tying_case(strategy_type, candles, rng, lookback)
            if tying is not None:
                check_case(tying, candles)


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("strategy_type", TYPES)
def test_report_on_many_synthetic_prices_equals_the_reference(strategy_type: str, shape: str) -> None:
    rng = random.Random(f"long/{strategy_type}/{shape}")
    for seed in range(100, 120):
        candles = shaped_candles(shape, seed, rng.randrange(2, 500), gaps=seed % 2 == 0)
        for _ in range(6):
            check_case(random_case(strategy_type, rng), candles)
            case = tying_case(strategy_type, candles, rng)
            if case is not None:
                check_case(case, candles)
