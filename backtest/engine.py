"""`run` for one strategy in full; `run_many`, `run_spans` and `score_many` for thousands."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from backtest.account import COLUMNS, TRADE_COLUMNS
from backtest.costs import Costs, checked_costs
from backtest.errors import BacktestError
from backtest.funding import Funding
from backtest.prepared import PreparedCandles, prepare, sides_allowed
from backtest.report import Report
from backtest.score import PARTS, Score
from backtest.unit_pass import checked_specs, decide, measure, unit_ledger
from market import Candles
from strategies import StrategySpec

__all__ = ["run", "run_many", "run_spans", "score_many"]

_SCORES = 1 + len(PARTS)
_METRICS = COLUMNS[_SCORES:]
_PER_UNIT = tuple(COLUMNS.index(name) for name in ("fees", "min_equity"))


def run(
    spec: StrategySpec,
    candles: Candles | PreparedCandles,
    costs: Costs | None = None,
    sides: str | None = None,
    funding: Funding | tuple[np.ndarray, np.ndarray] | None = None,
) -> Report:
    """Backtest one strategy and keep everything: equity, positions, trades.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.
    candles : Candles or PreparedCandles
        What it trades on.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.
    funding : Funding or (timestamp, rate), optional
        Funding rates of a swap.

    Returns
    -------
    Report
        Fewer candles than the lookback give no trades and score 0. A quantity whose equity, fees or pnl no float can
        hold is a `BacktestError`.

    Examples
    --------
    >>> from backtest import run
    >>> from market import synthetic_candles
    >>> from strategies import StrategySpec
    >>> report = run(StrategySpec("breakout", {"lookback_period": 48, "breakout_threshold": 0.0}),
    ...              synthetic_candles(bars=2_000, seed=7))
    >>> report.equity.shape, 0.0 <= report.score.total <= 100.0
    ((2001,), True)
    """
    checked_specs([spec])
    prepared = prepare(candles, funding=funding)
    costs = checked_costs(costs)
    sides = sides_allowed(prepared.candles, sides)
    ledger = unit_ledger(spec, prepared, costs, sides == "long")
    row = ledger.metrics
    quantity = spec.parameters["quantity"]
    for column in _PER_UNIT:
        row[column] = _in_quote(COLUMNS[column], row[column], quantity)
    values = row.tolist()
    metrics = dict(zip(_METRICS, values[_SCORES:], strict=True))
    metrics["n_trades"] = int(metrics["n_trades"])
    for array in (ledger.target, ledger.index):
        array.setflags(write=False)
    return Report(
        spec=spec,
        candles=prepared.candles,
        costs=costs,
        sides=sides,
        equity=_in_quote("equity", ledger.equity, quantity),
        index=ledger.index,
        positions=ledger.target,
        trades=_trades(ledger.trades, prepared.candles, quantity),
        metrics=metrics,
        score=Score(*values[:_SCORES]),
    )


def run_many(
    specs: Iterable[StrategySpec],
    candles: Candles | PreparedCandles,
    costs: Costs | None = None,
    sides: str | None = None,
) -> pd.DataFrame:
    """Backtest many strategies on one candle set and return their metrics.

    Parameters
    ----------
    specs : iterable of StrategySpec
        The strategies, of any mixture of types.
    candles : Candles or PreparedCandles
        What they trade on; prepare it once when calling several times.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.

    Returns
    -------
    DataFrame
        One row a strategy in the given order: ``scs``, its parts (``scs_win_rate``, ...) and the metrics; the same
        numbers as from `run`, bit for bit. Amounts that no float can hold are a `BacktestError`.
    """
    specs = checked_specs(specs)
    return _frame(_rows(specs, prepare(candles), costs, sides)[:, 0], specs)


def run_spans(
    specs: Iterable[StrategySpec],
    candles: Candles | PreparedCandles,
    spans: Sequence[tuple[int, int]],
    costs: Costs | None = None,
    sides: str | None = None,
) -> list[pd.DataFrame]:
    """Backtest many strategies on parts of a candle set, without starting them afresh.

    Signals and positions continue from the first candle, as they do in live trading. All bar returns of a span count;
    a trade counts where it is entered and left, so one that crosses the edge of a span belongs to none.

    Parameters
    ----------
    specs : iterable of StrategySpec
        The strategies.
    candles : Candles or PreparedCandles
        What they trade on.
    spans : sequence of (start, stop)
        Bars ``start <= t < stop``; only a span that reaches the last bar includes the closing fill.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.

    Returns
    -------
    list of DataFrame
        For each span what `run_many` returns.
    """
    specs = checked_specs(specs)
    table = _rows(specs, prepare(candles), costs, sides, spans)
    return [_frame(table[:, i], specs) for i in range(len(spans))]


def score_many(
    specs: Sequence[StrategySpec],
    candles: Candles | PreparedCandles,
    costs: Costs | None = None,
    sides: str | None = None,
) -> np.ndarray:
    """Return only the SCS of many strategies: the fitness of evolution.

    Parameters
    ----------
    specs : sequence of StrategySpec
        The strategies.
    candles : Candles or PreparedCandles
        What they trade on.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.

    Returns
    -------
    ndarray of float64, shape (n_specs,)
        SCS, 0..100, always finite.
    """
    return _rows(checked_specs(specs), prepare(candles), costs, sides)[:, 0, 0].copy()


def _rows(
    specs: Sequence[StrategySpec],
    prepared: PreparedCandles,
    costs: Costs | None,
    sides: str | None,
    spans: Sequence[tuple[int, int]] | None = None,
) -> np.ndarray:
    """Return the metrics of one unit, shape (n_specs, n_spans, n_columns)."""
    costs = checked_costs(costs)
    spans = [(0, len(prepared))] if spans is None else spans
    for start, stop in spans:
        if not 0 <= start < stop <= len(prepared):
            raise BacktestError(
                f"a span must be bars [start, stop) within 0 and {len(prepared)}, was [{start}, {stop}); choose bars "
                "that exist"
            )
    long_only = sides_allowed(prepared.candles, sides) == "long"
    target = np.empty(len(prepared), np.int8)
    table = np.empty((len(specs), len(spans), len(COLUMNS)))
    for i, spec in enumerate(specs):
        decide(spec, prepared, costs, long_only, target)
        for j, span in enumerate(spans):
            table[i, j] = measure(target, prepared, costs, span=span)
    return table


def _frame(table: np.ndarray, specs: Sequence[StrategySpec]) -> pd.DataFrame:
    table = table.copy()
    quantities = np.array([spec.parameters["quantity"] for spec in specs])
    for column in _PER_UNIT:
        table[:, column] = _in_quote(COLUMNS[column], table[:, column], quantities)
    return pd.DataFrame(table, columns=list(COLUMNS)).astype({"n_trades": np.int64})


def _in_quote(name: str, per_unit: np.ndarray, quantity: float | np.ndarray) -> np.ndarray:
    """Return amounts of one unit in quote currency, and refuse those that no float can hold."""
    with np.errstate(over="ignore"):
        amounts = np.asarray(per_unit * quantity)
    odd = ~np.isfinite(amounts)
    if odd.any():
        first = np.broadcast_to(quantity, amounts.shape)[odd][0]
        raise BacktestError(
            f"{name} must be finite in quote currency, was {amounts[odd][0]} at quantity {first:g}; use a smaller "
            "quantity, the score is the same"
        )
    return amounts


def _trades(record: np.ndarray, candles: Candles, quantity: float) -> pd.DataFrame:
    opens = np.append(candles.timestamp, candles.close_time).astype("datetime64[ms]")
    column = dict(zip(TRADE_COLUMNS, record.T, strict=True))
    return pd.DataFrame(
        {
            "entry_time": pd.DatetimeIndex(opens[column["entry_bar"].astype(np.int64)], tz="UTC"),
            "exit_time": pd.DatetimeIndex(opens[column["exit_bar"].astype(np.int64)], tz="UTC"),
            "side": column["side"].astype(np.int8),
            "entry_price": column["entry_price"],
            "exit_price": column["exit_price"],
            "quantity": np.full(len(record), quantity),
            "fees": _in_quote("fees", column["fees"], quantity),
            "pnl": _in_quote("pnl", column["pnl"], quantity),
            "return": column["return"],
        }
    )
