"""The accounting kernel: what target sides earn, net of costs, in one pass over the bars.

All sums are kept for one base unit. Returns do not depend on the quantity, so neither does any metric made of them;
the ledger in quote currency is the unit ledger times the quantity.
"""

import math

import numpy as np
from numba import njit

from backtest.score import score_parts

__all__ = ["COLUMNS", "RUIN", "TRADE_COLUMNS", "account"]

COLUMNS = (
    "scs", "scs_win_rate", "scs_sharpe", "scs_profit_factor", "scs_max_drawdown", "scs_volatility",
    "n_trades", "win_rate", "profit_factor", "sharpe", "max_drawdown", "volatility", "total_return", "exposure",
    "fees", "trades_per_year", "buy_and_hold", "min_equity", "zero_volume_fills", "skewness", "kurtosis",
)  # fmt: skip
"""What `account` writes, in order; `fees` and `min_equity` are per base unit there."""

RUIN = 1e-12
"""A bar that leaves no more than this of the index is ruin: 0, 1e-17 or -1e-16 are an accident of rounding."""

TRADE_COLUMNS = ("entry_bar", "exit_bar", "side", "entry_price", "exit_price", "fees", "pnl", "return")
"""Columns of the trade record, per base unit."""


@njit(cache=True, nogil=True, error_model="numpy")
def _record_trade(
    row: np.ndarray,
    entry_bar: int,
    exit_bar: int,
    side: int,
    entry: float,
    fill: float,
    fees: float,
    pnl: float,
    ratio: float,
) -> None:
    row[0] = entry_bar
    row[1] = exit_bar
    row[2] = side
    row[3] = entry
    row[4] = fill
    row[5] = fees
    row[6] = pnl
    row[7] = ratio


@njit(cache=True, nogil=True, error_model="numpy")
def _write_metrics(
    out: np.ndarray,
    n: int,
    bars_per_year: float,
    n_trades: int,
    wins: int,
    gain: float,
    loss: float,
    s1: float,
    s2: float,
    s3: float,
    s4: float,
    drawdown: float,
    ruined: bool,
) -> None:
    """Write the score, the metrics of trades and those of the bar returns with power sums s1..s4."""
    mean = s1 / n
    deviation = math.sqrt(max(0.0, s2 - n * mean * mean) / (n - 1)) if n > 1 else np.nan
    varies = n > 1 and deviation >= 1e-12
    skewness = np.nan
    kurtosis = np.nan
    if varies:
        m2 = s2 / n - mean * mean
        skewness = (s3 / n - 3.0 * mean * s2 / n + 2.0 * mean**3) / m2**1.5
        kurtosis = (s4 / n - 4.0 * mean * s3 / n + 6.0 * mean**2 * s2 / n - 3.0 * mean**4) / m2**2
    score_parts(
        n_trades, wins, gain, loss, mean, deviation, skewness, kurtosis, n, bars_per_year, drawdown, ruined, out
    )
    out[6] = n_trades
    out[7] = wins / n_trades if n_trades > 0 else np.nan
    if loss > 0.0:
        out[8] = gain / loss
    else:
        out[8] = np.inf if wins > 0 else np.nan
    out[9] = mean / deviation * math.sqrt(bars_per_year) if varies and n_trades > 0 else np.nan
    out[10] = drawdown
    out[11] = deviation * math.sqrt(bars_per_year) if n_trades > 0 else 0.0
    out[15] = n_trades / n * bars_per_year
    out[19] = skewness
    out[20] = kurtosis


@njit(cache=True, nogil=True, error_model="numpy")
def account(
    target: np.ndarray,
    open_: np.ndarray,
    close: np.ndarray,
    hold_return: np.ndarray,
    paid: np.ndarray | None,
    no_volume: np.ndarray,
    fee: float,
    slippage: float,
    bars_per_year: float,
    start: int,
    stop: int,
    out: np.ndarray,
    equity: np.ndarray | None,
    index: np.ndarray | None,
    trades: np.ndarray | None,
) -> None:
    """Fill, mark and measure the bars from `start` to `stop`.

    The position continues from before `start`: its returns count, but a trade entered before the span, or still open
    at its end, is none of the span's trades. Only the final bar closes a position.

    Parameters
    ----------
    target : ndarray of int8, shape (n_bars,)
        Decided side of every bar, filled at the next open; the last one is never filled.
    open_, close : ndarray of float64, shape (n_bars,)
        Prices.
    hold_return : ndarray of float64, shape (n_bars,)
        Return of one unit held long through a bar, funding included; the first is not used.
    paid : ndarray of float64, shape (n_bars,), or None
        Funding one long unit pays in each bar, in quote currency; None for no funding.
    no_volume : ndarray of bool, shape (n_bars,)
        Bars on which nothing was traded.
    fee, slippage : float
        Fractions of a fill's notional.
    bars_per_year : float
        For annualisation.
    start, stop : int
        The span, ``0 <= start < stop <= n_bars``; 0 and n_bars for everything. Its first return is that of bar
        ``max(start, 1)``, and its last one is the closing fill where it reaches the end.
    out : ndarray of float64, shape (len(COLUMNS),)
        Receives the metrics.
    equity, index : ndarray of float64, shape (n_returns + 1,), or None
        Receive the unit ledger and the compounded index.
    trades : ndarray of float64, shape (n, len(TRADE_COLUMNS)), or None
        Receives the trades; as many rows as the target can make.
    """
    n = close.size
    first = max(start, 1)
    n_returns = stop - first + int(stop == n)
    held = target[first - 2] if first > 1 else 0
    entry = 0.0
    entry_bar = 0  # a trade entered before the span has none
    cash = close[first - 1] - held * close[first - 1]
    wins = 0
    n_trades = 0
    gain = 0.0
    loss = 0.0
    fees = 0.0
    trade_funding = 0.0
    fills = 0
    silent_fills = 0
    bars_held = 0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    s4 = 0.0
    level = 1.0
    peak = 1.0
    drawdown = 0.0
    least_left = 1.0
    lowest_equity = close[first - 1]
    if equity is not None and index is not None:
        equity[0] = close[first - 1]
        index[0] = 1.0
    for t in range(first, first + n_returns):
        last = t == n
        wanted = 0 if last else target[t - 1]
        if wanted == held:
            if held == 0:
                if equity is not None and index is not None:
                    equity[t - first + 1] = cash
                    index[t - first + 1] = level
                continue
            r = held * hold_return[t]
            mark = close[t]
        else:
            before = close[t - 1]
            mark = before if last else close[t]
            base = before if last else open_[t]
            fill = base * (1.0 + slippage) if wanted > held else base * (1.0 - slippage)
            units = abs(wanted - held)
            cost = units * fill * fee
            fees += cost
            cash -= (wanted - held) * fill + cost
            r = (held * (fill - before) + wanted * (mark - fill) - cost) / before
            if not last:
                fills += 1
                silent_fills += no_volume[t]
                if paid is not None:
                    r -= wanted * paid[t] / before
            if held != 0 and entry_bar > 0:
                leg_fees = (entry + fill) * fee
                pnl = held * (fill - entry) - leg_fees - trade_funding
                ratio = pnl / entry
                if trades is not None:
                    _record_trade(trades[n_trades], entry_bar, t, held, entry, fill, leg_fees, pnl, ratio)
                n_trades += 1
                if pnl > 0.0:
                    wins += 1
                    gain += ratio
                else:
                    loss -= ratio
            entry = fill
            entry_bar = t
            trade_funding = 0.0
            held = wanted
        if held != 0:
            bars_held += 1
            if paid is not None:
                trade_funding += held * paid[t]
                cash -= held * paid[t]
        square = r * r
        s1 += r
        s2 += square
        s3 += square * r
        s4 += square * square
        level *= 1.0 + r
        least_left = min(least_left, 1.0 + r)
        if level > peak:
            peak = level
        elif peak - level > drawdown * peak:
            drawdown = (peak - level) / peak
        worth = cash + held * mark
        lowest_equity = min(lowest_equity, worth)
        if equity is not None and index is not None:
            equity[t - first + 1] = worth
            index[t - first + 1] = level

    ruined = least_left <= RUIN
    if ruined:
        drawdown = 1.0
    _write_metrics(out, n_returns, bars_per_year, n_trades, wins, gain, loss, s1, s2, s3, s4, drawdown, ruined)
    out[12] = level - 1.0
    out[13] = bars_held / n_returns
    out[14] = fees
    out[16] = close[stop - 1] / close[first - 1] - 1.0
    out[17] = lowest_equity
    out[18] = silent_fills / fills if fills > 0 else np.nan
