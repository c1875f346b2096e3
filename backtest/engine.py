"""`run` for one strategy in full; `run_many`, `run_spans` and `score_many` for thousands."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from backtest.account import COLUMNS, TRADE_COLUMNS, account
from backtest.costs import Costs
from backtest.errors import BacktestError, CostError
from backtest.funding import Funding
from backtest.overlay import target_sides
from backtest.prepared import PreparedCandles, prepare, sides_allowed
from backtest.report import Report
from backtest.score import PARTS, Score
from market import Candles
from strategies import StrategySpec, get

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
    _listed([spec])
    prepared = prepare(candles, funding=funding)
    costs = _costs_of(costs)
    sides = sides_allowed(prepared.candles, sides)
    target = np.zeros(len(prepared), np.int8)
    _decide(spec, prepared, costs, sides == "long", target)
    record = np.empty((np.count_nonzero(np.diff(target, prepend=np.int8(0))) + 1, len(TRADE_COLUMNS)))
    equity, index = np.empty(len(prepared) + 1), np.empty(len(prepared) + 1)
    row = _measure(target, prepared, costs, equity, index, record)
    quantity = spec.parameters["quantity"]
    for column in _PER_UNIT:
        row[column] = _in_quote(COLUMNS[column], row[column], quantity)
    values = row.tolist()
    metrics = dict(zip(_METRICS, values[_SCORES:], strict=True))
    metrics["n_trades"] = int(metrics["n_trades"])
    for array in (target, index):
        array.setflags(write=False)
    return Report(
        spec=spec,
        candles=prepared.candles,
        costs=costs,
        sides=sides,
        equity=_in_quote("equity", equity, quantity),
        index=index,
        positions=target,
        trades=_trades(record[: metrics["n_trades"]], prepared.candles, quantity),
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
    specs = _listed(specs)
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
    specs = _listed(specs)
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
    return _rows(_listed(specs), prepare(candles), costs, sides)[:, 0, 0].copy()


def _listed(specs: Iterable[StrategySpec]) -> list[StrategySpec]:
    expected = 'StrategySpec("momentum", {"lookback_period": 20, ...})'
    if not isinstance(specs, Iterable):
        raise BacktestError(f"strategies must be a list of {expected}, was of type {type(specs).__name__}")
    listed = list(specs)
    for spec in listed:
        if not isinstance(spec, StrategySpec):
            raise BacktestError(f"each strategy must be a {expected}, was of type {type(spec).__name__}")
    return listed


def _costs_of(costs: Costs | None) -> Costs:
    if not (costs is None or isinstance(costs, Costs)):
        raise CostError(f"costs must be Costs(fee_bps, slippage_bps), was of type {type(costs).__name__}")
    return Costs() if costs is None else costs


def _rows(
    specs: Sequence[StrategySpec],
    prepared: PreparedCandles,
    costs: Costs | None,
    sides: str | None,
    spans: Sequence[tuple[int, int]] | None = None,
) -> np.ndarray:
    """Return the metrics of one unit, shape (n_specs, n_spans, n_columns)."""
    costs = _costs_of(costs)
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
        _decide(spec, prepared, costs, long_only, target)
        for j, span in enumerate(spans):
            table[i, j] = _measure(target, prepared, costs, None, None, None, span)
    return table


def _frame(table: np.ndarray, specs: Sequence[StrategySpec]) -> pd.DataFrame:
    table = table.copy()
    quantities = np.array([spec.parameters["quantity"] for spec in specs])
    for column in _PER_UNIT:
        table[:, column] = _in_quote(COLUMNS[column], table[:, column], quantities)
    return pd.DataFrame(table, columns=list(COLUMNS)).astype({"n_trades": np.int64})


def _decide(spec: StrategySpec, prepared: PreparedCandles, costs: Costs, long_only: bool, out: np.ndarray) -> None:
    """Write the target sides of `spec` to `out`."""
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


def _measure(
    target: np.ndarray,
    prepared: PreparedCandles,
    costs: Costs,
    equity: np.ndarray | None,
    index: np.ndarray | None,
    trades: np.ndarray | None,
    span: tuple[int, int] | None = None,
) -> np.ndarray:
    """Return the metrics of one unit, in the order of `COLUMNS`."""
    prices = prepared.prices
    out = np.empty(len(COLUMNS))
    account(
        target, prices.open, prices.close, prepared.hold_return, prepared.paid, prepared.no_volume,
        costs.fee, costs.slippage, prepared.candles.bars_per_year, *(span or (0, len(prepared))), out, equity, index,
        trades,
    )  # fmt: skip
    return out


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
