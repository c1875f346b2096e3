"""A slow, obvious backtest engine: the backtest semantics of the design, line by line, in plain Python.

It exists to be read and to be compared with. There is no vectorisation and no shortcut, it shares no code
with the engine under test, and where the two differ the words of the design decide. In order:

1. raw sides (`reference_signals.py`), from data up to and including the close of each bar;
2. the stops overlay and the sides a market allows make them targets, one a bar: `positions`;
3. a target fills at the next existing open, at most one order a bar; the last target is never filled: a
   synthetic bar at the last close is appended, and an open position is closed there;
4. the ledger is marked at every close: `equity`, bar returns on the notional held, `index`;
5. metrics and score (`reference_metrics.py`) come from the bar returns and the closed trades.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reference_metrics import kurtosis, max_drawdown, profit_factor, sample_std, score_parts, sharpe_ratio, skewness
from reference_signals import RAW_SIDES, Bars

YEAR_MS = 365 * 24 * 3_600_000
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


class CandleColumns(Protocol):
    """What the reference needs of candles; `market.Candles` has it."""

    timestamp: Sequence[int]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]
    volume: Sequence[float]
    timeframe: str
    market_type: str


@dataclass(frozen=True)
class Fill:
    """One filled order: base units, positive when bought; bar n_bars is the synthetic one."""

    bar: int
    time: int
    units: float
    price: float
    fee: float


@dataclass(frozen=True)
class Trade:
    """One closed trade; `fees` covers both legs, `pnl` is net of them and of funding."""

    entry_time: int
    exit_time: int
    side: int
    entry_price: float
    exit_price: float
    quantity: float
    fees: float
    pnl: float
    net_return: float


@dataclass(frozen=True)
class ReferenceReport:
    """Everything the reference computes for one strategy on one set of candles."""

    raw_sides: list[int]
    positions: list[int]
    fills: list[Fill]
    trades: list[Trade]
    equity: list[float]
    returns: list[float]
    index: list[float]
    metrics: dict[str, float]
    score: dict[str, float]


def reference_run(
    strategy_type: str,
    parameters: Mapping[str, float],
    candles: CandleColumns,
    fee_bps: float = 10.0,
    slippage_bps: float = 5.0,
    sides: str | None = None,
    funding: tuple[Sequence[int], Sequence[float]] | None = None,
) -> ReferenceReport:
    """Backtest one strategy; `funding` is (timestamps, rates), `sides` defaults to what the market allows."""
    fee_rate = fee_bps / 10_000.0
    slippage = slippage_bps / 10_000.0
    quantity = float(parameters["quantity"])
    opens, close = [float(v) for v in candles.open], [float(v) for v in candles.close]
    high, low = [float(v) for v in candles.high], [float(v) for v in candles.low]
    if sides is None:
        sides = "long" if candles.market_type == "spot" else "both"

    raw = RAW_SIDES[strategy_type](parameters, Bars(high, low, close), fee_rate + slippage)
    positions = decide_targets(raw, opens, close, slippage, sides, parameters)

    bar_times = [int(v) for v in candles.timestamp]
    bar_times.append(bar_times[-1] + timeframe_ms(candles.timeframe))  # the synthetic bar
    held = [0, *positions[:-1], 0]  # the side during every bar, after the fill at its open
    fills = fill_orders(held, [*opens, close[-1]], bar_times, quantity, fee_rate, slippage)
    payments = funding_payments(held, close, bar_times, quantity, funding)

    equity = mark_to_market(fills, payments, held, close, quantity)
    returns = [(equity[t] - equity[t - 1]) / (quantity * close[t - 1]) for t in range(1, len(equity))]
    index = [1.0]
    for r in returns:
        index.append(index[-1] * (1.0 + r))
    trades = match_trades(fills, payments, quantity, fee_rate)

    per_year = bars_per_year(bar_times[:-1], timeframe_ms(candles.timeframe))
    trade_returns = [trade.net_return for trade in trades]
    metrics = collect_metrics(equity, returns, index, trades, fills, held[:-1], per_year)
    metrics["buy_and_hold"] = close[-1] / close[0] - 1.0
    metrics["zero_volume_fills"] = zero_volume_share(fills, [float(v) for v in candles.volume])
    score = score_parts(returns, index, trade_returns, per_year)
    return ReferenceReport(raw, positions, fills, trades, equity, returns, index, metrics, score)


def timeframe_ms(timeframe: str) -> int:
    """Return the length of a bar: "15m" is 900,000 ms."""
    return int(timeframe[:-1]) * UNIT_MS[timeframe[-1]]


def bars_per_year(bar_times: Sequence[int], bar_ms: int) -> float:
    """Return bars in 365 days, less the share of bars that are missing from the candles."""
    spanned = (bar_times[-1] - bar_times[0]) // bar_ms + 1
    return YEAR_MS / bar_ms * (len(bar_times) / spanned)


def decide_targets(
    raw: Sequence[int],
    opens: Sequence[float],
    close: Sequence[float],
    slippage: float,
    sides: str,
    parameters: Mapping[str, float],
) -> list[int]:
    """Lay the stops over the raw sides, then drop short targets where only long ones are allowed.

    A stop blocks the raw side it left until the raw side changes. The entry price is the fill itself, so this
    follows the position that the targets decided so far really hold.
    """
    stop_loss = parameters.get("stop_loss", 0.0)
    take_profit = parameters.get("take_profit", 0.0)
    targets: list[int] = []
    held, entry_price = 0, math.nan
    blocked = 0
    for t in range(len(close)):
        decided = targets[t - 1] if t > 0 else 0
        if decided != held:  # the decision of the previous close fills at this open
            held = decided
            entry_price = opens[t] * (1.0 + held * slippage)
        if blocked != 0 and raw[t] != blocked:
            blocked = 0
        if blocked == 0 and held != 0 and raw[t] == held:
            gain = held * (close[t] / entry_price - 1.0)
            stopped = stop_loss > 0.0 and gain <= -stop_loss
            taken = take_profit > 0.0 and gain >= take_profit
            if stopped or taken:
                blocked = held
        target = 0 if blocked != 0 else raw[t]
        targets.append(max(target, 0) if sides == "long" else target)
    return targets


def fill_orders(
    held: Sequence[int],
    opens: Sequence[float],
    bar_times: Sequence[int],
    quantity: float,
    fee_rate: float,
    slippage: float,
) -> list[Fill]:
    """Fill every change of the held side at its open; a reversal is one order of twice the size."""
    fills = []
    for t in range(1, len(held)):
        change = held[t] - held[t - 1]
        if change != 0:
            price = opens[t] * (1.0 + slippage) if change > 0 else opens[t] * (1.0 - slippage)
            units = change * quantity
            fills.append(Fill(t, bar_times[t], units, price, abs(units) * price * fee_rate))
    return fills


def funding_payments(
    held: Sequence[int],
    close: Sequence[float],
    bar_times: Sequence[int],
    quantity: float,
    funding: tuple[Sequence[int], Sequence[float]] | None,
) -> list[float]:
    """Return the cash received in every bar, from its open (excluded) to the next open (included)."""
    payments = [0.0] * len(held)
    if funding is not None:
        for time, rate in zip(*funding, strict=True):
            for t in range(len(close)):
                if bar_times[t] < time <= bar_times[t + 1]:
                    payments[t] += -held[t] * quantity * close[t] * rate
    return payments


def mark_to_market(
    fills: Sequence[Fill],
    payments: Sequence[float],
    held: Sequence[int],
    close: Sequence[float],
    quantity: float,
) -> list[float]:
    """Return cash plus holdings at every close; the synthetic bar closes at the last close again."""
    cash = quantity * close[0]
    marks = [*close, close[-1]]
    by_bar = {fill.bar: fill for fill in fills}
    equity = []
    for t in range(len(marks)):
        if t in by_bar:
            cash -= by_bar[t].units * by_bar[t].price + by_bar[t].fee
        cash += payments[t]
        equity.append(cash + held[t] * quantity * marks[t])
    return equity


def match_trades(fills: Sequence[Fill], payments: Sequence[float], quantity: float, fee_rate: float) -> list[Trade]:
    """Pair the fills: the one that leaves a side closes its trade; a reversal also opens the next."""
    trades = []
    side, entry = 0, None
    for fill in fills:
        if entry is not None:
            fees = quantity * entry.price * fee_rate + quantity * fill.price * fee_rate
            received = math.fsum(payments[entry.bar : fill.bar])
            pnl = side * quantity * (fill.price - entry.price) - fees + received
            trades.append(
                Trade(
                    entry_time=entry.time,
                    exit_time=fill.time,
                    side=side,
                    entry_price=entry.price,
                    exit_price=fill.price,
                    quantity=quantity,
                    fees=fees,
                    pnl=pnl,
                    net_return=pnl / (entry.price * quantity),
                )
            )
        side += round(fill.units / quantity)
        entry = fill if side != 0 else None
    return trades


def zero_volume_share(fills: Sequence[Fill], volume: Sequence[float]) -> float:
    """Return the share of fills on bars without volume; the synthetic bar does not count."""
    real = [fill for fill in fills if fill.bar < len(volume)]
    if not real:
        return math.nan
    return sum(volume[fill.bar] == 0.0 for fill in real) / len(real)


def collect_metrics(
    equity: Sequence[float],
    returns: Sequence[float],
    index: Sequence[float],
    trades: Sequence[Trade],
    fills: Sequence[Fill],
    held: Sequence[int],
    per_year: float,
) -> dict[str, float]:
    """Return every metric but the two that need candles."""
    n = len(trades)
    std = sample_std(returns)
    return {
        "n_trades": n,
        "win_rate": sum(trade.pnl > 0.0 for trade in trades) / n if n else math.nan,
        "profit_factor": profit_factor([trade.net_return for trade in trades]),
        "sharpe": sharpe_ratio(returns, per_year),
        "max_drawdown": max_drawdown(index),
        "volatility": 0.0 if n == 0 else std * math.sqrt(per_year),
        "total_return": index[-1] - 1.0,
        "exposure": sum(side != 0 for side in held) / len(held),
        "fees": math.fsum(fill.fee for fill in fills),
        "trades_per_year": n / (len(held) / per_year),
        "min_equity": min(equity),
        "skewness": skewness(returns),
        "kurtosis": kurtosis(returns),
    }
