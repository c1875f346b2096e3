"""Are the neighbours that a fitness is averaged over trials of their own? How alike they are, and how they cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from campaigns.entire_run import CandidateLedger, rounded
from campaigns.sources import read_source

import backtest
from evolution import BatchCommit, Evolution, WalkForwardEvolution, Windows
from evolution.objective import spec_of

__all__ = ["NeighbourTrials"]

_ALIKE = 0.7
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class _ScoredLedger(CandidateLedger):
    """A ledger that knows who had a positive fitness when it was evaluated."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[bool] = []

    def record(self, commit: BatchCommit) -> None:
        """Keep the children and whether they scored."""
        super().record(commit)
        pairs = zip(commit.scores, commit.shared, strict=True)
        self.alive += [score > 0.0 for score, is_shared in pairs if not is_shared]


@dataclass(frozen=True)
class NeighbourTrials:
    """One entire run on a real market, its trials counted with and without neighbours.

    Attributes
    ----------
    file, data : str
        The market, and the hash of its candles.
    seed, population, generations : int
        Of the evolution.
    folder : Path
        Of candle files.
    """

    file: str
    data: str
    seed: int
    population: int
    generations: int
    folder: Path

    def run(self) -> dict[str, Any]:
        """Return how neighbours correlate with their centres, and what they add to the clusters of trials."""
        candles = read_source(self.folder, self.file)
        windows, ledger = Windows([candles]), _ScoredLedger()
        evolution = Evolution(
            windows.objective(0), windows.spaces, population=self.population, seed=self.seed, journal=ledger
        )
        WalkForwardEvolution(evolution, windows).run(self.generations)
        ((market, whole),) = windows.whole.items()
        centres = [spec_of(candidate) for candidate in ledger.candidates]
        clusters = backtest.trial_clusters(whole)
        backtest.add_trials(clusters, centres, whole)
        alone = backtest.TrialStatistics.of(clusters, len(whole), len(centres))
        objective = windows.objective(0)
        alive = [one for one, scores in zip(ledger.candidates, ledger.alive, strict=True) if scores]
        correlations = []
        for candidate in alive:
            around = objective.neighbours(candidate)
            returns = backtest.interval_returns([spec_of(candidate), *around], whole, n_intervals=clusters.n_returns)
            correlations += _with_first(returns)
            clusters.add(returns[:, 1:])
        known = np.array([value for value in correlations if not np.isnan(value)])
        both = backtest.TrialStatistics.of(clusters, len(whole), len(centres) + len(correlations))
        return {
            "market": " ".join(market),
            "candidates": len(centres),
            "alive": len(alive),
            "neighbours": len(correlations),
            "never traded": len(correlations) - len(known),
            "alike": float(np.mean(known >= _ALIKE)),
            "correlation": {f"{q:g}": rounded(float(np.quantile(known, q))) for q in _QUANTILES},
            "clusters": [alone.n_effective, both.n_effective],
            "hurdle": [rounded(found.annual_hurdle(candles.bars_per_year)) for found in (alone, both)],
        }


def _with_first(returns: np.ndarray) -> Sequence[float]:
    """Return the correlation of each other column with the first one; NaN where one never varies."""
    rest = returns - returns.mean(axis=0)
    norms = np.sqrt((rest * rest).sum(axis=0))
    products = norms[0] * norms[1:]
    cosines = np.divide(rest[:, 0] @ rest[:, 1:], products, out=np.full(len(products), np.nan), where=products > 0.0)
    return [float(value) for value in cosines]
