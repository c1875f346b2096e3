"""What backtesting.py earns with the targets our engine decided: a second ledger, without slippage.

Its conventions are mapped to ours like this:

- an order given at a bar fills at the next open (`trade_on_close=False`); one synthetic bar at the last close is
  appended, on which every position leaves, so that nothing is left to `finalize_trades`;
- its spread hits entries only, so it is compared at slippage 0; `commission` is relative, paid on each side;
- it trades whole units: `FractionalBacktest` scales prices by the unit. The unit is a power of two and the quantity
  a multiple of it, so that neither the prices nor the number of units are ever rounded;
- cash is 1,024 times the initial capital, so that no order is cancelled; the surplus is taken off again.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest
from foreign_ledger import Ledger, LedgerTrade

UNIT = 2.0**-10
SURPLUS = 1024.0


def backtesting_run(
    positions: Sequence[int], opens: Sequence[float], close: Sequence[float], quantity: float, fee_bps: float
) -> Ledger:
    """Fill the decided targets; bar n_bars is the synthetic one, as in the equity curve."""
    units = round(quantity / UNIT)
    if units * UNIT != quantity:
        raise ValueError(f"quantity must be a multiple of {UNIT}, was {quantity}")
    targets = [*positions[:-1], 0]
    if targets[0] != 0:
        raise ValueError("backtesting.py cannot order on the first bar")

    class FollowTargets(Strategy):
        def init(self) -> None:
            self.held = 0

        def next(self) -> None:
            bar = len(self.data) - 1
            if bar < len(targets) and targets[bar] != self.held:
                change = (targets[bar] - self.held) * units
                self.buy(size=change) if change > 0 else self.sell(size=-change)
                self.held = targets[bar]

    marks = np.concatenate((close, close[-1:]))
    fills = np.concatenate((opens, close[-1:]))
    frame = pd.DataFrame(
        {
            "Open": fills,
            "High": np.maximum(fills, marks),
            "Low": np.minimum(fills, marks),
            "Close": marks,
            "Volume": np.zeros(len(marks)),
        },
        index=pd.date_range("2020-01-01", periods=len(marks), freq="h"),
    )
    capital = quantity * marks[0]
    cash = SURPLUS * capital
    backtest = FractionalBacktest(
        frame,
        FollowTargets,
        cash=cash,
        commission=fee_bps / 10_000.0,
        trade_on_close=False,
        finalize_trades=False,
        fractional_unit=UNIT,
    )
    result = backtest.run()
    return Ledger(
        equity=result["_equity_curve"]["Equity"].to_numpy() - (cash - capital),
        trades=[
            LedgerTrade(
                row.EntryBar,
                row.ExitBar,
                round(row.Size / quantity),
                row.EntryPrice,
                row.ExitPrice,
                row.Commission,
                row.PnL,
                row.ReturnPct,
            )
            for row in result["_trades"].itertuples()
        ],
    )
