"""Seeded backtest cases: random parameters, wide or sensible, and parameters that tie with the data."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reference_engine import reference_run
from reference_signals import HIGH_FREQUENCY_ALPHA, RAW_SIDES, trend_ratio, z_score

from market import Candles, read_candles

TYPES = tuple(RAW_SIDES)
QUANTITIES = (0.001, 1.0, 3.7, 54_321.0)
REAL_FILES = (
    "binance__BTC-USDT__1h",
    "binanceusdm__ETH-USDT__1h",
    "kraken__USDC-USDT__1m",  # coarse ticks: exact ties, constant windows
    "coinbase__BTC-USD__1d",
    "binanceus__BTC-USDC__1m",  # bars without volume
)


@dataclass(frozen=True)
class Case:
    """One strategy with its costs and sides: everything a backtest needs but the candles."""

    strategy_type: str
    parameters: Mapping[str, float]
    fee_bps: float = 10.0
    slippage_bps: float = 5.0
    sides: str | None = None
    note: str = field(default="", compare=False)


def real_slice(folder: Path, name: str, rng: random.Random) -> Candles:
    """Return a few hundred consecutive bars of a real file."""
    candles = read_candles(folder / f"{name}.parquet")
    n_bars = rng.randrange(300, 1_501)
    start = rng.randrange(max(1, len(candles) - n_bars))
    return candles[start : start + n_bars]


def log_uniform(rng: random.Random, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def wide_parameters(strategy_type: str, rng: random.Random) -> dict[str, float]:
    """Draw from the whole range of valid values, its corners included."""
    lookback = rng.choice((2, 3, 5000, round(log_uniform(rng, 2, 5000)), round(log_uniform(rng, 2, 300))))
    match strategy_type:
        case "momentum":
            return {"lookback_period": lookback, "threshold": log_uniform(rng, 1e-5, 1.0)}
        case "mean_reversion":
            return {"lookback_period": lookback, "std_multiplier": log_uniform(rng, 0.05, 10.0)}
        case "breakout":
            margin = rng.choice((0.0, 1.0, log_uniform(rng, 1e-5, 1.0)))
            return {"lookback_period": lookback, "breakout_threshold": margin}
        case "trend_following":
            return {"lookback_period": lookback, "trend_threshold": log_uniform(rng, 1e-4, 10.0)}
        case "high_frequency":
            profit = rng.choice((0.0, 1.0, log_uniform(rng, 1e-6, 1.0)))
            return {"min_profit": profit, "volatility_threshold": log_uniform(rng, 1e-6, 10.0)}
    raise ValueError(f"strategy_type must be one of {TYPES}, was {strategy_type!r}")


def sensible_parameters(strategy_type: str, rng: random.Random) -> dict[str, float]:
    """Draw what trades on most prices."""
    lookback = round(log_uniform(rng, 2, 80))
    match strategy_type:
        case "momentum":
            return {"lookback_period": lookback, "threshold": log_uniform(rng, 1e-5, 0.03)}
        case "mean_reversion":
            multiplier = rng.choice((1.0, 1.5, 2.0, rng.uniform(0.3, 3.0)))
            return {"lookback_period": rng.choice((5, 10, lookback)), "std_multiplier": multiplier}
        case "breakout":
            margin = rng.choice((0.0, log_uniform(rng, 1e-5, 0.01)))
            return {"lookback_period": lookback, "breakout_threshold": margin}
        case "trend_following":
            return {"lookback_period": lookback, "trend_threshold": log_uniform(rng, 0.003, 0.5)}
        case "high_frequency":
            profit = rng.choice((0.0, log_uniform(rng, 1e-6, 0.01)))
            return {"min_profit": profit, "volatility_threshold": log_uniform(rng, 1e-3, 3.0)}
    raise ValueError(f"strategy_type must be one of {TYPES}, was {strategy_type!r}")


def random_stops(rng: random.Random) -> dict[str, float]:
    """Draw stops: absent, off, or on, tight enough to be hit."""
    stops = {}
    if rng.random() < 0.6:
        stops["stop_loss"] = rng.choice((0.0, 1e-4, 1.0, log_uniform(rng, 1e-4, 0.2)))
    if rng.random() < 0.6:
        stops["take_profit"] = rng.choice((0.0, 1e-4, 100.0, log_uniform(rng, 1e-4, 0.3)))
    return stops


def random_case(strategy_type: str, rng: random.Random) -> Case:
    """Draw a case that may be extreme: many of them never trade."""
    draw = wide_parameters if rng.random() < 0.3 else sensible_parameters
    return case_of(strategy_type, draw(strategy_type, rng), rng)


def trading_case(strategy_type: str, rng: random.Random) -> Case:
    """Draw a case that is likely to trade."""
    return case_of(strategy_type, sensible_parameters(strategy_type, rng), rng)


def case_of(strategy_type: str, parameters: Mapping[str, float], rng: random.Random) -> Case:
    """Draw quantity, stops, costs and sides around the parameters of a type."""
    costs = ((0.0, 0.0), (0.0, 5.0), (10.0, 0.0), (10.0, 5.0), (100.0, 5.0))
    # costs are part of this type's entry: on coarse ticks it trades only where they are nil
    free = strategy_type == "high_frequency" and rng.random() < 0.4
    fee_bps, slippage_bps = (0.0, 0.0) if free else rng.choice(costs)
    return Case(
        strategy_type,
        {**parameters, "quantity": rng.choice(QUANTITIES), **random_stops(rng)},
        fee_bps,
        slippage_bps,
        sides=rng.choice(("both", "both", "long", None)),
    )


def tying_case(strategy_type: str, candles: Candles, rng: random.Random, lookback: int | None = None) -> Case | None:
    """Return a case whose threshold is a value that some bar attains exactly, or one float beside it.

    Only the canonical arithmetic decides such a bar the way the reference does. None where the bar drawn has
    no valid threshold.
    """
    close = [float(v) for v in candles.close]
    fee_bps, slippage_bps = rng.choice(((0.0, 0.0), (10.0, 5.0)))
    if lookback is None:
        lookback = rng.choice((2, 4, 5, 10, rng.randrange(2, 40), rng.randrange(2, max(3, len(close)))))
    if len(close) <= max(lookback, 20):
        return None
    t = rng.randrange(max(lookback, 20), len(close))
    match strategy_type:
        case "momentum":
            name, (low, high) = "threshold", (1e-5, 1.0)
            value = abs(close[t] / close[t - lookback] - 1.0)
        case "mean_reversion":
            name, (low, high) = "std_multiplier", (0.05, 10.0)
            value = abs(z_score(close[t - lookback + 1 : t + 1]))
        case "breakout":
            name, (low, high) = "breakout_threshold", (0.0, 1.0)
            above = close[t] / float(max(candles.high[t - lookback : t])) - 1.0
            value = above if above >= 0.0 else 1.0 - close[t] / float(min(candles.low[t - lookback : t]))
        case "trend_following":
            name, (low, high) = "trend_threshold", (1e-4, 10.0)
            value = abs(trend_ratio(close[t - lookback : t + 1]))
        case _:
            name, (low, high) = rng.choice((("min_profit", (0.0, 1.0)), ("volatility_threshold", (1e-6, 10.0))))
            distance, volatility = distance_and_volatility(close[: t + 1])
            round_trip = 2.0 * (fee_bps / 10_000.0 + slippage_bps / 10_000.0)
            value = abs(distance) - round_trip if name == "min_profit" else volatility
    value = rng.choice((value, value, math.nextafter(value, 0.0), math.nextafter(value, math.inf)))
    if not low <= value <= high:
        return None
    parameters = {"lookback_period": lookback, name: value, "quantity": rng.choice(QUANTITIES)}
    if strategy_type == "high_frequency":
        del parameters["lookback_period"]
        parameters = {"min_profit": 0.0, "volatility_threshold": 1.0, **parameters}
    return Case(strategy_type, parameters, fee_bps, slippage_bps, sides="both", note=f"ties at bar {t}")


def distance_and_volatility(close: list[float]) -> tuple[float, float]:
    """Return d and v of the high_frequency type at the last bar."""
    alpha = HIGH_FREQUENCY_ALPHA
    mean, variance = math.log(close[0]), 0.0
    for t in range(1, len(close)):
        mean = alpha * math.log(close[t]) + (1.0 - alpha) * mean
        change = math.log(close[t] / close[t - 1])
        variance = change * change if t == 1 else alpha * (change * change) + (1.0 - alpha) * variance
    return math.log(close[-1]) - mean, math.sqrt(variance)


def tying_stop_case(strategy_type: str, candles: Candles, rng: random.Random) -> Case | None:
    """Return a case whose stop is exactly the gain that an open position shows at some close."""
    parameters = {**sensible_parameters(strategy_type, rng), "quantity": rng.choice(QUANTITIES)}
    slippage_bps = rng.choice((0.0, 5.0))
    report = reference_run(strategy_type, parameters, candles, slippage_bps=slippage_bps, sides="both")
    bars = {int(time): t for t, time in enumerate(candles.timestamp)}
    trades = [trade for trade in report.trades if trade.exit_time in bars]
    if not trades:
        return None
    trade = rng.choice(trades)
    t = rng.randrange(bars[trade.entry_time], bars[trade.exit_time])
    gain = trade.side * (float(candles.close[t]) / trade.entry_price - 1.0)
    name = "take_profit" if gain > 0.0 else "stop_loss"
    stop = rng.choice((abs(gain), math.nextafter(abs(gain), math.inf)))
    if not 1e-4 <= stop <= (100.0 if gain > 0.0 else 1.0):
        return None
    parameters[name] = stop
    return Case(strategy_type, parameters, slippage_bps=slippage_bps, sides="both", note=f"stops at bar {t}")
