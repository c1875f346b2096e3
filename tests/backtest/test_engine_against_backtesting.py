"""The engine's ledger against backtesting.py's, without slippage: the same trades, fees and equity."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from backtesting_oracle import backtesting_run
from engine_cases import REAL_FILES, TYPES, Case, real_slice, trading_case
from foreign_ledger import assert_same_ledger
from price_shapes import shaped_candles
from reference_comparison import engine_run

from market import Candles, read_candles

# pandas 3 deprecates an attribute that the statistics of backtesting.py still read; no number depends on it
pytestmark = pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofweek is deprecated")

QUANTITIES = (2.0**-10, 1.0, 3.75)  # multiples of the oracle's unit: nothing is rounded


def check_ledger(strategy_type: str, candles: Candles, rng: random.Random) -> int:
    """Assert that both count one random case the same, and return the number of trades."""
    case: Case = trading_case(strategy_type, rng)
    parameters = {**case.parameters, "quantity": rng.choice(QUANTITIES)}
    case = replace(case, parameters=parameters, slippage_bps=0.0)
    report = engine_run(case, candles)
    ledger = backtesting_run(
        report.positions.tolist(), candles.open, candles.close, parameters["quantity"], case.fee_bps
    )
    assert_same_ledger(report, ledger, case, candles)
    return len(ledger.trades)


@pytest.mark.parametrize("shape", ["random_walk", "trending", "coarse_ticks", "few_ticks", "wild"])
@pytest.mark.parametrize("strategy_type", TYPES)
def test_ledger_on_synthetic_prices_equals_backtesting(strategy_type: str, shape: str) -> None:
    rng = random.Random(f"backtesting/{strategy_type}/{shape}")
    assert sum(check_ledger(strategy_type, shaped_candles(shape, seed, 400), rng) for seed in range(6)) > 0


@pytest.mark.parametrize("name", REAL_FILES)
@pytest.mark.parametrize("strategy_type", TYPES)
def test_ledger_on_real_candles_equals_backtesting(shared_candles: Path, strategy_type: str, name: str) -> None:
    rng = random.Random(f"backtesting/{strategy_type}/{name}")
    candles = real_slice(shared_candles, name, rng)
    assert sum(check_ledger(strategy_type, candles, rng) for _ in range(5)) > 0


@pytest.mark.long
@pytest.mark.parametrize("strategy_type", TYPES)
def test_ledger_on_every_real_file_equals_backtesting(shared_candles: Path, strategy_type: str) -> None:
    rng = random.Random(f"backtesting/every/{strategy_type}")
    for path in sorted(shared_candles.glob("*.parquet")):
        candles = read_candles(path)[:2_000]
        for _ in range(2):
            check_ledger(strategy_type, candles, rng)
