"""What vectorbt earns with the targets our engine decided: an independent ledger.

vectorbt only fills and counts here, the targets are given. Its conventions are mapped to ours like this:

- a target decided at a close is a signal on the next bar, filled at that bar's open (`price`), and one synthetic bar
  at the last close is appended, on which every position leaves;
- entering the opposite side reverses in one order (`upon_opposite_entry="reverse"`), and the exit signal is left out
  on that bar, or vectorbt would see a conflict and only close;
- cash is 1,024 times the initial capital, because vectorbt does not fill what it cannot pay. The surplus is taken off
  again, which costs about 1e-12 of the capital.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import vectorbt as vbt
from foreign_ledger import Ledger, LedgerTrade
from vectorbt.portfolio.enums import OrderSide, TradeDirection

SURPLUS = 1024.0


@dataclass(frozen=True)
class Order:
    """One filled order: base units, positive when bought; bar n_bars is the synthetic one."""

    bar: int
    units: float
    fee: float


def vectorbt_run(
    positions: Sequence[int],
    opens: Sequence[float],
    close: Sequence[float],
    quantity: float,
    fee_bps: float,
    slippage_bps: float,
) -> tuple[Ledger, list[Order]]:
    """Fill the decided targets."""
    held = np.concatenate(([0], positions[:-1], [0]))
    before = np.concatenate(([0], held[:-1]))
    prices = np.concatenate((opens, close[-1:]))
    marks = np.concatenate((close, close[-1:]))
    capital = quantity * marks[0]
    init_cash = SURPLUS * capital
    portfolio = vbt.Portfolio.from_signals(
        marks,
        entries=(held == 1) & (before != 1),
        exits=(held == 0) & (before == 1),
        short_entries=(held == -1) & (before != -1),
        short_exits=(held == 0) & (before == -1),
        price=prices,
        size=quantity,
        size_type="amount",
        upon_opposite_entry="reverse",
        fees=fee_bps / 10_000.0,
        slippage=slippage_bps / 10_000.0,
        init_cash=init_cash,
        freq="1h",
    )
    trades = portfolio.exit_trades.values
    columns = (
        trades["entry_idx"],
        trades["exit_idx"],
        np.where(trades["direction"] == TradeDirection.Long, 1, -1),
        trades["entry_price"],
        trades["exit_price"],
        trades["entry_fees"] + trades["exit_fees"],
        trades["pnl"],
        trades["return"],
    )
    ledger = Ledger(
        equity=portfolio.value().to_numpy() - (init_cash - capital),
        trades=[LedgerTrade(*row) for row in zip(*(column.tolist() for column in columns), strict=True)],
    )
    orders = portfolio.orders.values
    units = orders["size"] * np.where(orders["side"] == OrderSide.Buy, 1.0, -1.0)
    columns = (orders["idx"], units, orders["fees"])
    return ledger, [Order(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
