"""How fast the search finds the best strategy: Evoq beside seven other optimisers where the optimum is known.

    python benchmarks/bench_evolution.py [--set held-out] [--seeds 10] [--json FILE] [--document docs/benchmarks.md]

Landscapes are strategy types on windows of real candles (simulated ones where a file is missing), every point of a grid
over the searched parameters scored beforehand and cached. All optimisers see the same: bounds, integer and log
flags. The landscape snaps to its grid; a point proposed twice counts twice. Defaults are chosen on the set "tuning"
and judged on the set "held-out": other markets, other windows, other seeds.
"""

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from landscapes.enumeration import default_cache, landscapes_of
from landscapes.market_windows import SETS
from optimisers.comparison import Comparison
from optimisers.contest import best_so_far
from optimisers.contestants import CONTESTANTS, OURS
from optimisers.report import as_json, as_markdown
from published import output_options, publish

SECTION = "## Evolution on enumerated landscapes"
FIRST_SEED = {"tuning": 0, "held-out": 1_000}

Source = tuple[str, Path, Path | None, tuple[int, int], int]
"""Set, candle folder, cache, grid points, and how many landscapes."""


def curve(job: tuple[Source, str, int, int, int]) -> np.ndarray:
    """Return the best score so far of one optimiser on one landscape with one seed."""
    source, name, index, seed, budget = job
    return best_so_far(CONTESTANTS[name], landscapes_of(*source)[index], budget, seed)


def measured(source: Source, names: Sequence[str], seeds: int, budget: int, workers: int) -> Comparison:
    """Run every optimiser on every landscape with every seed."""
    landscapes = landscapes_of(*source)
    first = FIRST_SEED[source[0]]
    jobs = [
        (source, name, index, seed, budget)
        for name in names
        for index in range(len(landscapes))
        for seed in range(first, first + seeds)
    ]
    if workers == 1:
        curves = [curve(job) for job in jobs]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            curves = list(pool.map(curve, jobs, chunksize=seeds))
    shaped = np.array(curves).reshape(len(names), len(landscapes), seeds, budget)
    return Comparison(landscapes, dict(zip(names, shaped, strict=True)))


def main(arguments: Sequence[str] | None = None) -> dict[str, object]:
    """Measure, print the tables, write what was asked for, and return the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=sorted(SETS), default="held-out", help="which landscapes")
    parser.add_argument("--candles", type=Path, default=Path("../shared/data/ohlcv"), help="folder of candle files")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder of enumerated landscapes")
    parser.add_argument("--landscapes", type=int, default=len(SETS["held-out"]), help="how many of the set")
    parser.add_argument("--points", type=int, nargs=2, default=(24, 13), help="grid values of a parameter and a stop")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--budgets", type=int, nargs="+", default=(100, 250, 500, 1_000))
    parser.add_argument("--optimisers", nargs="+", choices=list(CONTESTANTS), default=list(CONTESTANTS))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    output_options(parser)
    options = parser.parse_args(arguments)
    source = (options.set, options.candles, options.cache, tuple(options.points), options.landscapes)
    names = list(dict.fromkeys([OURS, *options.optimisers]))
    started = time.perf_counter()
    comparison = measured(source, names, options.seeds, max(options.budgets), options.workers)
    report = as_json(comparison, OURS, sorted(options.budgets), options.set)
    publish(report, as_markdown(report, "make bench-evolution"), options, SECTION)
    print(f"({time.perf_counter() - started:.0f} s)")
    return report


if __name__ == "__main__":
    main()
