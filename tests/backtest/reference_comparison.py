"""Bring a report of the engine and one of the reference face to face."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from engine_cases import Case
from reference_engine import ReferenceReport, reference_run
from reference_metrics import sample_std

from backtest import Costs, Funding, Report, run
from market import Candles
from strategies import StrategySpec

RELATIVE = 1e-9
ABSOLUTE = 1e-12
TRADE_COLUMNS = [
    "entry_time",
    "exit_time",
    "side",
    "entry_price",
    "exit_price",
    "quantity",
    "fees",
    "pnl",
    "return",
]
PARTS = ("win_rate", "sharpe", "profit_factor", "max_drawdown", "volatility")


def engine_run(case: Case, candles: Candles, funding: tuple[np.ndarray, np.ndarray] | None = None) -> Report:
    return run(
        StrategySpec(case.strategy_type, dict(case.parameters)),
        candles,
        costs=Costs(fee_bps=case.fee_bps, slippage_bps=case.slippage_bps),
        sides=case.sides,
        funding=None if funding is None else Funding(*funding),
    )


def oracle_run(case: Case, candles: Candles, funding: tuple[np.ndarray, np.ndarray] | None = None) -> ReferenceReport:
    return reference_run(
        case.strategy_type, case.parameters, candles, case.fee_bps, case.slippage_bps, case.sides, funding
    )


def close_enough(ours: float, theirs: float, scale: float = 1.0) -> bool:
    """Tell whether two numbers agree; NaN agrees with NaN only, and an infinity with itself only."""
    if math.isnan(theirs) or math.isinf(theirs):
        return math.isnan(ours) if math.isnan(theirs) else ours == theirs
    return math.isclose(ours, theirs, rel_tol=RELATIVE, abs_tol=ABSOLUTE * scale)


def assert_same_numbers(ours: Mapping[str, float], reference: ReferenceReport, case: Case, candles: Candles) -> None:
    """Assert that metrics and score agree.

    A bar return is the small difference of large equities, good to about 1e-15. A Sharpe ratio therefore agrees to
    1e-12 and 1e-15 over the deviation of a bar, before it is annualised, and so do the higher moments and what the
    ratio adds to the score.
    """
    sharpe_scale = math.sqrt(candles.bars_per_year)
    std = sample_std(reference.returns)
    if std > 0.0:
        sharpe_scale *= 1.0 + 1e-3 / std
    for name, theirs in reference.metrics.items():
        scale = sharpe_scale if name in {"sharpe", "skewness", "kurtosis"} else 1.0
        assert close_enough(ours[name], theirs, scale), (name, ours[name], theirs, case)
    for name, theirs in reference.score.items():
        scale = {"sharpe": sharpe_scale, "total": 25.0 * sharpe_scale}.get(name, 1.0)
        mine = ours["scs" if name == "total" else f"scs_{name}"]
        assert close_enough(mine, theirs, scale), ("scs", name, mine, theirs, case)


def check_case(case: Case, candles: Candles, funding: tuple[np.ndarray, np.ndarray] | None = None) -> ReferenceReport:
    """Assert that engine and reference agree on one case, and return what the reference found."""
    reference = oracle_run(case, candles, funding)
    report = engine_run(case, candles, funding)
    assert_same_report(report, reference, case, candles)
    return reference


def assert_same_report(report: Report, reference: ReferenceReport, case: Case, candles: Candles) -> None:
    assert report.positions.dtype == np.int8, case
    positions = report.positions.tolist()
    if positions != reference.positions:
        pairs = zip(positions, reference.positions, strict=True)
        bar = next(t for t, (ours, theirs) in enumerate(pairs) if ours != theirs)
        found = f"engine {positions[bar]:+d}, reference {reference.positions[bar]:+d}"
        raise AssertionError(f"positions differ at bar {bar} of {len(positions)}: {found}; {case}")

    scale = case.parameters["quantity"] * candles.close[0]
    assert report.equity.dtype == report.index.dtype == np.float64, case
    equity = np.array(reference.equity) / scale
    np.testing.assert_allclose(report.equity / scale, equity, rtol=0, atol=RELATIVE, err_msg=str(case))
    assert report.index.shape == report.equity.shape, case
    rounding = ABSOLUTE * max(map(abs, reference.index))  # what a bar that loses everything leaves of the highest peak
    np.testing.assert_allclose(report.index, reference.index, rtol=RELATIVE, atol=rounding, err_msg=str(case))
    assert_same_trades(report.trades, reference, case)
    score = {f"scs_{name}": getattr(report.score, name) for name in PARTS}
    assert_same_numbers({**report.metrics, **score, "scs": report.score.total}, reference, case, candles)


def assert_same_trades(trades: pd.DataFrame, reference: ReferenceReport, case: Case) -> None:
    assert list(trades.columns) == TRADE_COLUMNS, case
    expected = reference.trades
    assert len(trades) == len(expected), case
    for name in ("entry_time", "exit_time"):
        assert isinstance(trades[name].dtype, pd.DatetimeTZDtype), (name, trades[name].dtype)
        milliseconds = [round(time.timestamp() * 1000) for time in trades[name]]
        assert milliseconds == [getattr(trade, name) for trade in expected], (name, case)
    assert trades["side"].tolist() == [trade.side for trade in expected], case
    notional = np.array([trade.entry_price * trade.quantity for trade in expected])
    for name in TRADE_COLUMNS[3:]:
        theirs = np.array([getattr(trade, "net_return" if name == "return" else name) for trade in expected])
        # a profit is the small difference of large numbers: it is measured against what was held
        scale = {"pnl": notional, "return": np.ones(len(expected))}.get(name, theirs)
        np.testing.assert_array_less(
            np.abs(trades[name].to_numpy(dtype=float) - theirs),
            RELATIVE * scale + ABSOLUTE,
            err_msg=str(case),
        )
