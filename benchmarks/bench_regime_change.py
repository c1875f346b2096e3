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
from typing import Any

import numpy as np
import numpy.typing as npt
from campaigns.evidence_tables import table
from campaigns.planted import KINDS, planted_candles
from machine import machine
from published import put

import backtest
import strategies
from evolution import Evolution, Space, Species
from evolution.fold_objective import FoldObjective
from market import Candles
from market.timeframe import YEAR_MS, parse_timeframe

SECTION = "## After a regime change"
SHARPE = 3.0
SHARES = (0.95, 0.90, 0.80)
BUDGETS = (0.25, 1.0, 2.0, 4.0, 12.0)
"""Generations after which the levels are compared."""

NEW_CANDLES = 250
RESTARTS = 3
CASES = ("a few more candles", "a new regime", "a regime that is back")
FORGETFUL = "the same, nothing remembered"
LEVELS = ("level", "a restart's", "difference")

Curve = npt.NDArray[np.float64]
Reached = list[int | None]


@cache
def candles_of(kind: str, seed: int, bars: int) -> Candles:
    """Return a market of a regime."""
    return planted_candles(kind, SHARPE, bars * parse_timeframe("1h") / YEAR_MS, seed=seed)


def objective_of(candles: Candles) -> FoldObjective:
    """Return what scores strategies of all types on candles."""
    market = candles.symbol, candles.timeframe
    spaces = {Species(kind, *market): Space.of(strategies.get(kind)) for kind in strategies.available()}
    return FoldObjective({market: backtest.prepare(candles, strategies.available())}, spaces)


class Search:
    """A run on one market after another.

    Parameters
    ----------
    objective : FoldObjective
        What scores candidates to begin with.
    population, seed : int
        Of the run.
    state : dict or None
        Where to go on.
    """

    def __init__(
        self, objective: FoldObjective, population: int, seed: int, state: dict[str, Any] | None = None
    ) -> None:
        self.objective, self.population, self.seed = objective, population, seed
        self._scores: list[float] = []
        self._evolution = Evolution(
            objective,
            dict[str | Species, Space](objective.spaces.items()),
            population=population,
            seed=seed,
            behaviours=objective.behaviours,
            listener=lambda record: self._scores.extend(record.scores),
            state=state,
        )

    def best_so_far(self, generations: int) -> Curve:
        """Go on, and return the best score after each evaluation; whoever returned and is scored again counts."""
        self._scores.clear()
        done = self._evolution.optimizer.evaluations // self.population
        self._evolution.run(generations=done + generations)
        return np.maximum.accumulate(self._scores)

    def rolled(self, objective: FoldObjective, remembers: bool = True) -> "Search":
        """Return another run that goes on from here, on other candles."""
        state = self._evolution.optimizer.state()
        if not remembers:
            state["past"] = Search(self.objective, self.population, self.seed)._evolution.optimizer.state()["past"]
        other = Search(self.objective, self.population, self.seed, state)
        other._evolution.roll(objective, f"{other._evolution.optimizer.evaluations}", (), objective.behaviours)
        other.objective = objective
        return other


def reached(curve: Curve, target: float) -> int | None:
    """Return how many evaluations it took; None for more than there are."""
    found = np.flatnonzero(curve >= target)
    return int(found[0]) + 1 if found.size else None


def expected(found: Reached, horizon: int) -> float:
    """Return evaluations spent over targets reached: what it takes if one starts again where one did not reach it."""
    within = [one for one in found if one is not None and one <= horizon]
    return (sum(within) + horizon * (len(found) - len(within))) / len(within) if within else float("inf")


def compared(warm: list[Curve], cold: list[list[Curve]], share: float) -> list[str]:
    """Return the figures of one row: each restart is judged by the best of the others, and so is the warm run."""
    ours: Reached = []
    theirs: Reached = []
    for curve, restarts in zip(warm, cold, strict=True):
        for index, restart in enumerate(restarts):
            target = share * max(other[-1] for at, other in enumerate(restarts) if at != index)
            ours.append(reached(curve, target))
            theirs.append(reached(restart, target))
    horizon = min(len(curve) for curve in warm)
    a, b = expected(ours, horizon), expected(theirs, horizon)
    cells = [f"{share:.0%}", *(f"{_share(found, horizon):.0%}" for found in (ours, theirs))]
    return [*cells, *(f"{value:,.0f}" if np.isfinite(value) else "none" for value in (a, b)), _ratio(a, b)]


def levels(warm: list[Curve], cold: list[list[Curve]], evaluations: int) -> list[str]:
    """Return the mean levels after a budget, judged as in `compared`, and their difference with its standard error."""
    ours: list[float] = []
    theirs: list[float] = []
    for curve, restarts in zip(warm, cold, strict=True):
        targets = [max(other[-1] for at, other in enumerate(restarts) if at != index) for index in range(len(restarts))]
        ours.append(float(np.mean([curve[evaluations - 1] / target for target in targets])))
        pairs = zip(restarts, targets, strict=True)
        theirs.append(float(np.mean([restart[evaluations - 1] / target for restart, target in pairs])))
    difference = np.subtract(ours, theirs)
    error = difference.std(ddof=1) / np.sqrt(difference.size)
    return [f"{np.mean(ours):.3f}", f"{np.mean(theirs):.3f}", f"{difference.mean():+.3f} ({error:.3f})"]


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
    rows = [[name, *compared(warm[name], cold[name], share)] for name in warm for share in SHARES]
    budgets = [budget for budget in BUDGETS if budget <= life]
    means = [
        [name, f"{budget:g}", *levels(warm[name], cold[name], round(budget * population))]
        for name in warm
        for budget in budgets
    ]
    head = ["after", "of the best", "reach it", "restarts do", "evaluations", "restart", "ratio"]
    shown = table(head, rows, right=True), table(["after", "generations", *LEVELS], means, right=True)
    return f"**Population {population:,}:**\n\n{shown[0]}\n\n{shown[1]}\n"


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


def _share(found: Reached, horizon: int) -> float:
    return float(np.mean([one is not None and one <= horizon for one in found]))


def _ratio(a: float, b: float) -> str:
    return f"{a / b:.2f}" if np.isfinite(a) and np.isfinite(b) else ""


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
