"""One run of evolution from its settings to its stored population: what `evoq evolve` does."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM, getsignal, signal
from types import FrameType
from typing import Any

from backtest import Costs
from cluster.errors import UserError
from cluster.leaderboard import THRESHOLD
from cluster.markets import Markets
from cluster.population_rows import population_rows
from cluster.ray_runner import RayRunner
from cluster.ray_session import RaySession
from cluster.run_journal import RunJournal
from evolution import ENGINE_VERSION, Evolution, Listener, Outcome, RunIdentity, StopReason
from evolution.objective import ScsObjective
from market import Clock
from storage import Database, RunRepository, StorageError, StrategyCounts, StrategyRepository

__all__ = ["EvolutionRun", "RunSettings", "StoredRun"]


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


class EvolutionRun:
    """A run on given markets, stored in a database.

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

    def begin(self) -> StoredRun:
        """Store a new run.

        Returns
        -------
        StoredRun
            Nothing is evaluated yet.
        """
        return StoredRun(
            self._runs.create(
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
        )

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
        return StoredRun(run_id, state.batch, state.data or None, record.evaluations, record.seconds or 0.0)

    def start_ray(self) -> None:
        """Start Ray now, rather than when the work pays for it."""
        self._runner.start()

    @property
    def dashboard_url(self) -> str | None:
        """Address of Ray's dashboard, once started."""
        return self._session.dashboard_url

    def evolve(self, run: StoredRun, listener: Listener | None = None) -> Outcome:
        """Evolve until the end, the target or a signal, and store every batch.

        Parameters
        ----------
        run : StoredRun
            What `begin` or `resume` returned.
        listener : callable, optional
            Is told of every committed batch.

        Returns
        -------
        Outcome
            How it ended; a signal ends it as "request".
        """
        began = self._clock.monotonic()
        hashes = {(candles.symbol, candles.timeframe): candles.data_hash for candles in self.markets.candles}
        journal = RunJournal(self._runs, run.id, hashes, self._clock, run.last_batch)
        self._evolution = Evolution(
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
        try:
            with _stopping_on_signals(self._evolution.stop):
                outcome = self._evolution.run(self.settings.generations, self.settings.target_score)
            journal.close()
        except BaseException as error:
            # What is not yet written is evaluated again on resume; a second Ctrl-C may have torn the state.
            with suppress(StorageError):
                self._runs.finish(run.id, "interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
            raise
        finally:
            self._runner.close()
        status = "interrupted" if outcome.reason is StopReason.REQUEST else "done"
        self._runs.finish(run.id, status, outcome.population_hash, run.seconds + self._clock.monotonic() - began)
        return outcome

    def store_population(self, run: StoredRun) -> tuple[Sequence[Mapping[str, Any]], StrategyCounts]:
        """Score the members on their whole market and store them; call it after `evolve`.

        Parameters
        ----------
        run : StoredRun
            The run.

        Returns
        -------
        rows : sequence of mapping
            Stored rows of this run, best SCS first.
        counts : StrategyCounts
            How many of them pass which bar.
        """
        members = self._evolution.optimizer.population
        rows = population_rows(members, self._prepared, self.settings.costs, self.identity.schedule)
        self._strategies.replace_population(run.id, rows)
        stored: list[Mapping[str, Any]] = []
        while True:
            page = self._strategies.leaderboard(limit=500, offset=len(stored), sort="-scs", run_id=run.id)
            stored += page.items
            if not page.items or len(stored) >= page.total:
                return stored, self._strategies.counts(THRESHOLD, run_id=run.id)


@contextmanager
def _stopping_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C (or SIGTERM) end the run after the batch in hand; the second one ends it at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        stop()

    before = {number: getsignal(number) for number in (SIGINT, SIGTERM)}
    for number in before:
        signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal(number, handler)
