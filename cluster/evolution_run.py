"""One run of evolution from its settings to its stored population: what `evoq evolve` does."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backtest import GradeRule
from cluster.candle_files import CandleFiles
from cluster.errors import UserError
from cluster.holdout import read_holdout
from cluster.interruption import Interruption
from cluster.leaderboard import THRESHOLD
from cluster.living_population import LivingPopulation
from cluster.markets import Markets, data_hash_of
from cluster.population_rows import population_rows
from cluster.ray_runner import RayRunner
from cluster.ray_session import RaySession
from cluster.run_evidence import RunEvidence
from cluster.run_journal import RunJournal
from cluster.run_settings import RunSettings
from cluster.run_surroundings import Desk
from cluster.stored_run import Result, StoredRun
from cluster.trial_ledger import TrialLedger, data_set
from evolution import (
    ENGINE_VERSION,
    BatchCommit,
    Evolution,
    Finalist,
    FoldSettings,
    Listener,
    Outcome,
    RunIdentity,
    StopReason,
    WalkForward,
    WalkForwardEvolution,
    Windows,
)
from evolution.objective import Market
from market import Clock
from storage import (
    ConfigRepository,
    ConflictError,
    Database,
    EvidenceRepository,
    RunRepository,
    StorageError,
    StrategyRepository,
    event_row,
)

__all__ = ["EvolutionRun"]


class EvolutionRun:
    """A run on given markets, stored in a database; a context manager that gives everything back.

    Parameters
    ----------
    settings : RunSettings
        What to do.
    markets : Markets
        The candles of `settings`, read.
    database : Database
        Where everything is kept.
    session : RaySession
        Where candidates are evaluated.
    clock : Clock
        Measures time.
    announce : callable
        Is told what is being done while evidence is gathered, for people who wait.
    """

    def __init__(
        self,
        settings: RunSettings,
        markets: Markets,
        database: Database,
        session: RaySession,
        clock: Clock,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.markets = markets
        n_bars = None if settings.n_bars is None else {_market(name): n for name, n in settings.n_bars.items()}
        candles = markets.candles
        if n_bars is not None and not settings.forever:  # files may have grown since the run began
            candles = tuple(one[: n_bars.get((one.symbol, one.timeframe))] for one in candles)
        self.windows = Windows(
            candles,
            settings.costs,
            None if settings.walk_forward is None else WalkForward.of(settings.walk_forward),
            None if settings.fitness is None else FoldSettings(**settings.fitness),
            n_bars,
        )
        self.settings = replace(
            settings,
            walk_forward=self.windows.plan.describe(),
            fitness=self.windows.folds.describe(),
            n_bars={" ".join(market): n for market, n in self.windows.n_bars.items()},
        )
        self._data_hash = data_hash_of(
            [one[: self.windows.n_bars[market]] for market, one in self.windows.candles.items()]
        )
        self._holdout = read_holdout(
            [Path(path) for path in settings.holdout], candles, settings.symbol, settings.timeframe
        )
        self._announce = announce
        self._session = session
        self._runner = RayRunner(self.windows.objective(0), session)
        self._held = ExitStack()
        self._held.callback(self._runner.close)
        self._runs = RunRepository(database.engine)
        self._strategies = StrategyRepository(database.engine)
        self._evidence = EvidenceRepository(database.engine)
        self._config = ConfigRepository(database.engine)
        self._ledger = TrialLedger(self._evidence, self.windows, clock, announce)
        self._clock = clock
        self.identity = RunIdentity.of(
            self.windows.spaces,
            population=settings.population,
            seed=settings.seed,
            data_hash=self._data_hash,
            costs_hash=settings.costs.cost_hash,
            objective_hash=self.windows.objective_hash,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def begin(self) -> StoredRun:
        """Store a new run.

        Returns
        -------
        StoredRun
            Nothing is evaluated yet.
        """
        if self._holdout is not None:
            self._holdout.check(self._evidence)
        self._evidence.know([data_set(candles) for candles in self.windows.candles.values()])
        run_id = self._runs.create(
            {
                "engine_version": str(ENGINE_VERSION),
                "seed": self.settings.seed,
                "settings": self.settings.describe(),
                "settings_hash": self.identity.hash,
                "data_hash": self._data_hash,
                "cost_hash": self.settings.costs.cost_hash,
                "origin": self.markets.origin,
                "host": socket.gethostname(),
                "pid": os.getpid(),
            }
        )
        self._held.enter_context(self._runs.claim(run_id))
        length = "for ever" if self.settings.forever else f"{self.settings.generations} generations"
        self._log(run_id, "started", f"{length}, population {self.settings.population:,}", (0, 0, 0))
        return StoredRun(run_id)

    def resume(self, run_id: str) -> StoredRun:
        """Take up a stored run.

        Parameters
        ----------
        run_id : str
            Its id.

        Returns
        -------
        StoredRun
            Where it stands.

        Raises
        ------
        UserError
            If the candles are no longer those it was started on, or more is asked of a run that has looked at its
            holdout.
        """
        self._runs.get(run_id)  # an unknown run is told before it is claimed
        self._held.enter_context(self._runs.claim(run_id))
        record = self._runs.get(run_id)
        if record.data_hash != self._data_hash:
            raise UserError(
                f"run {run_id} was started on other candles than {', '.join(self.settings.candles)} hold now; "
                "restore the files, or start a new run"
            )
        if not self.settings.forever and self.settings.generations < record.generation:
            raise UserError(
                f"run {run_id} is in generation {record.generation}; --generations must be at least that, was "
                f"{self.settings.generations}"
            )
        if self._holdout is not None and not self._ends_as(RunSettings.stored(record.settings)):
            self._holdout.check_again(run_id, self._evidence)
        self._evidence.know([data_set(candles) for candles in self.windows.candles.values()])
        more = self.settings.forever or self.settings.generations > int(record.settings["generations"])
        state = self._runs.resume(
            run_id, settings=self.settings.describe(), done_too=more, host=socket.gethostname(), pid=os.getpid()
        )
        stands = record.generation, record.round, record.evaluations
        self._log(run_id, "resumed", f"after {record.evaluations} evaluations", stands)
        return StoredRun(run_id, state.batch, state.data or None, record.evaluations, record.seconds or 0.0)

    def _ends_as(self, stored: RunSettings) -> bool:
        """Whether the run ends where it would have ended by other settings."""
        ends = ("generations", "target_score", "patience")
        return all(getattr(self.settings, name) == getattr(stored, name) for name in ends)

    def start_ray(self) -> None:
        """Start Ray now, rather than when the work pays for it."""
        self._runner.start()

    @property
    def dashboard_url(self) -> str | None:
        """Address of Ray's dashboard, once started."""
        return self._session.dashboard_url

    def evolve(
        self, run: StoredRun, interruption: Interruption, listener: Listener | None = None, desk: Desk | None = None
    ) -> tuple[Outcome, Result]:
        """Evolve until the end, the target or a signal; store every batch, and at last the population.

        Parameters
        ----------
        run : StoredRun
            What `begin` or `resume` returned.
        interruption : Interruption
            A signal ends the run after the batch in hand.
        listener : callable, optional
            Is told of every committed batch.
        desk : Desk, optional
            Where a run for ever gets its candles, and whom it obeys; by default it follows its candle files.

        Returns
        -------
        outcome : Outcome
            How it ended; a signal ends it as "request".
        result : Result
            What was stored.

        Raises
        ------
        ConflictError
            If another process has taken the run over.
        """
        began = self._clock.monotonic()
        desk = desk or Desk()

        def stored(events: Sequence[Mapping[str, Any]]) -> None:
            for event in events:
                desk.on_event(event_row(run.id, event))

        journal = RunJournal(self._runs, run.id, self._hashes(), self._clock, run.last_batch, stored)
        search = WalkForwardEvolution(
            Evolution(
                self._runner,
                self.windows.spaces,
                population=self.settings.population,
                seed=self.settings.seed,
                data_hash=self._data_hash,
                costs_hash=self.settings.costs.cost_hash,
                objective_hash=self.windows.objective_hash,
                journal=journal,
                listener=self._heard(listener, desk.is_paused, lambda: search.evolution.stop()),
                state=run.state,
            ),
            self.windows,
        )
        interruption.check()
        try:
            settings = self.settings
            living = self._living(run, search, journal, desk) if settings.forever else None
            with interruption.deferred(search.evolution.stop if living is None else living.stop):
                if living is None:
                    outcome = search.run(settings.generations, settings.target_score, settings.patience)
                else:
                    outcome = living.run(settings.target_score, settings.patience)
                journal.close()
            with interruption.deferred():
                interrupted = outcome.reason is StopReason.REQUEST
                if settings.forever and interrupted and not search.evolution.optimizer.generations_in_window:
                    # Few are scored again in this window: what its last generation stored stays, and is gone on from.
                    rows, evidence = self._stored(run), None
                else:
                    finalists = search.finalists() if settings.forever or not interrupted else None
                    rows, evidence = self._store(run, search, finalists)
                seconds = run.seconds + self._clock.monotonic() - began
                status = "interrupted" if interrupted else "done"
                stands = outcome.generation, outcome.round, outcome.evaluations
                stored([self._log(run.id, status, f"{outcome.reason} after {outcome.evaluations} evaluations", stands)])
                described = None if evidence is None else evidence.describe()
                self._runs.finish(run.id, status, outcome.population_hash, seconds, described)
        except ConflictError:
            raise  # the run is another process's now
        except BaseException as error:
            # What is not yet written is evaluated again on resume; a second Ctrl-C may have torn the state.
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            with suppress(StorageError):  # a database that is gone must not hide why the run ended
                self._runs.finish(run.id, status, seconds=run.seconds + self._clock.monotonic() - began)
            raise
        counts = self._strategies.counts(THRESHOLD, run_id=run.id)
        return outcome, Result(rows, counts, evidence, seconds, self._runner.on_workers)

    def _living(
        self, run: StoredRun, search: WalkForwardEvolution, journal: RunJournal, desk: Desk
    ) -> LivingPopulation:
        """Return the population that follows its markets."""
        settings = self.settings
        files = CandleFiles(settings.paths, settings.symbol, settings.timeframe, self._clock)

        def after_generation() -> None:
            journal.flush()
            # Of those alone who are frozen: a look at the test span after each generation would be a search on it.
            rows, _ = self._store(run, search, search.evolution.optimizer.finalists)
            desk.on_generation(rows)

        def after_roll() -> None:
            self._evidence.know([data_set(candles) for candles in self.windows.candles.values()])
            journal.on(self._hashes())

        last_s = self._config.get().auto_trading.evolution_interval

        def interval_s() -> float:
            nonlocal last_s
            with suppress(StorageError):  # a database that is away for a moment does not end a rest
                last_s = self._config.get().auto_trading.evolution_interval
            return last_s if settings.interval_s is None else settings.interval_s

        return LivingPopulation(
            search,
            desk.source or files.read,
            self._clock,
            interval_s,
            settings.generations_per_window,
            after_generation,
            after_roll,
            desk.is_paused,
        )

    def _heard(self, listener: Listener | None, is_paused: Callable[[], bool], stop: Callable[[], None]) -> Listener:
        """Return a listener that tells the ledger of trials and another one of commits, and stops for a pause."""

        def heard(commit: BatchCommit) -> None:
            if self.settings.forever:
                self._ledger.observe(commit)
            if listener is not None:
                listener(commit)
            if is_paused():
                stop()

        return heard

    def _hashes(self) -> dict[Market, str]:
        return {market: candles.data_hash for market, candles in self.windows.candles.items()}

    def _store(
        self, run: StoredRun, search: WalkForwardEvolution, finalists: Sequence[Finalist] | None
    ) -> tuple[Sequence[Mapping[str, Any]], RunEvidence | None]:
        """Score members and finalists (None: gather no evidence), store them, and return the rows, best SCS first."""
        evidence = None
        if finalists is not None:
            trials = self._ledger.count()
            whole = None
            if self._holdout is not None:
                try:
                    self._holdout.touch(run.id, self._evidence)
                    whole = self._holdout.appended(self.windows)
                except ConflictError as error:  # somebody was faster; what was evolved is none the worse for it
                    self._announce(f"the holdout stays closed: {error}")
            self._announce(f"scoring {len(finalists)} finalists on what their selection never saw")
            evidence = RunEvidence.gather(
                finalists, search.evolution.optimizer.population, self.windows, trials, self._rule(), whole
            )
        rows = population_rows(
            search.evolution.optimizer.population,
            self.windows,
            search.window,
            self.identity.schedule,
            {} if evidence is None else evidence.trials,
            () if evidence is None else evidence.finalists,
        )
        self._strategies.replace_population(run.id, rows)
        if evidence is not None:
            for strategy, curves in evidence.curves(run.id).items():
                self._evidence.keep_curves(strategy, curves)
        return self._stored(run), evidence

    def _stored(self, run: StoredRun) -> Sequence[Mapping[str, Any]]:
        """Return the stored population, best SCS first."""
        stored: list[Mapping[str, Any]] = []
        while True:
            page = self._strategies.leaderboard(limit=500, offset=len(stored), sort="-scs", run_id=run.id)
            stored += page.items
            if not page.items or len(stored) >= page.total:
                return stored

    def _rule(self) -> GradeRule:
        config = self._config.get()
        return GradeRule(config.auto_trading.real_trading_threshold, max(config.management.min_oos_trades, 1))

    def _log(self, run_id: str, event: str, message: str, stands: tuple[int, int, int]) -> Mapping[str, Any]:
        """Store an event, with generation, round and evaluations; return it."""
        figures = dict(zip(("generation", "round", "evaluations"), stands, strict=True))
        row = {"ts": self._clock.now_ms(), "event": event, "message": message, "details": {"figures": figures}}
        self._runs.log(run_id, [row])
        return row


def _market(name: str) -> Market:
    symbol, _, timeframe = name.partition(" ")
    return symbol, timeframe
