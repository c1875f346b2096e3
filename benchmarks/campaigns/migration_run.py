"""Entire runs on several markets at once, with more or less migration between them, as jobs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from campaigns.entire_run import rounded
from campaigns.operator_shares import shares_with
from campaigns.sources import Source, read_source

import backtest
from evolution import BatchCommit, Evolution, Settings, WalkForwardEvolution, Windows, gather_evidence

__all__ = ["MigrationRun", "migration_runs"]


class _BestFitness:
    """A journal that keeps the best fitness of every species at the end of each window."""

    def __init__(self) -> None:
        self.windows: dict[str, list[float]] = {}

    def record(self, commit: BatchCommit) -> None:
        """Replace what was known of the window."""
        self.windows[commit.window] = [0.0 if math.isnan(one.best) else one.best for one in commit.statistics]


@dataclass(frozen=True)
class MigrationRun:
    """One run of walk-forward evolution on several markets.

    Attributes
    ----------
    share : float
        Of the children that are elites of another market; the other operators keep their proportions.
    markets : tuple of Source
        Files, and hashes of their candles.
    seed : int
        Of the evolution.
    population, generations : int
        How many over all species, and how often.
    folder : Path
        Of candle files.
    """

    share: float
    markets: tuple[Source, ...]
    seed: int
    population: int
    generations: int
    folder: Path

    def run(self) -> dict[str, Any]:
        """Return the best fitness of each species at the end of each window, and what the finalists earned later."""
        windows = Windows([read_source(self.folder, source.file) for source in self.markets])
        journal = _BestFitness()
        evolution = Evolution(
            windows.objective(0),
            windows.spaces,
            population=self.population,
            seed=self.seed,
            settings=Settings(shares=shares_with("migrant", self.share)),
            objective_hash=windows.objective_hash,
            journal=journal,
        )
        run = WalkForwardEvolution(evolution, windows)
        run.run(self.generations)
        uncounted = {
            market: backtest.TrialStatistics(1, 1, len(candles), np.nan) for market, candles in windows.candles.items()
        }
        evidence = gather_evidence(run.finalists(), windows, uncounted)
        return {
            "fitness": [[rounded(best) for best in species] for species in journal.windows.values()],
            "oos_scs": [rounded(item.oos.scs) for item in evidence],
        }


def migration_runs(
    shares: Sequence[float], markets: Sequence[Source], seeds: int, population: int, generations: int, folder: Path
) -> list[MigrationRun]:
    """Return one run a seed and share.

    Parameters
    ----------
    shares : sequence of float
        Of the children that migrate.
    markets : sequence of Source
        All of one kind, so that something can be learned from each other.
    seeds : int
        How many, from 0.
    population, generations : int
        How many over all species, and how often.
    folder : Path
        Of candle files.

    Returns
    -------
    list of MigrationRun
        Share by share.
    """
    return [
        MigrationRun(share, tuple(markets), seed, population, generations, folder)
        for share in shares
        for seed in range(seeds)
    ]
