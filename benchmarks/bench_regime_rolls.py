"""What a population is worth when the regime changes under it: evaluations to 95 % of the best, beside a restart.

    python benchmarks/bench_regime_rolls.py [--seeds 4] [--first-seed 2] [--population 1034] [--workers 2]
        [--document docs/benchmarks.md]

One hourly market, whose planted edge changes its kind at some bar; the kind of the edge is the regime. A run evolves on
a window of the old regime and rolls with the candles, as a desk does, until the window holds nothing but the new one.
On the way, wherever another quarter of the window is of the new regime, restarts search the same candles from nothing.
`bench_regime_change.py` is the other case: all candles of the window change from one generation to the next.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from campaigns.crew import carried_out
from campaigns.planted import KINDS
from campaigns.record_cache import RecordCache, default_records, sources_hash
from campaigns.regime_rolls import QUARTERS, SHARPE, RegimeRolls, curve_of
from campaigns.regime_tables import regime_tables
from machine import machine
from published import put

SECTION = "## A regime that changes while the window rolls"
ALL = "all four"
MAKERS = ("regime_rolls", "regime_search", "switching", "planted", "edgeless")
"""Sources that make records."""


def tables(records: Sequence[dict[str, Any]], population: int, horizon: int) -> str:
    """Return evaluations to a level, and the levels after a budget, by how much of the window is of the new regime."""
    quarters = [
        (
            [curve_of(record["warm"][at]) for record in records],
            [list(map(curve_of, record["cold"][at])) for record in records],
        )
        for at in range(QUARTERS)
    ]
    everything = (
        [warm for quarter, _ in quarters for warm in quarter],
        [cold for _, quarter in quarters for cold in quarter],
    )
    named = [*((f"{(at + 1) / QUARTERS:.0%}", *quarter) for at, quarter in enumerate(quarters)), (ALL, *everything)]
    return regime_tables("new regime", named, population, horizon)


def introduction(options: argparse.Namespace) -> str:
    """Return what the tables are of."""
    return (
        f"`python benchmarks/bench_regime_rolls.py --seeds {options.seeds} --first-seed {options.first_seed}"
        f" --population {options.population}"
        f" --bars {options.bars} --rolls {options.rolls} --life {options.life} --horizon {options.horizon}"
        f" --generations {options.generations}` on "
        f"{machine()}. Planted edges (annual Sharpe ratio {SHARPE:g}; trend and reversion are the regimes), windows of "
        f"{options.bars:,} hourly bars that move by {options.bars // options.rolls:,} at a roll, five types, "
        f"{2 * options.seeds} runs of {options.life} generations a window; the best is that of two other restarts of "
        f"{options.generations} generations on the same candles. New regime: the share of the window that is of it. "
        f"Evaluations are all that were spent, within {options.horizon} generations, over the times a level was "
        "reached; elites that are scored again count. The second table has the best so far as a share of the best, "
        "meaned over the runs, and the difference with its standard error."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write them where that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4, help="markets that begin with each regime")
    parser.add_argument("--first-seed", type=int, default=2, help="of the markets; others are other markets")
    parser.add_argument("--population", type=int, default=1034)
    parser.add_argument("--bars", type=int, default=16_000, help="of a window")
    parser.add_argument("--rolls", type=int, default=64, help="a multiple of four, until nothing is of the old regime")
    parser.add_argument("--life", type=int, default=3, help="generations of a window")
    parser.add_argument("--horizon", type=int, default=12, help="generations within which a level is to be reached")
    parser.add_argument("--generations", type=int, default=20, help="of a restart")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=default_records(), help="folder of records")
    parser.add_argument("--document", type=Path, help="replace the tables in this document")
    options = parser.parse_args(arguments)
    if options.rolls < QUARTERS or options.rolls % QUARTERS:
        parser.error(f"--rolls must be a multiple of {QUARTERS}, was {options.rolls}; 64 is one")
    if not 1 <= options.horizon <= options.generations:
        parser.error(f"--horizon must be in [1, --generations], was {options.horizon}; 12 is one")
    if options.seeds < 1:
        parser.error(f"--seeds must be at least 1, was {options.seeds}")
    started = time.perf_counter()
    shape = options.population, options.bars, options.rolls, options.life, options.horizon, options.generations
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    jobs = [RegimeRolls(kind, seed, *shape) for kind in KINDS for seed in seeds]
    makers = [Path(__file__).parent / "campaigns" / f"{name}.py" for name in MAKERS]
    cache = RecordCache(options.cache, "regime-rolls", sources_hash(makers))
    records = carried_out(jobs, cache, options.workers, "runs")
    text = f"{introduction(options)}\n\n{tables(records, options.population, options.horizon)}"
    print(text)
    print(f"({time.perf_counter() - started:.0f} s)")
    if options.document:
        put(options.document, SECTION, text)


if __name__ == "__main__":
    main()
