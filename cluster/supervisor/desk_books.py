"""The books of the desk: what the supervisor tells the database and is told by it, in a thread of its own.

The database may be slow, frozen or gone; the supervisor must not wait for it. What could not be told is told later,
as far as it still matters.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from cluster.alerts import Alerts
from cluster.bus import Bus
from cluster.supervisor.desk import Desk
from cluster.supervisor.system_metrics import SystemMetrics
from cluster.supervisor.upkeep import Upkeep
from storage import (
    AlertRepository,
    CommandRepository,
    LeaseLostError,
    LeaseRepository,
    StorageError,
    SystemStatusRepository,
    trial_growth,
)

__all__ = ["DeskBooks", "Order"]

ACTIONS = ("start", "stop")
_TURN_S = 0.5
_LEASE_EVERY_S = 4.0
_MEASURE_EVERY_S = 5.0
_LOST_AFTER_S = 300.0
_GROWTH_EVERY_S = 3_600.0
_DISK_DAYS = 7.0
_DISK_FULL_PCT, _MEMORY_FULL_PCT = 95.0, 95.0
_MOST_ALERTS = 500

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """A command from the database.

    Attributes
    ----------
    id : str
        Of the command.
    action : str
        "start" or "stop".
    target : str or None
        A service; None for all that may be stopped.
    by : str
        Who asks for it.
    """

    id: str
    action: str
    target: str | None
    by: str


class DeskBooks:
    """Keeps the lease, tells alerts, measures and services, and takes commands.

    Parameters
    ----------
    desk : Desk
        The desk.
    services : callable
        Returns where the services stand.
    resign : callable
        Is called when another desk has taken the database.
    """

    def __init__(self, desk: Desk, services: Callable[[], list[dict[str, Any]]], resign: Callable[[str], None]) -> None:
        self.orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._desk = desk
        self._services = services
        self._resign = resign
        self._metrics = SystemMetrics(desk)
        self._upkeep = Upkeep(desk.clock, self._kept_up)
        self._alerts: deque[Callable[[Alerts], None]] = deque(maxlen=_MOST_ALERTS)
        self._finished: deque[tuple[str, str, str]] = deque()
        self._bus = Bus(None)
        self._bus_url: str | None = None
        self._due = dict.fromkeys(("lease", "measure", "services", "requeue", "growth"), float("-inf"))
        self._told_states: list[tuple[str, str]] = []
        self._away_since: float | None = None
        self._high: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="books", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after a last entry; waits a little for it."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(3.0)

    def alert(self, code: str, severity: str, message: str, target: str | None = None) -> None:
        """Raise an alert as soon as there is a database.

        Parameters
        ----------
        code, severity, message, target : str
            As for `Alerts.raise_`.
        """
        self._alerts.append(lambda alerts: alerts.raise_(code, severity, message, target))

    def resolve(self, code: str, target: str | None = None) -> None:
        """Close an alert.

        Parameters
        ----------
        code, target : str
            As it was raised.
        """
        self._alerts.append(lambda alerts: alerts.resolve(code, target))

    def finish(self, order: Order, status: str, detail: str) -> None:
        """Say what became of an order.

        Parameters
        ----------
        order : Order
            The order.
        status, detail : str
            As for `CommandRepository.finish`.
        """
        self._finished.append((order.id, status, detail))

    def _keep(self) -> None:
        while not self._ended.wait(_TURN_S):
            self._turn()
        self._due["measure"] = float("-inf")
        self._turn()

    def _turn(self) -> None:
        engine = self._desk.engine
        try:
            self._follow_cache()
            if engine is not None:
                self._keep_lease(engine)
                self._write_alerts(Alerts(engine, self._bus))
                self._exchange_orders(CommandRepository(engine))
                if self._desk.database is not None:
                    self._upkeep.step(self._desk.database)
            self._measure(engine)
            if engine is not None:
                self._tell_services(SystemStatusRepository(engine))
            if engine is not None and self._away_since is not None:
                self._came_back(self._away_since)
        except LeaseLostError as error:
            self._resign(f"another desk has taken the database: {error}")
            self._ended.set()
        except StorageError as error:
            if self._away_since is None:
                self._away_since = self._desk.clock.monotonic()
                _logger.warning("the database does not answer: %s", error)
            self._measure(None)
        except Exception:  # the books are no reason to end the desk
            _logger.exception("an entry could not be made")

    def _follow_cache(self) -> None:
        """Tell the cache that there is now: it begins after the database, and may move."""
        if self._desk.cache_url != self._bus_url:
            self._bus.close()
            self._bus_url = self._desk.cache_url
            self._bus = Bus(self._bus_url)

    def _is_due(self, name: str, every_s: float) -> bool:
        now = self._desk.clock.monotonic()
        if now < self._due[name]:
            return False
        self._due[name] = now + every_s
        return True

    def _keep_lease(self, engine: Engine) -> None:
        if self._desk.lease is not None and self._is_due("lease", _LEASE_EVERY_S):
            self._desk.lease = LeaseRepository(engine).renew(self._desk.lease)

    def _came_back(self, away_since: float) -> None:
        away_s = self._desk.clock.monotonic() - away_since
        self._away_since = None
        _logger.info("the database answers again, after %.0f s", away_s)
        self.alert("database_away", "warning", f"the database did not answer for {away_s:.0f} s", "database")
        self.resolve("database_away", "database")

    def _kept_up(self, problem: str | None) -> None:
        """Tell of the upkeep of the database."""
        if problem is None:
            self.resolve("maintenance_failed", "database")
        else:
            self.alert("maintenance_failed", "warning", f"the upkeep of the database failed: {problem}", "database")

    def _write_alerts(self, alerts: Alerts) -> None:
        while self._alerts:
            self._alerts[0](alerts)
            with suppress(IndexError):
                self._alerts.popleft()

    def _exchange_orders(self, commands: CommandRepository) -> None:
        while self._finished:
            ended = self._finished[0]
            with suppress(ValueError):  # ended by somebody else, or gone with a restored database
                commands.finish(*ended)
            self._finished.popleft()
        if self._is_due("requeue", _LOST_AFTER_S):
            commands.requeue(ACTIONS, _LOST_AFTER_S)
        while (command := commands.take(ACTIONS)) is not None:
            self.orders.put(Order(command.id, command.action, command.target, command.by))

    def _measure(self, engine: Engine | None) -> None:
        if not self._is_due("measure", _MEASURE_EVERY_S):
            return
        services = self._services()
        measured = {
            **self._metrics.measure(),
            "db_ok": engine is not None,
            "db_latency_ms": None,
            "cache_ok": any(one["name"] == "cache" and one["state"] == "running" for one in services),
            "queues": {"alerts_to_tell": len(self._alerts)},
            "restarts": {one["name"]: one["restarts"] for one in services},
        }
        if engine is None:
            self._bus.publish("system_metrics", measured)
            return
        try:
            measured["db_latency_ms"] = self._latency_ms(engine)
            evolves = any(one["name"] == "driver" and one["state"] == "running" for one in services)
            measured["queues"] |= _queues(engine, evolves=evolves)
        except StorageError:
            measured["db_ok"] = False
            raise
        finally:
            self._bus.publish("system_metrics", measured)
        self._watch_limits(measured)
        if self._is_due("growth", _GROWTH_EVERY_S):
            self._watch_growth(engine, int(measured["disk_free_mb"]) * 2**20)
        SystemStatusRepository(engine).record("system_metrics", measured)

    def _tell_services(self, status: SystemStatusRepository) -> None:
        """Tell where the services stand: when that has changed, and every few seconds."""
        services = self._services()
        states = [(one["name"], one["state"]) for one in services]
        if states != self._told_states or self._is_due("services", _MEASURE_EVERY_S):
            status.record("services", {"services": services})
            self._told_states = states

    def _latency_ms(self, engine: Engine) -> float:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))  # the first one may have had to connect
            started = self._desk.clock.monotonic()
            connection.execute(text("SELECT 1"))
            return round((self._desk.clock.monotonic() - started) * 1000.0, 2)

    def _watch_limits(self, measured: Mapping[str, Any]) -> None:
        """Raise an alert once when something gets full, and close it when there is room again."""
        limits = {
            "disk_full": ("disk_pct", _DISK_FULL_PCT, "critical", "the disk of EVOQ_HOME is {:.0f} % full: free some"),
            "memory_full": ("memory_pct", _MEMORY_FULL_PCT, "warning", "{:.0f} % of this machine's memory is in use"),
        }
        for code, (name, limit, severity, message) in limits.items():
            if measured[name] >= limit and code not in self._high:
                self._high.add(code)
                self.alert(code, severity, message.format(measured[name]))
            elif measured[name] < limit - 1.0 and code in self._high:
                self._high.discard(code)
                self.resolve(code)

    def _watch_growth(self, engine: Engine, free_bytes: int) -> None:
        """Raise an alert while there are days left to act; on whose disk an outside database is, we cannot see."""
        if self._desk.environ.get("DB_HOST", "").strip():
            return
        code, days = "disk_filling", trial_growth(engine).days_left(free_bytes)
        if days is not None and days < _DISK_DAYS and code not in self._high:
            self._high.add(code)
            message = (
                f"trials fill the disk of EVOQ_HOME in {days:.1f} days at the rate of the last day: lengthen"
                " auto_trading.evolution_interval, free some space, or move EVOQ_HOME to a larger disk"
            )
            self.alert(code, "warning", message)
        elif (days is None or days > 1.1 * _DISK_DAYS) and code in self._high:
            self._high.discard(code)
            self.resolve(code)


def _queues(engine: Engine, *, evolves: bool) -> dict[str, int]:
    """Return how much waits for somebody."""
    waiting = CommandRepository(engine).page(limit=1, status="accepted").total
    told = SystemStatusRepository(engine).latest("evolution") if evolves else None
    return {
        "commands": int(waiting or 0),
        "alerts_open": AlertRepository(engine).count_open(),
        "batches_in_flight": 0 if told is None else int(told.data.get("batches_in_flight", 0)),
    }
