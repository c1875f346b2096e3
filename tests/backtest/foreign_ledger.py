"""What a foreign ledger says, and how it has to agree with ours, given the targets that our engine decided."""

from dataclasses import dataclass

import numpy as np
from engine_cases import Case

from backtest import Report
from market import Candles

RELATIVE = 1e-9


@dataclass(frozen=True)
class LedgerTrade:
    """One closed trade; bar n_bars is the synthetic one."""

    entry_bar: int
    exit_bar: int
    side: int
    entry_price: float
    exit_price: float
    fees: float
    pnl: float
    net_return: float


@dataclass(frozen=True)
class Ledger:
    """Closed trades, and equity at every close from our initial capital on, shape (n_bars + 1,)."""

    equity: np.ndarray
    trades: list[LedgerTrade]


def assert_same_ledger(report: Report, theirs: Ledger, case: Case, candles: Candles) -> None:
    """Assert equal trades, and equity and profits that agree relative to the initial capital."""
    scale = case.parameters["quantity"] * candles.close[0]
    np.testing.assert_allclose(report.equity / scale, theirs.equity / scale, rtol=0, atol=RELATIVE, err_msg=str(case))

    ours = report.trades
    times = np.append(candles.timestamp, candles.close_time)
    assert ours["side"].tolist() == [trade.side for trade in theirs.trades], case
    for name, bars in (
        ("entry_time", [trade.entry_bar for trade in theirs.trades]),
        ("exit_time", [trade.exit_bar for trade in theirs.trades]),
    ):
        assert [round(time.timestamp() * 1000) for time in ours[name]] == times[bars].tolist(), (name, case)
    for name, numbers, tolerance in (
        ("entry_price", [trade.entry_price for trade in theirs.trades], 0.0),
        ("exit_price", [trade.exit_price for trade in theirs.trades], 0.0),
        ("fees", [trade.fees for trade in theirs.trades], 0.0),
        ("pnl", [trade.pnl for trade in theirs.trades], scale),
        ("return", [trade.net_return for trade in theirs.trades], 1.0),
    ):
        np.testing.assert_allclose(
            ours[name], numbers, rtol=RELATIVE, atol=RELATIVE * tolerance, err_msg=f"{name} {case}"
        )
