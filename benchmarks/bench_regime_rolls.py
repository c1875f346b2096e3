"""What a population is worth when the regime changes under it: evaluations to 95 % of the best, beside a restart.

    python benchmarks/bench_regime_rolls.py [--seeds 4] [--population 1034] [--workers 2]
        [--document docs/benchmarks.md]

One hourly market, whose planted edge changes its kind at some bar; the kind of the edge is the regime. A run evolves on
a window of the old regime and rolls with the candles, as a desk does, until the window holds nothing but the new one.
On the way, wherever another quarter of the window is of the new regime, restarts search the same candles from nothing.
`bench_regime_change.py` is the other case: all candles of the window change from one generation to the next.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from campaigns.crew import carried_out
from campaigns.evidence_tables import table
from campaigns.planted import KINDS
from campaigns.record_cache import RecordCache, default_records, sources_hash
from campaigns.regime_search import LEVELS, REACHED, Curve, Search, compared, levels, objective_of
from campaigns.switching import switching_candles
from machine import machine
from published import put

SECTION = "## A regime that changes while the window rolls"
SHARPE = 3.0
SHARES = (0.95, 0.90, 0.80)
BUDGETS = (0.25, 1.0, 4.0, 12.0)
"""Generations after which the levels are compared."""

RESTARTS = 3
QUARTERS = 4
ALL = "all four"


@dataclass(frozen=True)
class RegimeRolls:
    """One run over one market.

    Parameters
    ----------
    before : {"trend", "reversion"}
        The old regime; the new one is the other.
    seed : int
        Of the run; of the market as well.
    population : int
        Of the run, and of each restart.
    bars : int
        Of a window.
    rolls : int
        Rolls until the window is of the new regime, a multiple of four.
    life : int
        Generations of a window.
    horizon : int
        Generations within which a level is to be reached.
    generations : int
        Of a restart.
    """

    before: str
    seed: int
    population: int
    bars: int
    rolls: int
    life: int
    horizon: int
    generations: int

    def run(self) -> dict[str, Any]:
        """Return the best so far, by quarter, of the run and of the restarts beside it: where and to what it rose."""
        after = next(kind for kind in KINDS if kind != self.before)
        candles = switching_candles(self.before, after, SHARPE, 2 * self.bars, self.bars, 100 + self.seed)
        search = Search(objective_of(candles[: self.bars]), self.population, self.seed)
        search.best_so_far(self.horizon)
        warm, cold = [], []
        for roll in range(1, self.rolls + 1):
            first = roll * self.bars // self.rolls
            objective = objective_of(candles[first : first + self.bars])
            if roll % (self.rolls // QUARTERS) == 0:
                warm.append(rises(search.rolled(objective).best_so_far(self.horizon)))
                seeds = range(1000 + RESTARTS * self.seed, 1000 + RESTARTS * (self.seed + 1))
                restarts = [Search(objective, self.population, seed).best_so_far(self.generations) for seed in seeds]
                cold.append([rises(restart) for restart in restarts])
            search = search.rolled(objective)
            search.best_so_far(self.life)
        return {"warm": warm, "cold": cold}


def rises(curve: Curve) -> dict[str, Any]:
    """Return a curve that never falls as the evaluations after which it rose, and its levels from there."""
    at = np.flatnonzero(np.diff(curve, prepend=-np.inf))
    return {"at": at.tolist(), "level": curve[at].tolist(), "length": curve.size}


def curve_of(record: dict[str, Any]) -> Curve:
    """Return the curve that `rises` describes."""
    return np.repeat(record["level"], np.diff([*record["at"], record["length"]]))


def tables(records: Sequence[dict[str, Any]], population: int) -> str:
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
    reached = [[name, *compared(warm, cold, share)] for name, warm, cold in named for share in SHARES]
    means = [
        [name, f"{budget:g}", *levels(warm, cold, round(budget * population))]
        for name, warm, cold in named
        for budget in BUDGETS
    ]
    shown = (
        table(["new regime", *REACHED], reached, right=True),
        table(["new regime", "generations", *LEVELS], means, right=True),
    )
    return f"{shown[0]}\n\n{shown[1]}\n"


def introduction(options: argparse.Namespace) -> str:
    """Return what the tables are of."""
    return (
        f"`python benchmarks/bench_regime_rolls.py --seeds {options.seeds} --population {options.population}"
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
    if not max(BUDGETS) <= options.horizon <= options.generations:
        parser.error(f"--horizon must be in [{max(BUDGETS):g}, --generations], was {options.horizon}")
    started = time.perf_counter()
    shape = options.population, options.bars, options.rolls, options.life, options.horizon, options.generations
    jobs = [RegimeRolls(kind, seed, *shape) for kind in KINDS for seed in range(options.seeds)]
    makers = [
        Path(__file__),
        *(
            Path(__file__).parent / "campaigns" / f"{name}.py"
            for name in ("regime_search", "switching", "planted", "edgeless")
        ),
    ]
    records = carried_out(
        jobs, RecordCache(options.cache, "regime-rolls", sources_hash(makers)), options.workers, "runs"
    )
    text = f"{introduction(options)}\n\n{tables(records, options.population)}"
    print(text)
    print(f"({time.perf_counter() - started:.0f} s)")
    if options.document:
        put(options.document, SECTION, text)


if __name__ == "__main__":
    main()
