"""What a population is worth after the market has changed: evaluations to 95 % of the best, beside a restart.

    python benchmarks/bench_regime_change.py [--seeds 6] [--population 206 1034] [--document docs/benchmarks.md]

Markets with a planted edge, hourly; the kind of the edge is the regime. A run evolves on regime B, rolls to a few more
candles of it (every day), or to regime A (a new regime), and from there to another market of regime B (a regime that
is back), with and without what is remembered of earlier windows. A restart searches the same candles from nothing.
Two tables a population: evaluations to a level, which hang on who reaches it at all, and the mean level after a budget.
"""

import argparse
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from campaigns.planted import KINDS, planted_candles
from campaigns.regime_search import Curve, Search, objective_of
from campaigns.regime_tables import regime_tables
from machine import machine
from published import put

from market import Candles
from market.timeframe import YEAR_MS, parse_timeframe

SECTION = "## After a regime change"
SHARPE = 3.0
NEW_CANDLES = 250
RESTARTS = 3
CASES = ("a few more candles", "a new regime", "a regime that is back")
FORGETFUL = "the same, nothing remembered"


@cache
def candles_of(kind: str, seed: int, bars: int) -> Candles:
    """Return a market of a regime."""
    return planted_candles(kind, SHARPE, bars * parse_timeframe("1h") / YEAR_MS, seed=seed)


def curves(options: argparse.Namespace, population: int) -> tuple[dict[str, list[Curve]], dict[str, list[list[Curve]]]]:
    """Return the best so far of every warm run, and of the restarts beside it, by what happened."""
    life = options.life
    names = (*CASES, FORGETFUL) if options.forgetful else CASES
    warm: dict[str, list[Curve]] = {name: [] for name in names}
    cold: dict[str, list[list[Curve]]] = {name: [] for name in names}
    restarts: dict[tuple[str, int], list[Curve]] = {}
    markets = {
        (kind, seed): candles_of(kind, 100 + seed, options.bars) for kind in KINDS for seed in range(options.seeds)
    }
    for (kind, seed), candles in markets.items():
        objective = objective_of(candles)
        runs = [1000 + RESTARTS * seed + each for each in range(RESTARTS)]
        restarts[kind, seed] = [Search(objective, population, run).best_so_far(options.generations) for run in runs]
    for (kind, seed), candles in markets.items():
        other = next(each for each in KINDS if each != kind)
        following = (kind, (seed + 1) % options.seeds)
        start, more = objective_of(candles[:-NEW_CANDLES]), objective_of(candles)
        away, again = objective_of(markets[other, seed]), objective_of(markets[following])
        here = Search(start, population, seed)
        here.best_so_far(life)
        drift = here.rolled(more).best_so_far(life)
        there = here.rolled(away)
        new = there.best_so_far(life)
        later = [there.rolled(again, name != FORGETFUL).best_so_far(life) for name in names[2:]]
        wheres = (kind, seed), (other, seed), *(following for _ in later)
        for name, curve, where in zip(names, (drift, new, *later), wheres, strict=True):
            warm[name].append(curve)
            cold[name].append(restarts[where])
        print(f"population {population:,}, {kind} {seed}: done", flush=True)
    return warm, cold


def tables(warm: dict[str, list[Curve]], cold: dict[str, list[list[Curve]]], population: int, life: int) -> str:
    """Return the two tables of a population."""
    cases = [(name, warm[name], cold[name]) for name in warm]
    return f"**Population {population:,}:**\n\n{regime_tables('after', cases, population, life)}"


def introduction(options: argparse.Namespace) -> str:
    """Return what the tables are of."""
    populations = " ".join(str(population) for population in options.population)
    without = "" if options.forgetful else " --no-forgetful"
    return (
        f"`python benchmarks/bench_regime_change.py --seeds {options.seeds} --population {populations}"
        f" --life {options.life} --generations {options.generations}{without}` on {machine()}. Planted edges (annual "
        f"Sharpe ratio {SHARPE:g}; trend and reversion are the regimes), {options.bars:,} hourly bars, five types, "
        f"{2 * options.seeds} runs; windows of {options.life} generations; the best is that of two other restarts of "
        f"{options.generations} generations. Evaluations are all that were spent, within {options.life} generations, "
        "over the times the level was reached; elites that are scored again count. The second table has the best so "
        "far as a share of the best, meaned over the runs, and the difference with its standard error."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write them where that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6, help="markets of each regime, at least 2")
    parser.add_argument("--population", type=int, nargs="+", default=[206, 1034])
    parser.add_argument("--bars", type=int, default=4_000)
    parser.add_argument("--life", type=int, default=12, help="generations of a window")
    parser.add_argument("--generations", type=int, default=20, help="of a restart")
    parser.add_argument(
        "--forgetful", action=argparse.BooleanOptionalAction, default=True, help="also runs that remember nothing"
    )
    parser.add_argument("--document", type=Path, help="replace the tables in this document")
    options = parser.parse_args(arguments)
    if options.seeds < 2:
        parser.error(f"--seeds must be at least 2, was {options.seeds}")
    started = time.perf_counter()
    found = [tables(*curves(options, population), population, options.life) for population in options.population]
    text = "\n".join([f"{introduction(options)}\n", *found])
    print(text)
    print(f"({time.perf_counter() - started:.0f} s)")
    if options.document:
        put(options.document, SECTION, text)


if __name__ == "__main__":
    main()
