"""Reports: what the driver tells the database and the cache about evolution."""

from collections.abc import Mapping, Sequence
from typing import Any

from cluster.bus import Bus
from cluster.driver.gauges import Gauges
from cluster.driver.strategy_news import StrategyNews
from evolution import BatchCommit
from market import Clock
from storage import SystemStatusRepository

__all__ = ["STATUS", "Reports"]

STATUS = "evolution"
_EVERY_S = 2.0


class Reports:
    """Listens to committed batches, and tells of generations and strategies.

    Parameters
    ----------
    run_id : str
        The run.
    status : SystemStatusRepository
        Gets a row `evolution` every two seconds of work at most.
    bus : Bus
        Gets `evolution_log` for each event of the run, and `strategy_update` of strategies that have changed.
    gauges : Gauges
        How fast it goes.
    clock : Clock
        Tells when two seconds have passed.
    """

    def __init__(self, run_id: str, status: SystemStatusRepository, bus: Bus, gauges: Gauges, clock: Clock) -> None:
        self._run_id = run_id
        self._status = status
        self._bus = bus
        self._gauges = gauges
        self._clock = clock
        self._told_at = -_EVERY_S
        self._last: BatchCommit | None = None
        self._paused = False
        self._news = StrategyNews(bus)

    def __call__(self, commit: BatchCommit) -> None:
        """Take a committed batch, after the gauges.

        Parameters
        ----------
        commit : BatchCommit
            The batch.
        """
        self._last = commit
        if commit.ends_generation or self._clock.monotonic() - self._told_at >= _EVERY_S:
            self.tell(self._paused)

    def tell(self, paused: bool) -> None:
        """Store where evolution stands.

        Parameters
        ----------
        paused : bool
            Whether it rests because somebody asked for it.
        """
        self._told_at = self._clock.monotonic()
        self._paused = paused
        commit, gauges = self._last, self._gauges
        self._status.record(
            STATUS,
            {
                "state": "paused" if paused else "running",
                "run_id": self._run_id,
                "generation": 0 if commit is None else commit.generation,
                "round": 0 if commit is None else commit.round,
                "evaluations": 0 if commit is None else commit.evaluations,
                "evaluations_per_s": gauges.evaluations_per_s,
                "strategy_bars_per_s": gauges.strategy_bars_per_s,
                "best_scs": gauges.best,
                "median_scs": gauges.median,
                "batches_in_flight": 0 if commit is None else commit.in_flight,
            },
        )

    def event(self, row: Mapping[str, Any]) -> None:
        """Tell of an event of the run, in the same row that is stored.

        Parameters
        ----------
        row : mapping
            Of the evolution log.
        """
        self._bus.publish("evolution_log", row)

    def strategies(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Tell which strategies there are now.

        Parameters
        ----------
        rows : sequence of mapping
            As of `StrategyNews.tell`.
        """
        self._news.tell(rows)
