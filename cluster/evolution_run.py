"""One run of evolution from its settings to its stored population: what `evoq evolve` does."""

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backtest import Costs
from cluster.errors import UserError
from cluster.interruption import Interruption
from cluster.leaderboard import THRESHOLD
from cluster.markets import Markets
from cluster.population_rows import population_rows
from cluster.ray_runner import RayRunner
from cluster.ray_session import RaySession
from cluster.run_journal import RunJournal
from evolution import ENGINE_VERSION, Evolution, Listener, Member, Outcome, RunIdentity, StopReason
from evolution.objective import ScsObjective
from market import Clock
from storage import ConflictError, Database, RunRepository, StorageError, StrategyCounts, StrategyRepository

__all__ = ["EvolutionRun", "Result", "RunSettings", "StoredRun"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run was asked to do; stored with it, so that it can go on by its id alone.

    Attributes
    ----------
    candles : tuple of str
        Absolute paths of the candle files.
    symbol, timeframe : str or None
        What the user said where the file does not.
    population, generations, seed : int
        Of the evolution.
    fee_bps, slippage_bps : float
        Costs of a fill.
    target_score : float or None
        Fitness that ends the run early.
    """

    candles: tuple[str, ...]
    symbol: str | None
    timeframe: str | None
    population: int
    generations: int
    seed: int
    fee_bps: float
    slippage_bps: float
    target_score: float | None

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> "RunSettings":
        """Return the settings that `RunRepository` stored.

        Parameters
        ----------
        values : mapping
            JSON values, written by `describe`.

        Returns
        -------
        RunSettings
            As the run was started.
        """
        return cls(**{**values, "candles": tuple(values["candles"])})

    def describe(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {**asdict(self), "candles": list(self.candles)}

    @property
    def costs(self) -> Costs:
        """Fee and slippage."""
        return Costs(self.fee_bps, self.slippage_bps)

    @property
    def paths(self) -> list[Path]:
        """The candle files."""
        return [Path(path) for path in self.candles]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run in the database, and where it goes on.

    Attributes
    ----------
    id : str
        Its id.
    last_batch : int
        Last stored batch, -1 for none.
    state : bytes or None
        State after it.
    evaluations : int
        Committed so far.
    seconds : float
        Time already spent on it.
    """

    id: str
    last_batch: int = -1
    state: bytes | None = None
    evaluations: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a run left behind.

    Attributes
    ----------
    rows : sequence of mapping
        The stored population, best SCS first.
    counts : StrategyCounts
        How many of it pass which bar.
    seconds : float
        Time spent on the run, over all processes that worked on it.
    on_workers : int
        Candidates that Ray's workers evaluated for this process.
    """

    rows: Sequence[Mapping[str, Any]]
    counts: StrategyCounts
    seconds: float
    on_workers: int


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
    """

    def __init__(
        self, settings: RunSettings, markets: Markets, database: Database, session: RaySession, clock: Clock
    ) -> None:
        self.settings = settings
        self.markets = markets
        self._prepared = markets.prepared()
        self._session = session
        self._runner = RayRunner(ScsObjective(self._prepared, settings.costs), session)
        self._held = ExitStack()
        self._held.callback(self._runner.close)
        self._runs = RunRepository(database.engine)
        self._strategies = StrategyRepository(database.engine)
        self._clock = clock
        self.identity = RunIdentity.of(
            markets.spaces(),
            population=settings.population,
            seed=settings.seed,
            data_hash=markets.data_hash,
            costs_hash=settings.costs.cost_hash,
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
        run_id = self._runs.create(
            {
                "engine_version": str(ENGINE_VERSION),
                "seed": self.settings.seed,
                "settings": self.settings.describe(),
                "settings_hash": self.identity.hash,
                "data_hash": self.markets.data_hash,
                "cost_hash": self.settings.costs.cost_hash,
                "origin": self.markets.origin,
                "host": socket.gethostname(),
                "pid": os.getpid(),
            }
        )
        self._held.enter_context(self._runs.claim(run_id))
        self._log(run_id, "started", f"{self.settings.generations} generations of {self.settings.population}")
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
            If the candles are no longer those it was started on.
        """
        self._runs.get(run_id)  # an unknown run is told before it is claimed
        self._held.enter_context(self._runs.claim(run_id))
        record = self._runs.get(run_id)
        if record.data_hash != self.markets.data_hash:
            raise UserError(
                f"run {run_id} was started on other candles than {', '.join(self.settings.candles)} hold now; "
                "restore the files, or start a new run"
            )
        if self.settings.generations < record.generation:
            raise UserError(
                f"run {run_id} is in generation {record.generation}; --generations must be at least that, was "
                f"{self.settings.generations}"
            )
        more = self.settings.generations > int(record.settings["generations"])
        state = self._runs.resume(
            run_id, settings=self.settings.describe(), done_too=more, host=socket.gethostname(), pid=os.getpid()
        )
        self._log(run_id, "resumed", f"after {record.evaluations} evaluations")
        return StoredRun(run_id, state.batch, state.data or None, record.evaluations, record.seconds or 0.0)

    def start_ray(self) -> None:
        """Start Ray now, rather than when the work pays for it."""
        self._runner.start()

    @property
    def dashboard_url(self) -> str | None:
        """Address of Ray's dashboard, once started."""
        return self._session.dashboard_url

    def evolve(
        self, run: StoredRun, interruption: Interruption, listener: Listener | None = None
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
        hashes = {(candles.symbol, candles.timeframe): candles.data_hash for candles in self.markets.candles}
        journal = RunJournal(self._runs, run.id, hashes, self._clock, run.last_batch)
        evolution = Evolution(
            self._runner,
            self.markets.spaces(),
            population=self.settings.population,
            seed=self.settings.seed,
            data_hash=self.markets.data_hash,
            costs_hash=self.settings.costs.cost_hash,
            journal=journal,
            listener=listener,
            state=run.state,
        )
        interruption.check()
        try:
            with interruption.deferred(evolution.stop):
                outcome = evolution.run(self.settings.generations, self.settings.target_score)
                journal.close()
            with interruption.deferred():
                rows = self._store(run, evolution.optimizer.population)
                seconds = run.seconds + self._clock.monotonic() - began
                status = "interrupted" if outcome.reason is StopReason.REQUEST else "done"
                self._log(run.id, status, f"{outcome.reason} after {outcome.evaluations} evaluations")
                self._runs.finish(run.id, status, outcome.population_hash, seconds)
        except ConflictError:
            raise  # the run is another process's now
        except BaseException as error:
            # What is not yet written is evaluated again on resume; a second Ctrl-C may have torn the state.
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            with suppress(StorageError):  # a database that is gone must not hide why the run ended
                self._runs.finish(run.id, status, seconds=run.seconds + self._clock.monotonic() - began)
            raise
        counts = self._strategies.counts(THRESHOLD, run_id=run.id)
        return outcome, Result(rows, counts, seconds, self._runner.on_workers)

    def _store(self, run: StoredRun, members: Sequence[Member]) -> Sequence[Mapping[str, Any]]:
        """Score members on their whole market, store them, and return the stored rows, best SCS first."""
        rows = population_rows(members, self._prepared, self.settings.costs, self.identity.schedule)
        self._strategies.replace_population(run.id, rows)
        stored: list[Mapping[str, Any]] = []
        while True:
            page = self._strategies.leaderboard(limit=500, offset=len(stored), sort="-scs", run_id=run.id)
            stored += page.items
            if not page.items or len(stored) >= page.total:
                return stored

    def _log(self, run_id: str, event: str, message: str) -> None:
        self._runs.log(run_id, [{"ts": self._clock.now_ms(), "event": event, "message": message}])
