"""The engine's ledger against vectorbt's: given the decided targets, the same orders, trades, fees and equity."""

import random
from pathlib import Path

import numpy as np
import pytest
from engine_cases import REAL_FILES, TYPES, Case, real_slice, trading_case
from foreign_ledger import RELATIVE, assert_same_ledger
from price_shapes import shaped_candles
from reference_comparison import engine_run
from vectorbt_oracle import vectorbt_run

from market import Candles, read_candles


def check_ledger(case: Case, candles: Candles) -> int:
    """Assert that both count the same, and return the number of trades."""
    report = engine_run(case, candles)
    quantity = case.parameters["quantity"]
    ledger, orders = vectorbt_run(
        report.positions, candles.open, candles.close, quantity, case.fee_bps, case.slippage_bps
    )
    held = np.concatenate(([0], report.positions[:-1], [0]))
    changes = np.diff(held, prepend=0)
    assert [order.bar for order in orders] == np.flatnonzero(changes).tolist(), "vectorbt missed an order"
    np.testing.assert_allclose([order.units for order in orders], changes[changes != 0] * quantity, rtol=1e-12)
    fees = sum(order.fee for order in orders)
    np.testing.assert_allclose(report.metrics["fees"], fees, rtol=RELATIVE, err_msg=str(case))
    assert_same_ledger(report, ledger, case, candles)
    return len(ledger.trades)


@pytest.mark.parametrize("shape", ["random_walk", "trending", "coarse_ticks", "few_ticks", "wild"])
@pytest.mark.parametrize("strategy_type", TYPES)
def test_ledger_on_synthetic_prices_equals_vectorbt(strategy_type: str, shape: str) -> None:
    rng = random.Random(f"vectorbt/{strategy_type}/{shape}")
    cases = [(trading_case(strategy_type, rng), shaped_candles(shape, seed, 500)) for seed in range(6)]
    assert sum(check_ledger(case, candles) for case, candles in cases) > 0


@pytest.mark.parametrize("name", REAL_FILES)
@pytest.mark.parametrize("strategy_type", TYPES)
def test_ledger_on_real_candles_equals_vectorbt(shared_candles: Path, strategy_type: str, name: str) -> None:
    rng = random.Random(f"vectorbt/{strategy_type}/{name}")
    candles = real_slice(shared_candles, name, rng)
    assert sum(check_ledger(trading_case(strategy_type, rng), candles) for _ in range(6)) > 0


@pytest.mark.long
@pytest.mark.parametrize("strategy_type", TYPES)
def test_ledger_on_every_real_file_equals_vectorbt(shared_candles: Path, strategy_type: str) -> None:
    rng = random.Random(f"vectorbt/every/{strategy_type}")
    for path in sorted(shared_candles.glob("*.parquet")):
        candles = read_candles(path)[-5_000:]  # costs of more trades would use up the cash that vectorbt is given
        for _ in range(4):
            check_ledger(trading_case(strategy_type, rng), candles)
