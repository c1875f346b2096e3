"""One pass of one strategy over the candles, for one base unit: its sides, its ledger, its bar returns.

Everything that backtests goes through here, so that a decision and a return are the same wherever they are asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from backtest.account import COLUMNS, TRADE_COLUMNS, account
from backtest.costs import Costs
from backtest.errors import BacktestError
from backtest.overlay import target_sides
from backtest.prepared import PreparedCandles
from strategies import StrategySpec, get

__all__ = ["UnitLedger", "checked_specs", "decide", "measure", "net_returns", "unit_ledger"]

_N_TRADES = COLUMNS.index("n_trades")


@dataclass(frozen=True, eq=False, slots=True)
class UnitLedger:
    """What one unit of a strategy did and earned.

    Attributes
    ----------
    target : ndarray of int8, shape (n_bars,)
        Decided side of every bar, those before the span included.
    equity, index : ndarray of float64, shape (n_returns + 1,)
        Ledger and compounded index of the span.
    trades : ndarray of float64, shape (n_trades, len(TRADE_COLUMNS))
        Trades entered and left in the span.
    metrics : ndarray of float64, shape (len(COLUMNS),)
        Metrics of the span.
    """

    target: np.ndarray
    equity: np.ndarray
    index: np.ndarray
    trades: np.ndarray
    metrics: np.ndarray


def checked_specs(specs: Iterable[StrategySpec]) -> list[StrategySpec]:
    """Return the strategies as a list, or raise `BacktestError` where one is none."""
    expected = 'StrategySpec("momentum", {"lookback_period": 20, ...})'
    if not isinstance(specs, Iterable):
        raise BacktestError(f"strategies must be a list of {expected}, was of type {type(specs).__name__}")
    listed = list(specs)
    for spec in listed:
        if not isinstance(spec, StrategySpec):
            raise BacktestError(f"each strategy must be a {expected}, was of type {type(spec).__name__}")
    return listed


def decide(spec: StrategySpec, prepared: PreparedCandles, costs: Costs, long_only: bool, out: np.ndarray) -> None:
    """Write the target sides of a strategy, stops included.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.
    prepared : PreparedCandles
        What it trades on.
    costs : Costs
        Fee and slippage; some types ask for a profit beyond them.
    long_only : bool
        Whether short sides become flat.
    out : ndarray of int8, shape (n_bars,)
        Receives -1, 0 or +1 for every bar; 0 throughout where the candles are fewer than the lookback.
    """
    kind = get(spec.type)
    parameters = spec.parameters
    if len(prepared) <= kind.warm_up(parameters):
        out[:] = 0
        return
    prices = prepared.prices
    kind.sides(prepared.columns_of(spec.type), parameters, costs.fee + costs.slippage, out)
    target_sides(
        out, prices.open, prices.close, costs.slippage, parameters["stop_loss"], parameters["take_profit"],
        long_only, out,
    )  # fmt: skip


def measure(
    target: np.ndarray,
    prepared: PreparedCandles,
    costs: Costs,
    equity: np.ndarray | None = None,
    index: np.ndarray | None = None,
    trades: np.ndarray | None = None,
    span: tuple[int, int] | None = None,
) -> np.ndarray:
    """Fill and measure target sides.

    Parameters
    ----------
    target : ndarray of int8, shape (n_bars,)
        What `decide` wrote.
    prepared : PreparedCandles
        What is traded.
    costs : Costs
        Fee and slippage.
    equity, index : ndarray of float64, shape (n_returns + 1,), or None
        Receive the ledger of one unit and the compounded index, both or neither.
    trades : ndarray of float64 or None
        Receives the trades; as many rows as the target can make.
    span : (start, stop), optional
        Bars ``start <= t < stop``; all of them unless given.

    Returns
    -------
    ndarray of float64, shape (len(COLUMNS),)
        The metrics of one unit in the order of `COLUMNS`.
    """
    prices = prepared.prices
    out = np.empty(len(COLUMNS))
    account(
        target, prices.open, prices.close, prepared.hold_return, prepared.paid, prepared.no_volume,
        costs.fee, costs.slippage, prepared.candles.bars_per_year, *(span or (0, len(prepared))), out, equity, index,
        trades,
    )  # fmt: skip
    return out


def unit_ledger(
    spec: StrategySpec, prepared: PreparedCandles, costs: Costs, long_only: bool, start: int = 0
) -> UnitLedger:
    """Decide, fill and measure one strategy, and keep everything.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.
    prepared : PreparedCandles
        What it trades on.
    costs : Costs
        Fee and slippage.
    long_only : bool
        Whether short sides become flat.
    start : int
        First bar that is measured, below n_bars; sides and positions come from all bars.

    Returns
    -------
    UnitLedger
        From bar `start` to the closing fill.
    """
    target = np.empty(len(prepared), np.int8)
    decide(spec, prepared, costs, long_only, target)
    n_values = len(prepared) + 2 - max(start, 1)
    equity, index = np.empty(n_values), np.empty(n_values)
    record = np.empty((np.count_nonzero(np.diff(target, prepend=np.int8(0))) + 1, len(TRADE_COLUMNS)))
    metrics = measure(target, prepared, costs, equity, index, record, (start, len(prepared)))
    return UnitLedger(target, equity, index, record[: int(metrics[_N_TRADES])], metrics)


def net_returns(equity: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Return the bar returns r_t on the notional held that a ledger of one unit holds (DESIGN section 3).

    Parameters
    ----------
    equity : ndarray of float64, shape (n + 1,)
        Ledger of one unit, at every close and after the closing fill.
    close : ndarray of float64, shape (n,)
        Closes on which the returns are based: those of all bars but the synthetic one.

    Returns
    -------
    ndarray of float64, shape (n,)
        ``(E_t - E_{t-1}) / C_{t-1}``.
    """
    returns: np.ndarray = np.diff(equity) / close
    return returns
