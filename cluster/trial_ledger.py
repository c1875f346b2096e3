"""The honest count: how many strategies were ever tried on each market of a run, and what luck alone would show."""

import hashlib
import io
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

import numpy as np

from backtest import EvidenceError, PreparedCandles, TrialClusters, TrialStatistics, add_trials, prepare, trial_clusters
from cluster.genome_set import Genome, GenomeSet
from evolution import BatchCommit, Species, Windows
from evolution.objective import Market
from market import Candles, Clock
from storage import EvidenceRepository, InvalidValueError
from strategies import StrategySpec

__all__ = ["TrialLedger", "data_set"]

_GROWTH = 1.1
_ASKED_EVERY_S = 600.0
_MANY = 500  # trials whose backtests take long enough to be announced
_STILL_ALIKE = 0.8  # share of the candles on which kept clusters were made, from which they still serve


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
    told of new trials (`observe`): otherwise every candle would ask for all backtests of its life again.

    A genome is remembered whole until it is in the clusters, and afterwards by a digest of 16 bytes. The database is
    asked how many trials there are when a market is first counted, and then every ten minutes at most: in between
    what was observed is added. What other processes have tried meanwhile is read when the database holds more
    genomes than are known. The number never falls behind what this run has tried itself.

    Parameters
    ----------
    evidence : EvidenceRepository
        Where trials are stored, those of this run included.
    windows : Windows
        The markets.
    clock : Clock
        Tells when ten minutes have passed.
    announce : callable
        Is told what is being done, for people who wait.
    """

    def __init__(
        self,
        evidence: EvidenceRepository,
        windows: Windows,
        clock: Clock,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._evidence = evidence
        self._windows = windows
        self._clock = clock
        self._announce = announce
        self._accounts: dict[Market, _Account] = {}
        self._observed = -1

    def observe(self, commit: BatchCommit) -> None:
        """Take trials that are evaluated and will be stored; before the first `count` they are read from there.

        Parameters
        ----------
        commit : BatchCommit
            What a run has committed; a batch that is not later than the last one observed is left out.
        """
        if commit.batch <= self._observed:
            return
        self._observed = commit.batch
        in_stored_order = sorted(commit.candidates, key=lambda one: (str(one.species), one.child))
        for candidate in in_stored_order:
            account = self._accounts.get(candidate.species.market)
            if account is not None:
                account.raw += 1
                account.take((str(candidate.species), candidate.parameters))

    def count(self) -> dict[Market, TrialStatistics]:
        """Return what stands in the ledger now.

        Returns
        -------
        dict of (symbol, timeframe) to TrialStatistics
            Raw numbers count the neighbours as well, as many as a genome has at most: each was a backtest.
        """
        found = {}
        for market, candles in self._windows.whole.items():
            account = self._asked(market, candles.candles)
            self._enter(market, account)
            raw = account.raw * (1 + self._windows.folds.neighbours)
            statistics = TrialStatistics.of(account.clusters, len(account.candles), raw)
            found[market] = replace(statistics, n_returns=len(candles))
        return found

    def _asked(self, market: Market, candles: Candles) -> "_Account":
        """Return the account of a market, as the database had it ten minutes ago at most."""
        account, now_s = self._accounts.get(market), self._clock.monotonic()
        if account is not None and now_s - account.asked_s < _ASKED_EVERY_S:
            return account
        self._evidence.know([data_set(candles)])
        if account is None:
            account = self._accounts[market] = self._opened(candles)
        stored = self._evidence.trial_count(candles.data_hash)
        if stored.distinct > len(account.tried) + account.unknown:  # other runs have tried more meanwhile
            with closing(self._evidence.genomes(candles.data_hash)) as genomes:
                self._take(account, genomes)
        account.raw = max(account.raw, stored.raw)  # what was observed is perhaps not stored yet
        account.asked_s = now_s
        return account

    def _opened(self, candles: Candles) -> "_Account":
        """Return the account of a market, with what is kept of it."""
        for data_hash, n_candles in self._evidence.kept_clusters(candles.data_hash, self._windows.costs.cost_hash):
            if n_candles < _STILL_ALIKE * len(candles):
                break
            known = candles[:n_candles]
            account = self._taken_up(known, candles.data_hash) if known.data_hash == data_hash else None
            if account is not None:
                return account
        prepared = prepare(candles)
        account = _Account(prepared, trial_clusters(prepared))
        with closing(self._evidence.genomes(candles.data_hash)) as stored:
            self._take(account, stored)
        return account

    def _taken_up(self, known: Candles, data_hash: str) -> "_Account | None":
        """Return an account with the clusters kept on some candles; None if the list of genomes begins otherwise."""
        kept = self._evidence.clusters(known.data_hash, self._windows.costs.cost_hash)
        if kept is None:
            return None
        n_genomes, state = kept
        tried, entered, unknown = GenomeSet(), _Entered(), 0
        with closing(self._evidence.genomes(data_hash)) as stored:
            while entered.n < n_genomes and (genome := next(stored, None)) is not None:
                if not _is_known(genome, self._windows):
                    unknown += 1
                elif tried.add(genome):
                    entered.add(genome)
            if (entered.n, entered.digest()) != (n_genomes, state[:32]):
                return None
            try:
                with np.load(io.BytesIO(state[32:]), allow_pickle=False) as arrays:
                    clusters = TrialClusters.from_arrays(dict(arrays))
            except EvidenceError:  # kept by an earlier version: they are made anew
                return None
            account = _Account(prepare(known), clusters, tried, entered=entered, kept=n_genomes)
            self._take(account, stored)
        account.unknown += unknown
        return account

    def _take(self, account: "_Account", stored: Iterable[Genome]) -> None:
        """Take what is stored and was neither read before nor observed."""
        account.unknown = 0
        for genome in stored:
            if _is_known(genome, self._windows):
                account.take(genome)
            else:
                account.unknown += 1

    def _enter(self, market: Market, account: "_Account") -> None:
        """Add what is new to the clusters, and keep them when a tenth of them is."""
        new = len(account.waiting)
        if not new:
            return
        if new > _MANY:
            self._announce(f"counting {new:,} trials on {' '.join(market)}")
        specs = (_spec(genome, self._windows) for genome in account.entering())
        add_trials(account.clusters, specs, account.candles, self._windows.costs)
        if account.entered.n >= _GROWTH * account.kept:
            state = _packed(account.clusters, account.entered.digest())
            data_hash, cost_hash = account.candles.candles.data_hash, self._windows.costs.cost_hash
            with suppress(InvalidValueError):  # too large to be kept: they are made anew each time
                self._evidence.keep_clusters(data_hash, cost_hash, account.entered.n, state)
            account.kept = account.entered.n


class _Entered:
    """The genomes that clusters were made of, in their order: how many, and a digest."""

    def __init__(self) -> None:
        self.n = 0
        self._sha256 = hashlib.sha256()

    def add(self, genome: Genome) -> None:
        name, parameters = genome
        self._sha256.update(name.encode() + struct.pack(f"<{len(parameters)}d", *parameters))
        self.n += 1

    def digest(self) -> bytes:
        return self._sha256.digest()


@dataclass(slots=True)
class _Account:
    """The trials of one market.

    Attributes
    ----------
    candles : PreparedCandles
        What they are compared on.
    clusters : TrialClusters
        Of the genomes that are entered.
    tried : GenomeSet
        All distinct genomes that can be backtested.
    waiting : deque of Genome
        Those that are not entered yet, in the order in which they were first tried, or heard of.
    entered : _Entered
        All others.
    kept : int
        How many are in the clusters that the database keeps.
    unknown : int
        Stored genomes that cannot be backtested.
    raw : int
        All trials, repetitions included.
    asked_s : float
        When the database was asked last, by the clock's monotonic seconds.
    """

    candles: PreparedCandles
    clusters: TrialClusters
    tried: GenomeSet = field(default_factory=GenomeSet)
    waiting: deque[Genome] = field(default_factory=deque)
    entered: _Entered = field(default_factory=_Entered)
    kept: int = 0
    unknown: int = 0
    raw: int = 0
    asked_s: float = 0.0

    def take(self, genome: Genome) -> None:
        """Let a genome wait that is new."""
        if self.tried.add(genome):
            self.waiting.append(genome)

    def entering(self) -> Iterator[Genome]:
        """Yield the genomes that wait, which are entered then."""
        while self.waiting:
            genome = self.waiting.popleft()
            self.entered.add(genome)
            yield genome


def _is_known(genome: Genome, windows: Windows) -> bool:
    """Whether a genome can be backtested: a strategy type of a plug-in may be gone."""
    space = windows.spaces.get(Species(*genome[0].split(" ")))
    return space is not None and len(space) == len(genome[1])


def _spec(genome: Genome, windows: Windows) -> StrategySpec:
    species = Species(*genome[0].split(" "))
    return StrategySpec(species.type, dict(zip(windows.spaces[species].names, genome[1], strict=True)))


def _packed(clusters: TrialClusters, digest: bytes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **clusters.to_arrays())  # type: ignore[arg-type]  # its keywords are arrays, but for one
    return digest + buffer.getvalue()
