"""The supervisor: starts the services of the desk, restarts what dies, and ends everything in good order."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import psutil

from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_books import DeskBooks, Order
from cluster.supervisor.desk_processes import end, identity, marked
from cluster.supervisor.program_unit import ProgramUnit
from cluster.supervisor.server_unit import ServerUnit
from cluster.supervisor.service import Program, Service
from cluster.supervisor.unit import Event, State, Unit

__all__ = ["Supervisor", "Told"]

Told = dict[str, Any]

_TURN_S = 0.2
_AT_FIRST_S = 0.05
_TELL_EVERY_S = 2.0
_REAP_EVERY_S = 2.0
_ORDER_S = 180.0
_PATIENCE_AT_START = 3  # deaths of one service before the desk is ready
_LEFT_OVER_S = 2.0
_FAILURE = 1
_USER_MUST_ACT = 2
_PR_SET_CHILD_SUBREAPER = 36

_logger = logging.getLogger(__name__)


class Supervisor:
    """Owns the services of one desk; `run` belongs into the main thread.

    Parameters
    ----------
    desk : Desk
        The desk; the caller holds its lock.
    services : sequence of Service
        What it consists of.
    heard : callable, optional
        Is told where everything stands whenever that changes.
    redact : callable, optional
        Blots secrets out of what services say.
    """

    def __init__(
        self,
        desk: Desk,
        services: Sequence[Service],
        heard: Callable[[Told], None] = lambda told: None,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._desk = desk
        self._heard = heard
        self._units: dict[str, Unit] = {}
        for service in services:
            if isinstance(service.run, Program):
                self._units[service.name] = ProgramUnit(service, desk, self._on_event, redact)
            else:
                self._units[service.name] = ServerUnit(service, desk, self._on_event)
        self._books = DeskBooks(desk, self._services_told, self.stop)
        self._began = desk.clock.monotonic()
        self._began_ms = desk.clock.now_ms()
        self._identity = identity(os.getpid())
        self._ready_s: float | None = None
        self._problem: str | None = None
        self._status = 0
        self._stopping = False
        self._hurried = False
        self._orders: list[tuple[Order, list[Unit], float]] = []
        self._last_told: Told = {}
        self._told_at = self._reaped_at = float("-inf")
        self._places: dict[str, str | None] = {}

    def stop(self, problem: str | None = None) -> None:
        """Let `run` end everything; safe in a signal handler and in other threads.

        Parameters
        ----------
        problem : str, optional
            Why, if it is a failure.
        """
        if problem is not None and self._problem is None:
            self._problem, self._status = problem, _FAILURE
        self._stopping = True

    def hurry(self) -> None:
        """Let `run` end everything at once."""
        self._stopping = self._hurried = True

    def run(self) -> int:
        """Keep the desk up until `stop`.

        Returns
        -------
        int
            Exit status: 0; 1 if it failed; 2 if it did not come up because of what only the user can mend.
        """
        _adopt_orphans()
        self._books.start()
        try:
            while not self._stopping:
                self._turn()
                self._desk.clock.sleep(_TURN_S if self._ready_s is not None else _AT_FIRST_S)
        finally:
            self._shut_down()
        return self._status

    def told(self) -> Told:
        """Return where everything stands.

        Returns
        -------
        dict
            Values of JSON.
        """
        ray = self._desk.ray
        return {
            "version": version("evoq"),
            "home": str(self._desk.home),
            "state": self._state(),
            "problem": self._problem,
            "status": self._status,
            "supervisor": None if self._identity is None else self._identity._asdict(),
            "began_ms": self._began_ms,
            "ready_s": self._ready_s,
            "updated_ms": self._desk.clock.now_ms(),
            "ray": None if ray is None else {"address": ray.address, "dashboard": ray.dashboard_url},
            "services": [unit.told() for unit in self._units.values()],
        }

    def _state(self) -> str:
        if self._stopping:
            return "failed" if self._problem else "stopping"
        if self._ready_s is None:
            return "starting"
        return "ready" if all(unit.serves or not unit.wanted for unit in self._units.values()) else "degraded"

    def _services_told(self) -> list[dict[str, Any]]:
        """Return what was told of the services last; other threads ask for it."""
        told: list[dict[str, Any]] = self._last_told.get("services", [])
        return told

    def _turn(self) -> None:
        """Let everybody take one step."""
        before = [unit.state for unit in self._units.values()]
        for unit in self._units.values():
            if isinstance(unit, ProgramUnit):
                unit.listen()
            if self._left_alone(unit):
                unit.rejoin()
            unit.step(needs_served=self._served(unit))
        self._note_places()
        while not self._books.orders.empty():
            self._obey(self._books.orders.get())
        self._finish_orders()
        if self._ready_s is None:
            self._look_whether_ready()
        now = self._desk.clock.monotonic()
        if now - self._reaped_at >= _REAP_EVERY_S:
            self._reaped_at = now
            self._reap()
        if before != [unit.state for unit in self._units.values()] or now - self._told_at >= _TELL_EVERY_S:
            self._publish()

    def _publish(self) -> None:
        self._told_at = self._desk.clock.monotonic()
        self._last_told = self.told()
        self._desk.files.write_state(self._last_told)
        self._heard(self._last_told)

    def _served(self, unit: Unit) -> bool:
        if unit.state is State.WAITING and any(self._comes_up(name) for name in unit.service.after):
            return False
        return all(self._units[name].serves for name in unit.service.needs if name in self._units)

    def _comes_up(self, name: str) -> bool:
        """Return whether a service is on its way up; one that fails to get there holds nobody up."""
        return name in self._units and self._units[name].state in (State.WAITING, State.STARTING)

    def _left_alone(self, unit: Unit) -> bool:
        """Return whether a unit works with something that is gone, or is somewhere else now."""
        if unit.state not in (State.STARTING, State.RUNNING):
            return False
        for name in unit.service.rejoins:
            if name in self._units and self._units[name].state is not State.RUNNING:
                return True
        return any(self._moved(name) for name in unit.service.needs)

    def _moved(self, name: str) -> bool:
        unit = self._units.get(name)
        if not isinstance(unit, ServerUnit) or unit.state is not State.RUNNING:
            return False
        known = self._places.get(name)
        return known is not None and unit.place is not None and known != unit.place

    def _note_places(self) -> None:
        """Remember where servers are; called after everybody had the chance to notice that one has moved."""
        for name, unit in self._units.items():
            if isinstance(unit, ServerUnit) and unit.state is State.RUNNING:
                self._places[name] = unit.place

    def _look_whether_ready(self) -> None:
        for unit in self._units.values():
            patience = 1 if isinstance(unit, ServerUnit) else _PATIENCE_AT_START
            if unit.state in (State.RESTARTING, State.FAILED) and (
                unit.user_mistake or unit.counter.deaths >= patience
            ):
                self.stop(f"{unit.name} did not start: {unit.problem}")
                self._status = _USER_MUST_ACT if unit.user_mistake else _FAILURE
                return
        if all(unit.serves or not unit.wanted for unit in self._units.values()):
            self._ready_s = round(self._desk.clock.monotonic() - self._began, 1)
            _logger.info("the desk is ready after %.1f s", self._ready_s)
            self._publish()

    def _on_event(self, unit: Unit, event: Event, message: str) -> None:
        match event:
            case Event.DIED:
                _logger.warning(message)
                if self._ready_s is not None:
                    self._books.alert("service_died", "warning", message, unit.name)
            case Event.GIVEN_UP:
                _logger.error(message)
                self._books.alert("service_failed", "critical", message, unit.name)
            case Event.READY:
                _logger.info(message)
                self._books.resolve("service_died", unit.name)
                self._books.resolve("service_failed", unit.name)
                self._retry_those_who_need(unit)
            case Event.STOPPED:
                _logger.info(message)

    def _retry_those_who_need(self, unit: Unit) -> None:
        """Try again what was given up while something that it needs was away."""
        for other in self._units.values():
            if unit.name in other.service.needs and other.wanted and other.state is State.FAILED:
                other.retry()

    def _obey(self, order: Order) -> None:
        """Begin what a command asks for."""
        may = [unit for unit in self._units.values() if unit.service.stoppable]
        meant = may if order.target is None else [unit for unit in self._units.values() if unit.name == order.target]
        if not meant:
            known = ", ".join(self._units)
            self._books.finish(order, "refused", f"there is no service {order.target}: the desk has {known}")
            return
        if order.action == "stop" and any(unit not in may for unit in meant):
            these = ", ".join(unit.name for unit in may)
            self._books.finish(order, "refused", f"only {these} may be stopped; `evoq down` ends the whole desk")
            return
        _logger.info("%s %s, asked for by %s", order.action, ", ".join(unit.name for unit in meant), order.by)
        for unit in meant:
            if order.action == "start":
                unit.retry()
            else:
                unit.wanted = False
        self._orders.append((order, meant, self._desk.clock.monotonic() + _ORDER_S))

    def _finish_orders(self) -> None:
        """Tell what became of commands."""
        for entry in list(self._orders):
            order, meant, deadline = entry
            wanted = State.RUNNING if order.action == "start" else State.STOPPED
            left = [unit for unit in meant if unit.state is not wanted]
            given_up = [unit for unit in left if unit.state is State.FAILED]
            if left and not given_up and self._desk.clock.monotonic() < deadline:
                continue
            self._orders.remove(entry)
            detail = ", ".join(f"{unit.name} {unit.state}" for unit in meant)
            self._books.finish(order, "failed" if left else "done", detail)

    def _shut_down(self) -> None:
        """End everything, users before what they use."""
        self._stopping = True
        self._publish()
        for order, _, _ in self._orders:
            self._books.finish(order, "failed", "the desk has ended")
        phases = self._phases()
        for number, phase in enumerate(phases):
            if number == len(phases) - 1:
                self._books.stop()
            self._end(phase)
        end(marked(self._desk.files.mark), _LEFT_OVER_S, self._desk.clock)
        self._reap()
        told = {**self.told(), "state": "failed" if self._problem else "stopped"}
        self._desk.files.write_state(told)
        self._heard(told)

    def _end(self, phase: Sequence[Unit]) -> None:
        """End some units side by side."""
        for unit in phase:
            unit.wanted = False
        while any(unit.state is not State.STOPPED for unit in phase):
            before = [unit.state for unit in phase]
            for unit in phase:
                if isinstance(unit, ProgramUnit):
                    unit.listen()
                if self._hurried:
                    unit.force()
                unit.step(needs_served=False)
            if before != [unit.state for unit in phase]:
                self._publish()
            self._desk.clock.sleep(_AT_FIRST_S)

    def _phases(self) -> list[list[Unit]]:
        """Return the units by how far they are from what needs nothing, farthest first; servers last."""
        levels: dict[str, int] = {}

        def level(unit: Unit) -> int:
            if isinstance(unit, ServerUnit):
                return 0
            if unit.name not in levels:
                needs = [level(self._units[name]) for name in unit.service.needs if name in self._units]
                levels[unit.name] = 1 + max(needs, default=0)
            return levels[unit.name]

        found: dict[int, list[Unit]] = {0: []}
        for unit in self._units.values():
            found.setdefault(level(unit), []).append(unit)
        return [found[each] for each in sorted(found, reverse=True)]

    def _reap(self) -> None:
        """Take note of the end of processes that were left to us by their parents."""
        ours = {unit.process() for unit in self._units.values()}
        with suppress(psutil.Error, OSError):
            for process in psutil.Process().children():
                if process.pid not in ours and process.status() == psutil.STATUS_ZOMBIE:
                    with suppress(ChildProcessError):
                        os.waitpid(process.pid, os.WNOHANG)


def _adopt_orphans() -> None:
    """Become the parent of processes whose own parent dies, where the system allows it."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
