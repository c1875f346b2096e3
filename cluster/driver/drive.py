"""Drive: wait for candles, take up the desk's run or begin one, and evolve until somebody says stop."""

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from cluster.alerts import Alerts
from cluster.bus import Bus
from cluster.candle_files import CandleFiles
from cluster.driver.control import Control
from cluster.driver.driver_lease import DriverLease
from cluster.driver.driver_settings import DriverSettings
from cluster.driver.first_seen import FirstSeen
from cluster.driver.gauges import Gauges
from cluster.driver.new_run import NewRun
from cluster.driver.present_run import present_run
from cluster.driver.reports import Reports
from cluster.driver.roster import Roster
from cluster.evolution_run import EvolutionRun
from cluster.interruption import Interruption
from cluster.markets import Markets, read_markets
from cluster.ray_session import RaySession
from cluster.run_settings import RunSettings
from cluster.run_surroundings import Desk
from evolution import BatchCommit, Outcome
from market import Candles, Clock
from storage import (
    CommandRepository,
    ConfigRepository,
    Database,
    DeskRunRepository,
    LeaseRepository,
    OverviewRepository,
    StrategyRepository,
    SystemStatusRepository,
)

__all__ = ["drive"]

_FEWEST_CANDLES = 1_000
_LOOK_S = 1.0
_MOST_TOLD = 5_000
_PATIENCE_S = 30.0  # longer than a killed driver keeps its lease

_logger = logging.getLogger(__name__)


def drive(
    paths: Sequence[Path],
    folder: Path,
    settings: DriverSettings,
    database: Database,
    session: RaySession,
    bus: Bus,
    clock: Clock,
    interruption: Interruption,
) -> Outcome | None:
    """Evolve on a desk's candles until a signal.

    Parameters
    ----------
    paths : sequence of Path
        The candle files of the desk's feed; they may not be there yet.
    folder : Path
        For a copy of their candles as the run first sees them (`FirstSeen`).
    settings : DriverSettings
        Of a new run; one that is taken up keeps its own.
    database : Database
        Where everything is kept.
    session : RaySession
        The desk's Ray.
    bus : Bus
        For display.
    clock : Clock
        Of the desk: tells which candles are closed.
    interruption : Interruption
        A signal ends the run after the batch in hand.

    Returns
    -------
    Outcome or None
        How it ended; None if it was stopped before there were candles. What is stored goes on exactly there.
    """
    driver = _Driver(paths, folder, settings, database, session, bus, clock, interruption)
    with DriverLease(LeaseRepository(database.engine), _resign, _PATIENCE_S):
        outcome, wanted = driver.one_run(None)
        while wanted is not None:
            outcome, wanted = driver.one_run(wanted)
        return outcome


@dataclass(frozen=True)
class _Driver:
    """What `drive` was given."""

    paths: Sequence[Path]
    folder: Path
    settings: DriverSettings
    database: Database
    session: RaySession
    bus: Bus
    clock: Clock
    interruption: Interruption

    def one_run(self, wanted: NewRun | None) -> tuple[Outcome | None, NewRun | None]:
        """Evolve until somebody asks to stop, or for another run; return how it ended, and the run that is wanted."""
        engine, clock = self.database.engine, self.clock
        runs, status, alerts = DeskRunRepository(engine), SystemStatusRepository(engine), Alerts(engine, self.bus)
        feed = _candles(self.paths, clock, self.interruption, status)
        if feed is None:
            return None, None
        self.session.start()
        seen = FirstSeen(self.folder, partial(_say_changed, alerts))
        copies = tuple(str(path.resolve()) for path in seen.paths(feed.candles))
        record = present_run(runs, seen, feed.candles, alerts) if wanted is None else None
        markets = replace(feed, candles=tuple((seen.take_anew if record is None else seen.follow)(feed.candles)))
        settings = self.settings if wanted is None else wanted.settings(self.settings)
        stored_settings = _new(copies, settings) if record is None else RunSettings.stored(record.settings)
        run_settings = replace(stored_settings, candles=copies)  # EVOQ_HOME may be elsewhere now
        with EvolutionRun(run_settings, markets, self.database, self.session, clock, _logger.info) as run:
            stored = run.begin() if record is None else run.resume(record.id)
            _logger.info("run %s after %d evaluations", stored.id, stored.evaluations)
            if wanted is not None:
                self._take_over(wanted, stored.id, run_settings)
            gauges = Gauges(clock, _mean_bars(markets))
            reports = Reports(stored.id, status, self.bus, gauges, clock)
            control = Control(
                CommandRepository(engine),
                status,
                lambda: reports.tell(control.is_paused()),
                self.interruption.end_work,
                lambda wish: wish.check(self.settings, run.windows),
            )
            strategies, overview = StrategyRepository(engine), OverviewRepository(engine)
            roster = Roster(strategies, ConfigRepository(engine))
            left_behind = list(runs.left_behind(stored.id, self.folder.name))

            def heard(commit: BatchCommit) -> None:
                gauges(commit)
                reports(commit)

            def tell_strategies() -> None:
                reports.strategies(overview.states(_MOST_TOLD))

            def generation_ended(_: Sequence[Mapping[str, Any]]) -> None:
                while left_behind:  # their candidates; the roster stays
                    strategies.replace_population(left_behind.pop(), [])
                roster.admit(stored.id)
                tell_strategies()  # read again: they are now as they were admitted

            files = CandleFiles(self.paths)
            desk = Desk(lambda: seen.follow(files.read()), control.is_paused, generation_ended, reports.event)
            tell_strategies()  # a paused run ends no generation, and the cache may be a new one
            with control:
                outcome, _ = run.evolve(stored, self.interruption, heard, desk)
            tell_strategies()  # the end has scored and stored them once more
            return outcome, None if self.interruption.asked else control.wanted

    def _take_over(self, wanted: NewRun, run_id: str, settings: RunSettings) -> None:
        """Finish the command that asked for a run which has begun."""
        engine = self.database.engine
        wanted.configure(ConfigRepository(engine))
        CommandRepository(engine).finish(
            wanted.command.id, "done", f"run {run_id}: population {settings.population:,}, seed {settings.seed}"
        )


def _candles(
    paths: Sequence[Path], clock: Clock, interruption: Interruption, status: SystemStatusRepository
) -> Markets | None:
    """Wait until every market has enough candles; None if somebody asks to stop before."""
    told = False
    while True:
        if all(path.exists() for path in paths):
            markets = read_markets(paths)
            if all(len(candles) >= _FEWEST_CANDLES for candles in markets.candles):
                return markets
        if not told:
            _logger.info("waiting for %s candles of each of %d markets", f"{_FEWEST_CANDLES:,}", len(paths))
            status.record("evolution", {"state": "waiting for candles"})
            told = True
        clock.sleep(_LOOK_S)
        interruption.check()


def _new(candles: tuple[str, ...], settings: DriverSettings) -> RunSettings:
    return RunSettings(
        candles=candles,
        symbol=None,
        timeframe=None,
        population=settings.population,
        generations=1,
        seed=settings.seed,
        fee_bps=settings.fee_bps,
        slippage_bps=settings.slippage_bps,
        target_score=None,
        forever=True,
        generations_per_window=settings.generations_per_window,
    )


def _say_changed(alerts: Alerts, candles: Candles, difference: str) -> None:
    """Say that the venue has changed candles after the run has seen them."""
    market = f"{candles.symbol} {candles.timeframe}"
    message = f"past candles of {market} have changed ({difference}); evolution goes on with them as it first saw them"
    _logger.warning(message)
    alerts.raise_("candles_changed", "warning", message, market)


def _mean_bars(markets: Markets) -> float:
    return sum(map(len, markets.candles)) / len(markets.candles)


def _resign() -> None:
    """End this process at once: somebody else may hold the lease now, and what is not stored is evaluated again."""
    _logger.critical("the driver's lease is lost: this process ends")
    threading.Thread(target=os._exit, args=(3,), daemon=True).start()
