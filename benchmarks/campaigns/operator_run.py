"""The engine with other operators, or other shares of them, where the optimum is known, as jobs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from campaigns.operator_shares import shares_with
from landscapes.enumeration import default_cache, landscapes_of
from landscapes.landscape import Landscape
from optimisers.contest import best_so_far
from optimisers.evoq_engine import EvoqEngine

from evolution import Settings

__all__ = ["DEFAULTS", "VARIANTS", "LandscapeSet", "OperatorRun", "curves_of", "operator_runs"]

DEFAULTS = "the defaults"
"""The variant that the others are compared with."""

_SLOW = {"adaptation": 0.01, "share_floor": 0.5}

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    DEFAULTS: {},
    "CMA-ES for half of rank-mu": {"shares": shares_with("cma_es", 0.055, "rank_mu")},
    "CMA-ES for all of rank-mu": {"shares": shares_with("cma_es", 0.11, "rank_mu")},
    "CMA-ES, 10 %": {"shares": shares_with("cma_es", 0.10)},
    "CMA-ES, 20 %": {"shares": shares_with("cma_es", 0.20)},
    "SBX for uniform crossover": {"shares": shares_with("sbx", 0.3, "uniform")},
    "adaptive shares": {"adaptation": 0.05},
    "adaptive shares, slow": _SLOW,
    "adaptive shares, slow, CMA-ES 10 %": {**_SLOW, "shares": shares_with("cma_es", 0.10)},
}
"""Settings by the name of the variant."""


@dataclass(frozen=True)
class LandscapeSet:
    """Which landscapes are searched.

    Attributes
    ----------
    kind : str
        Name of the set.
    points : tuple of (int, int)
        Grid values of a parameter, and of a stop.
    count : int
        How many windows of the set.
    """

    kind: str
    points: tuple[int, int]
    count: int

    def read(self, candles: Path) -> tuple[Landscape, ...]:
        """Return them, enumerated once and kept in the user's cache."""
        return landscapes_of(self.kind, candles, default_cache(), self.points, self.count)


@dataclass(frozen=True)
class OperatorRun:
    """The engine on every landscape of a set, with one seed.

    Attributes
    ----------
    settings : dict
        What differs from the defaults.
    seed : int
        Of the engine.
    budget : int
        Evaluations on each landscape.
    landscapes : LandscapeSet
        What is searched.
    scores : str
        Hash of their scores.
    folder : Path
        Of candle files.
    """

    settings: Mapping[str, Any]
    seed: int
    budget: int
    landscapes: LandscapeSet
    scores: str
    folder: Path

    def run(self) -> dict[str, Any]:
        """Return for each landscape after which evaluations the best score rose, and to what."""
        settings = Settings(**self.settings)
        improved = []
        for landscape in self.landscapes.read(self.folder):
            best = best_so_far(
                lambda axes, seed: EvoqEngine(axes, seed, settings=settings), landscape, self.budget, self.seed
            )
            rises = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist()]
            improved.append([[at, float(best[at])] for at in rises])
        return {"improved": improved}


def operator_runs(
    variants: Sequence[str], landscapes: LandscapeSet, seeds: int, budget: int, folder: Path
) -> list[OperatorRun]:
    """Return one run a variant and seed.

    Parameters
    ----------
    variants : sequence of str
        Of `VARIANTS`.
    landscapes : LandscapeSet
        What is searched.
    seeds : int
        How many, from 0.
    budget : int
        Evaluations on each landscape.
    folder : Path
        Of candle files.

    Returns
    -------
    list of OperatorRun
        Variant by variant.
    """
    digest = hashlib.sha256(b"".join(each.scores.tobytes() for each in landscapes.read(folder))).hexdigest()[:16]
    return [
        OperatorRun(VARIANTS[name], seed, budget, landscapes, digest, folder)
        for name in variants
        for seed in range(seeds)
    ]


def curves_of(records: Sequence[Mapping[str, Any]], budget: int) -> np.ndarray:
    """Return the best score found after each evaluation.

    Parameters
    ----------
    records : sequence of dict
        Of one variant, one a seed.
    budget : int
        Evaluations on each landscape.

    Returns
    -------
    ndarray of float64, shape (n_landscapes, n_seeds, budget)
        Never decreasing along the last axis.
    """
    curves = np.empty((len(records[0]["improved"]), len(records), budget))
    for seed, record in enumerate(records):
        for landscape, rises in enumerate(record["improved"]):
            for at, score in rises:
                curves[landscape, seed, at:] = score
    return curves
