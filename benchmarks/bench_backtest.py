"""Speed of `run_many`, per strategy type, beside vectorbt on the same work in the same run.

vectorbt is given our positions for nothing (its signals are not timed), ours include the signals; both compute equity
and the six metrics. Figures are strategy-bars per second on one core; compare ratios, machines are noisy.

    python benchmarks/bench_backtest.py --bars 525600 --strategies 50
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import vectorbt as vbt

import strategies
from backtest import Costs, prepare, run, run_many
from market import synthetic_candles
from strategies import StrategySpec

COSTS = Costs()
VECTORBT_BARS = 100_000  # vectorbt needs gigabytes for more


def random_specs(kind: str, count: int, stops: bool, seed: int = 7) -> list[StrategySpec]:
    """Return strategies drawn from the range that evolution searches."""
    rng = np.random.default_rng(seed)
    specs = []
    for _ in range(count):
        drawn: dict[str, Any] = {}
        for parameter in strategies.get(kind).own_parameters:
            low, high = parameter.search_low, parameter.search_high
            value = np.exp(rng.uniform(np.log(low), np.log(high))) if parameter.log else rng.uniform(low, high)
            drawn[parameter.name] = int(value) if parameter.integer else float(value)
        if stops:
            drawn |= {"stop_loss": 0.02, "take_profit": 0.04}
        specs.append(StrategySpec(kind, drawn))
    return specs


def best_seconds(work: Callable[[], Any], rounds: int) -> float:
    """Return the shortest of several timings, after one that does not count."""
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def vectorbt_work(specs: list[StrategySpec], candles: Any) -> Callable[[], Any]:
    """Return the same strategies as one vectorbt call: fills, equity and the six metrics."""
    targets = np.column_stack([run(spec, candles).positions for spec in specs])
    lagged = np.vstack([np.zeros((1, targets.shape[1]), targets.dtype), targets[:-1]])
    before = np.vstack([np.zeros((1, targets.shape[1]), targets.dtype), lagged[:-1]])
    turned = lagged != before
    open_ = np.repeat(candles.open[:, None], targets.shape[1], axis=1)
    close = np.repeat(candles.close[:, None], targets.shape[1], axis=1)

    def work() -> list[Any]:
        portfolio = vbt.Portfolio.from_signals(
            close, price=open_, entries=turned & (lagged > 0), short_entries=turned & (lagged < 0),
            exits=turned & (lagged == 0) & (before > 0), short_exits=turned & (lagged == 0) & (before < 0),
            size=1.0, size_type="amount", upon_opposite_entry="reverse", init_cash=1e9,
            fees=COSTS.fee, slippage=COSTS.slippage, freq="1min",
        )  # fmt: skip
        trades = portfolio.trades
        return [
            trades.count(), trades.win_rate(), trades.profit_factor(), portfolio.sharpe_ratio(),
            portfolio.max_drawdown(), portfolio.annualized_volatility(),
        ]  # fmt: skip

    return work


def main() -> None:
    """Measure and print one line a strategy type."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, default=525_600, help="one-minute candles (default: a year)")
    parser.add_argument("--strategies", type=int, default=50, help="strategies of each type")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()

    candles = synthetic_candles(symbol="BTC/USDT:USDT", timeframe="1m", bars=options.bars, seed=7)
    short = prepare(candles[:VECTORBT_BARS], strategies.available())
    start = time.perf_counter()
    prepared = prepare(candles, strategies.available())
    rows = [{"work": "prepare the candle set, once", "seconds": time.perf_counter() - start}]
    for kind in strategies.available():
        for stops in (False, True):
            specs = random_specs(kind, options.strategies, stops)
            seconds = best_seconds(lambda specs=specs: run_many(specs, prepared, COSTS), options.rounds)  # type: ignore[misc]
            row = {"work": f"{kind}{' with stops' if stops else ''}", "seconds": seconds}
            row["strategy_bars_per_s"] = len(specs) * len(candles) / seconds
            if not stops:
                few = specs[:10]
                theirs = best_seconds(vectorbt_work(few, short.candles), options.rounds)
                ours = best_seconds(lambda few=few: run_many(few, short, COSTS), options.rounds)  # type: ignore[misc]
                row["vectorbt_strategy_bars_per_s"] = len(few) * len(short) / theirs
                row["times_vectorbt"] = theirs / ours
            rows.append(row)
    mixed = [spec for kind in strategies.available() for spec in random_specs(kind, options.strategies, stops=False)]
    seconds = best_seconds(lambda: run_many(mixed, prepared, COSTS), options.rounds)
    rows.append(
        {"work": "all types mixed", "seconds": seconds, "strategy_bars_per_s": len(mixed) * len(candles) / seconds}
    )
    if options.json:
        print(json.dumps({"machine": platform.processor() or platform.machine(), "bars": len(candles), "rows": rows}))
        return
    print(f"{len(candles):,} bars, {options.strategies} strategies a type, one core")
    for row in rows:
        speed = row.get("strategy_bars_per_s")
        beside = row.get("times_vectorbt")
        print(
            f"{row['work']:34} {row['seconds']:8.3f} s"
            + (f" {speed / 1e6:8.1f} M strategy-bars/s" if speed else "")
            + (f"  vectorbt {row['vectorbt_strategy_bars_per_s'] / 1e6:.2f} M, we are {beside:.0f} x" if beside else "")
        )


if __name__ == "__main__":
    main()
