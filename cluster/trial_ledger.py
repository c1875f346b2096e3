"""The honest count: how many strategies were ever tried on each market of a run, and what luck alone would show."""

import hashlib
import io
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from backtest import PreparedCandles, TrialClusters, TrialStatistics, add_trials, prepare, trial_clusters
from evolution import BatchCommit, Species, Windows
from evolution.objective import Market
from market import Candles
from storage import EvidenceRepository, InvalidValueError
from strategies import StrategySpec

__all__ = ["TrialLedger", "data_set"]

_GROWTH = 1.1
_MANY = 500  # trials whose backtests take long enough to be announced
_STILL_ALIKE = 0.8  # share of the candles on which kept clusters were made, from which they still serve

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
    still begins with those, only new ones are added. Trials are compared over the whole window of this run, whatever
    part of it they were selected on. A population that lives keeps to the candles on which it first counted, and is
    told of new trials (`observe`): otherwise every candle would ask for all backtests of its life again. What other
    processes have tried meanwhile is read when the database holds more than that.

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
        self._accounts: dict[Market, _Account] = {}

    def observe(self, commit: BatchCommit) -> None:
        """Take trials that are evaluated and will be stored; before the first `count` they are read from there.

        Parameters
        ----------
        commit : BatchCommit
            What a run has committed.
        """
        in_stored_order = sorted(commit.candidates, key=lambda one: (str(one.species), one.child))
        for candidate in in_stored_order:
            account = self._accounts.get(candidate.species.market)
            if account is not None:
                account.genomes.setdefault((str(candidate.species), candidate.parameters))

    def count(self) -> dict[Market, TrialStatistics]:
        """Return what stands in the ledger now.

        Returns
        -------
        dict of (symbol, timeframe) to TrialStatistics
            Raw numbers count the neighbours as well, as many as a genome has at most: each was a backtest.
        """
        self._evidence.know([data_set(candles) for candles in self._windows.candles.values()])
        found = {}
        for market, candles in self._windows.whole.items():
            data_hash = candles.candles.data_hash
            if market not in self._accounts:
                self._accounts[market] = self._opened(candles.candles)
            account = self._accounts[market]
            stored = self._evidence.trial_count(data_hash)
            if stored.distinct > len(account.genomes) + account.unknown:  # other runs have tried more meanwhile
                self._catch_up(account, data_hash)
            self._enter(market, account)
            raw = stored.raw * (1 + self._windows.folds.neighbours)
            statistics = TrialStatistics.of(account.clusters, len(account.candles), raw)
            found[market] = replace(statistics, n_returns=len(candles))
        return found

    def _opened(self, candles: Candles) -> "_Account":
        """Return the account of a market, with what is kept of it."""
        cost_hash = self._windows.costs.cost_hash
        stored = self._evidence.genomes(candles.data_hash)
        genomes = dict.fromkeys(genome for genome in stored if _is_known(genome, self._windows))
        unknown = len(stored) - len(genomes)
        for data_hash, n_candles in self._evidence.kept_clusters(candles.data_hash, cost_hash):
            if n_candles < _STILL_ALIKE * len(candles):
                break
            known = candles[:n_candles]
            kept = self._evidence.clusters(data_hash, cost_hash) if known.data_hash == data_hash else None
            if kept is not None and kept[0] <= len(genomes) and kept[1][:32] == _digest(islice(genomes, kept[0])):
                with np.load(io.BytesIO(kept[1][32:]), allow_pickle=False) as arrays:
                    clusters = TrialClusters.from_arrays(dict(arrays))
                return _Account(prepare(known), clusters, genomes, unknown, kept[0], kept[0])
        prepared = prepare(candles)
        return _Account(prepared, trial_clusters(prepared), genomes, unknown)

    def _catch_up(self, account: "_Account", data_hash: str) -> None:
        """Take what is stored and was not observed."""
        stored = self._evidence.genomes(data_hash)
        known = [genome for genome in stored if _is_known(genome, self._windows)]
        for genome in known:
            account.genomes.setdefault(genome)
        account.unknown = len(stored) - len(known)

    def _enter(self, market: Market, account: "_Account") -> None:
        """Add what is new to the clusters, and keep them when a tenth of them is."""
        new = len(account.genomes) - account.entered
        if not new:
            return
        if new > _MANY:
            self._announce(f"counting {new:,} trials on {' '.join(market)}")
        specs = (_spec(genome, self._windows) for genome in islice(account.genomes, account.entered, None))
        add_trials(account.clusters, specs, account.candles, self._windows.costs)
        account.entered = len(account.genomes)
        if account.entered >= _GROWTH * account.kept:
            state = _packed(account.clusters, _digest(account.genomes))
            data_hash, cost_hash = account.candles.candles.data_hash, self._windows.costs.cost_hash
            with suppress(InvalidValueError):  # too large to be kept: they are made anew each time
                self._evidence.keep_clusters(data_hash, cost_hash, account.entered, state)
            account.kept = account.entered


@dataclass(slots=True)
class _Account:
    """The trials of one market.

    Attributes
    ----------
    candles : PreparedCandles
        What they are compared on.
    clusters : TrialClusters
        Of the first `entered` genomes.
    genomes : dict of Genome to None
        All distinct ones, in the order in which they were first tried, or heard of.
    unknown : int
        Stored ones that cannot be backtested, and are not among them.
    entered : int
        How many of them are in the clusters.
    kept : int
        How many are in the clusters that the database keeps.
    """

    candles: PreparedCandles
    clusters: TrialClusters
    genomes: dict[Genome, None]
    unknown: int = 0
    entered: int = 0
    kept: int = 0


def _is_known(genome: Genome, windows: Windows) -> bool:
    """Whether a genome can be backtested: a strategy type of a plug-in may be gone."""
    space = windows.spaces.get(Species(*genome[0].split(" ")))
    return space is not None and len(space) == len(genome[1])


def _spec(genome: Genome, windows: Windows) -> StrategySpec:
    species = Species(*genome[0].split(" "))
    return StrategySpec(species.type, dict(zip(windows.spaces[species].names, genome[1], strict=True)))


def _digest(genomes: Iterable[Genome]) -> bytes:
    digest = hashlib.sha256()
    for name, parameters in genomes:
        digest.update(name.encode() + struct.pack(f"<{len(parameters)}d", *parameters))
    return digest.digest()


def _packed(clusters: TrialClusters, digest: bytes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **clusters.to_arrays())  # type: ignore[arg-type]  # its keywords are arrays, but for one
    return digest + buffer.getvalue()
