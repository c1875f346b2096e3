"""Derive the strengths of planted edges anew, and show what short samples of them look like.

    python benchmarks/calibrate_planted.py [--kind trend] [--sharpe 3] [--candles ../shared/data/ohlcv]

"strength" is found by bisection on synthetic markets: there the best of a grid of known strategies has the wanted
Sharpe ratio, net of the default costs. "real" is the Sharpe ratio of the best of the grid where the edge-less bars
are those of a real market, if its candles are there; "three years" is mean and standard deviation of the Sharpe ratio
that the best one shows on short samples of it, as campaigns use them, beside its mean SCS there.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from campaigns.calibration import Sample, best_harvester, calibrated_strength, measured
from campaigns.planted import KINDS, STRENGTHS

from market import read_candles

REAL = "binanceusdm__BTC-USDT__1h.parquet"
FIRST_SHORT = 1_000
"""First seed of the short samples: others than those of the calibration."""


def main(arguments: Sequence[str] | None = None) -> list[dict[str, float]]:
    """Derive, print a line for each kind and Sharpe ratio, and return what it says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--sharpe", type=float, nargs="+", default=sorted(STRENGTHS["trend"]))
    parser.add_argument("--years", type=float, default=30.0, help="length of a market of the calibration")
    parser.add_argument("--markets", type=int, default=6, help="how many of them")
    parser.add_argument("--short", type=int, default=20, help="how many samples of three years")
    parser.add_argument("--candles", type=Path, default=Path("../shared/data/ohlcv"), help="folder of candle files")
    options = parser.parse_args(arguments)
    real = read_candles(options.candles / REAL) if (options.candles / REAL).exists() else None
    seeds = tuple(range(options.markets))
    short = tuple(range(FIRST_SHORT, FIRST_SHORT + options.short))
    rows = []
    for kind in options.kind:
        for sharpe in options.sharpe:
            long = Sample(seeds, options.years)
            strength = calibrated_strength(kind, sharpe, long)
            best, _ = best_harvester(kind, strength, long)
            shown = measured(best, kind, strength, Sample(short, 3.0, real))
            row = {
                "sharpe": sharpe,
                "strength": strength,
                "stored": STRENGTHS[kind].get(sharpe, math.nan),
                "real": math.nan if real is None else best_harvester(kind, strength, replace(long, source=real))[1],
                "mean": float(shown["sharpe"].mean()),
                "deviation": float(shown["sharpe"].std()),
                "scs": float(shown["scs"].mean()),
                "trades_per_year": float(shown["trades_per_year"].mean()),
            }
            rows.append(row)
            parameters = ", ".join(f"{name} {value:g}" for name, value in best.parameters.items() if value)
            print(
                f"{kind:9} Sharpe {sharpe:g}: strength {strength:.3f} (stored {row['stored']:.3f}), "
                f"real {row['real']:.2f}, three years {row['mean']:.2f} +- {row['deviation']:.2f}, "
                f"SCS {row['scs']:.0f}, {row['trades_per_year']:.0f} trades a year; {best.type} {parameters}",
                flush=True,
            )
    return rows


if __name__ == "__main__":
    main()
