"""A contest on real candles: what the ten strategies that a search selects earn afterwards."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from campaigns.entire_run import rounded
from campaigns.search_axes import genome_of, search_axes
from campaigns.sources import Source, read_source
from optimisers.contestants import CONTESTANTS, OURS

import backtest
from evolution import (
    ENGINE_VERSION,
    FINALISTS,
    Candidate,
    Evolution,
    FoldObjective,
    Member,
    Space,
    Species,
    WalkForwardEvolution,
    Windows,
    select_finalists,
)  # fmt: skip
from evolution.objective import Market, spec_of
from strategies import StrategySpec, get

__all__ = ["ENGINE", "EVOQ", "RULES", "Contest", "MarketCuts", "contests", "later_scores"]

EVOQ = "Evoq"
"""The entire walk-forward run, with its own rule."""

ENGINE = "Evoq's engine, afresh"
"""The engine alone, begun anew in each window like everybody else."""

RULES = ("plain", "folds")
"""Who is selected: the ten best by the SCS of the training bars, or by our fitness and `select_finalists`."""


class MarketCuts:
    """One real market, prepared once for all contests on it: as each window trains on it, and whole."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        (self.market,) = windows.candles
        self.spaces: dict[Species, Space] = {
            species: space for species, space in windows.spaces.items() if isinstance(species, Species)
        }
        self.whole = windows.whole[self.market]
        self.n_windows = windows.plan.spans
        self.training = [windows.training(window)[self.market] for window in range(self.n_windows)]
        self.stops = [windows.train_stop(self.market, window) for window in range(self.n_windows)]

    def objective(self, window: int) -> FoldObjective:
        """Return what our rule scores with."""
        training: dict[Market, backtest.PreparedCandles] = {self.market: self.training[window]}
        return FoldObjective(training, self.spaces, self.windows.costs, self.windows.folds)


@dataclass(frozen=True)
class Contest:
    """One search on one real market with one seed, selecting in each window of the walk-forward plan.

    Attributes
    ----------
    optimiser : str
        Who searches: `EVOQ`, `ENGINE`, or one of `CONTESTANTS`.
    rule : {"plain", "folds"}
        Who is selected.
    file, data : str
        The market, and the hash of its candles.
    seed : int
        Of the search.
    population, generations : int
        Evaluations of an entire run of evolution. Everybody but `EVOQ` begins afresh in each window and has as many
        evaluations there as evolution had until then.
    folder : Path
        Of candle files.
    """

    optimiser: str
    rule: str
    file: str
    data: str
    seed: int
    population: int
    generations: int
    folder: Path

    def run(self) -> dict[str, Any]:
        """Return, for each window, what its ten earned in the following test span and to the end."""
        cuts = _cuts(self.folder, self.file)
        chosen = self._of_evolution(cuts) if self.optimiser == EVOQ else self._of_others(cuts)
        return {"windows": [later_scores(cuts, window, specs) for window, specs in enumerate(chosen)]}

    def _of_evolution(self, cuts: MarketCuts) -> list[list[StrategySpec]]:
        windows = cuts.windows
        evolution = Evolution(
            windows.objective(0),
            windows.spaces,
            population=self.population,
            seed=self.seed,
            objective_hash=windows.objective_hash,
        )
        run = WalkForwardEvolution(evolution, windows)
        run.run(self.generations)
        chosen: list[list[StrategySpec]] = [[] for _ in range(run.window + 1)]
        for finalist in run.finalists():
            chosen[windows.index(finalist.window)].append(spec_of(finalist.member.candidate))
        return chosen

    def _of_others(self, cuts: MarketCuts) -> Iterator[list[StrategySpec]]:
        rolls = [roll for roll in cuts.windows.plan.rolls if roll < self.generations]
        for window, generations in enumerate([*rolls, self.generations]):
            budget = self.population * generations // len(cuts.spaces)
            found = [
                member
                for index, species in enumerate(cuts.spaces)
                for member in self._searched(cuts, window, species, budget, 1_000 * self.seed + 10 * window + index)
            ]
            if self.rule == "plain":
                yield _best(found)
            else:
                yield [spec_of(member.candidate) for member in _finalists(found, cuts, window)]

    def _searched(self, cuts: MarketCuts, window: int, species: Species, budget: int, seed: int) -> list[Member]:
        """Return everybody whom an optimiser evaluated of a species, with the scores that it was told."""
        space = cuts.spaces[species]
        make = CONTESTANTS[OURS if self.optimiser == ENGINE else self.optimiser]
        optimiser = make(search_axes(space), seed)
        objective, found = cuts.objective(window), list[Member]()
        while len(found) < budget:
            points = optimiser.ask()
            asked = [_candidate(space, species, point, len(found) + n) for n, point in enumerate(points)]
            if self.rule == "plain":
                specs = [spec_of(candidate) for candidate in asked]
                scores = backtest.score_many(specs, cuts.training[window], cuts.windows.costs).tolist()
            else:
                scores = objective(asked)
            optimiser.tell(scores)
            found += [Member(one, score, seed, ENGINE_VERSION) for one, score in zip(asked, scores, strict=True)]
        return found[:budget]


def contests(
    optimisers: Sequence[str], sources: Sequence[Source], seeds: int, population: int, generations: int, folder: Path
) -> list[Contest]:
    """Return all contests: each market, each seed, each optimiser with both rules, and our entire run.

    Parameters
    ----------
    optimisers : sequence of str
        Names of `CONTESTANTS`, ours left out.
    sources : sequence of Source
        The markets.
    seeds : int
        How many, from 0.
    population, generations : int
        Evaluations of an entire run.
    folder : Path
        Of candle files.

    Returns
    -------
    list of Contest
        Market by market, so that each is prepared once.
    """
    rivals = [(EVOQ, "folds"), *((name, rule) for name in (ENGINE, *optimisers) for rule in RULES)]
    return [
        Contest(name, rule, *source, seed, population, generations, folder)
        for source in sources
        for name, rule in rivals
        for seed in range(seeds)
    ]


def later_scores(cuts: MarketCuts, window: int, specs: Sequence[StrategySpec]) -> dict[str, list[float | None]]:
    """Return what strategies earned on bars that their selection never saw, purged as evidence is.

    Parameters
    ----------
    cuts : MarketCuts
        Where.
    window : int
        The window that selected them.
    specs : sequence of StrategySpec
        The selected.

    Returns
    -------
    dict
        "test" and "end": the SCS in the following test span, and from there to the last bar, one a strategy; "sharpe":
        the annual Sharpe ratio to the last bar. None where too few bars are left, or nothing was traded.
    """
    stop, costs, last = cuts.stops[window], cuts.windows.costs, len(cuts.whole)
    following = cuts.stops[window + 1] if window + 1 < cuts.n_windows else last
    found: dict[str, list[float | None]] = {"test": [], "end": [], "sharpe": []}
    for spec in specs:
        (trained,) = backtest.run_spans([spec], cuts.whole, [(0, stop)], costs)
        n_returns = stop - (stop < last)  # the closing fill is one more
        holding = float(backtest.mean_holding_bars(trained["exposure"], trained["n_trades"], n_returns)[0])
        gap = get(spec.type).warm_up(spec.parameters) + (0 if math.isnan(holding) else math.ceil(holding - 1e-9))
        spans = [(stop + gap, end) for end in (following, last)]
        if spans[0][1] - spans[0][0] < 2:
            for values in found.values():
                values.append(None)
            continue
        test, end = backtest.run_spans([spec], cuts.whole, spans, costs)
        found["test"].append(rounded(float(test["scs"].iloc[0])))
        found["end"].append(rounded(float(end["scs"].iloc[0])))
        found["sharpe"].append(rounded(float(end["sharpe"].iloc[0])))
    return found


@lru_cache(maxsize=2)
def _cuts(folder: Path, file: str) -> MarketCuts:
    return MarketCuts(Windows([read_source(folder, file)]))


def _candidate(space: Space, species: Species, point: Sequence[float], number: int) -> Candidate:
    genome, parameters = space.repair(genome_of(space, point))
    return Candidate(number, species, number, 0, genome, space.names, parameters, (), "initial")


def _best(members: Sequence[Member]) -> list[StrategySpec]:
    """Return the ten best different ones that score anything."""
    ranked = sorted(members, key=lambda member: -member.score)
    distinct = {(one.species, one.candidate.parameters): one for one in reversed(ranked) if one.score > 0.0}
    best = sorted(distinct.values(), key=lambda member: -member.score)[:FINALISTS]
    return [spec_of(member.candidate) for member in best]


def _finalists(members: Sequence[Member], cuts: MarketCuts, window: int) -> tuple[Member, ...]:
    def returns(some: Sequence[Member]) -> np.ndarray:
        specs = [spec_of(member.candidate) for member in some]
        return backtest.interval_returns(specs, cuts.training[window], cuts.windows.costs)

    return select_finalists(members, returns)
