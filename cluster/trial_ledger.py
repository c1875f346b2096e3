"""The honest count: how many strategies were ever tried on each market of a run, and what luck alone would show."""

import hashlib
import io
import itertools
import struct
from collections.abc import Callable, Sequence

import numpy as np

from backtest import PreparedCandles, TrialClusters, TrialStatistics, add_trials, trial_clusters
from evolution import Species, Windows
from evolution.objective import Market
from storage import EvidenceRepository
from strategies import StrategySpec

__all__ = ["count_trials", "data_set"]

Genome = tuple[str, tuple[float, ...]]
"""A species and the parameters of one of its strategies."""


def data_set(candles: PreparedCandles) -> dict[str, object]:
    """Return what storage remembers of candles.

    Parameters
    ----------
    candles : PreparedCandles
        One market.

    Returns
    -------
    dict
        As `EvidenceRepository.know` takes it.
    """
    one = candles.candles
    return {
        "data_hash": one.data_hash,
        "origin": one.origin,
        "venue": one.venue,
        "symbol": one.symbol,
        "timeframe": one.timeframe,
        "first_time": int(one.timestamp[0]),
        "last_time": int(one.timestamp[-1]),
        "n_candles": len(one),
    }


def count_trials(
    evidence: EvidenceRepository, windows: Windows, announce: Callable[[str], None] = lambda _: None
) -> dict[Market, TrialStatistics]:
    """Count everything that was ever tried on the markets of a run, in this run and in all others.

    Parameters
    ----------
    evidence : EvidenceRepository
        Where trials are stored, those of this run included.
    windows : Windows
        The markets.
    announce : callable
        Is told what is being done, for people who wait.

    Returns
    -------
    dict of (symbol, timeframe) to TrialStatistics
        Raw numbers count the neighbours as well, as many as a genome has at most: each was a backtest.

    Notes
    -----
    Clusters are kept in the database with a digest of the genomes they were made of: as long as the list of genomes
    still begins with those, only new ones are added. They are compared over the whole window of this run, whatever
    part of it they were selected on.
    """
    return {market: _count(evidence, windows, market, candles, announce) for market, candles in windows.whole.items()}


def _count(
    evidence: EvidenceRepository,
    windows: Windows,
    market: Market,
    candles: PreparedCandles,
    announce: Callable[[str], None],
) -> TrialStatistics:
    data_hash, cost_hash = candles.candles.data_hash, windows.costs.cost_hash
    genomes = [genome for genome in evidence.genomes(data_hash) if _is_known(genome, windows)]
    clusters, known = _restored(evidence.clusters(data_hash, cost_hash), genomes, candles)
    if len(genomes) > known:
        announce(f"counting {len(genomes) - known:,} trials on {' '.join(market)}")
        add_trials(clusters, (_spec(genome, windows) for genome in genomes[known:]), candles, windows.costs)
        evidence.keep_clusters(data_hash, cost_hash, len(genomes), _packed(clusters, _digest(genomes)))
    raw = evidence.trial_count(data_hash).raw * (1 + windows.folds.neighbours)
    return TrialStatistics.of(clusters, len(candles), raw)


def _is_known(genome: Genome, windows: Windows) -> bool:
    """Whether a genome can be backtested: a strategy type of a plug-in may be gone."""
    space = windows.spaces.get(Species(*genome[0].split(" ")))
    return space is not None and len(space) == len(genome[1])


def _spec(genome: Genome, windows: Windows) -> StrategySpec:
    species = Species(*genome[0].split(" "))
    return StrategySpec(species.type, dict(zip(windows.spaces[species].names, genome[1], strict=True)))


def _digest(genomes: Sequence[Genome]) -> bytes:
    digest = hashlib.sha256()
    for name, parameters in genomes:
        digest.update(name.encode() + struct.pack(f"<{len(parameters)}d", *parameters))
    return digest.digest()


def _packed(clusters: TrialClusters, digest: bytes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **clusters.to_arrays())  # type: ignore[arg-type]  # its keywords are arrays, but for one
    return digest + buffer.getvalue()


def _restored(
    kept: tuple[int, bytes] | None, genomes: Sequence[Genome], candles: PreparedCandles
) -> tuple[TrialClusters, int]:
    """Return stored clusters and how many genomes are in them; empty ones where the list begins otherwise now."""
    if kept is not None:
        count, state = kept
        if count <= len(genomes) and state[:32] == _digest(list(itertools.islice(genomes, count))):
            with np.load(io.BytesIO(state[32:]), allow_pickle=False) as arrays:
                return TrialClusters.from_arrays(dict(arrays)), count
    return trial_clusters(candles), 0
