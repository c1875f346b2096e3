"""The honest count: how many strategies were ever tried on each market of a run, and what luck alone would show."""

import hashlib
import io
import itertools
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from backtest import PreparedCandles, TrialClusters, TrialStatistics, add_trials, trial_clusters
from evolution import Species, Windows
from evolution.objective import Market
from market import Candles
from storage import EvidenceRepository, InvalidValueError
from strategies import StrategySpec

__all__ = ["TrialLedger", "data_set"]

_GROWTH = 1.1

Genome = tuple[str, tuple[float, ...]]
"""A species and the parameters of one of its strategies."""


def data_set(candles: Candles) -> dict[str, object]:
    """Return what storage remembers of candles.

    Parameters
    ----------
    candles : Candles
        One market.

    Returns
    -------
    dict
        As `EvidenceRepository.know` takes it.
    """
    return {
        "data_hash": candles.data_hash,
        "origin": candles.origin,
        "venue": candles.venue,
        "symbol": candles.symbol,
        "timeframe": candles.timeframe,
        "first_time": int(candles.timestamp[0]),
        "last_time": int(candles.timestamp[-1]),
        "n_candles": len(candles),
    }


class TrialLedger:
    """Counts everything that was ever tried on the markets of a run, in this run and in all others.

    Clusters are kept in the database with a digest of the genomes they were made of: as long as the list of genomes
    still begins with those, only new ones are added. They are compared over the whole window of this run, whatever
    part of it they were selected on.

    Parameters
    ----------
    evidence : EvidenceRepository
        Where trials are stored, those of this run included.
    windows : Windows
        The markets.
    announce : callable
        Is told what is being done, for people who wait.
    """

    def __init__(
        self, evidence: EvidenceRepository, windows: Windows, announce: Callable[[str], None] = lambda _: None
    ) -> None:
        self._evidence = evidence
        self._windows = windows
        self._announce = announce
        self._counted: dict[Market, TrialStatistics] = {}

    def count(self) -> dict[Market, TrialStatistics]:
        """Return what stands in the ledger now.

        Returns
        -------
        dict of (symbol, timeframe) to TrialStatistics
            Raw numbers count the neighbours as well, as many as a genome has at most: each was a backtest. On a run
            that goes on for ever, clusters are counted anew whenever the raw number has grown by a tenth.
        """
        found = {}
        for market, candles in self._windows.whole.items():
            raw = self._evidence.trial_count(candles.candles.data_hash).raw * (1 + self._windows.folds.neighbours)
            counted = self._counted.get(market)
            if counted is None or raw > _GROWTH * counted.n_trials:
                clusters = self._clusters(market, candles)
                counted = self._counted[market] = TrialStatistics.of(clusters, len(candles), raw)
            found[market] = replace(counted, n_trials=raw, n_returns=len(candles))
        return found

    def _clusters(self, market: Market, candles: PreparedCandles) -> TrialClusters:
        data_hash, costs = candles.candles.data_hash, self._windows.costs
        genomes = [genome for genome in self._evidence.genomes(data_hash) if _is_known(genome, self._windows)]
        clusters, known = _restored(self._evidence.clusters(data_hash, costs.cost_hash), genomes, candles)
        if len(genomes) > known:
            self._announce(f"counting {len(genomes) - known:,} trials on {' '.join(market)}")
            add_trials(clusters, (_spec(genome, self._windows) for genome in genomes[known:]), candles, costs)
            state = _packed(clusters, _digest(genomes))
            with suppress(InvalidValueError):  # too large to be kept: they are made anew each time
                self._evidence.keep_clusters(data_hash, costs.cost_hash, len(genomes), state)
        return clusters


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
