"""A unit: one service and where it stands; the supervisor lets every unit take a step, many times a second."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from cluster.supervisor.desk import Desk
from cluster.supervisor.restart_policy import RestartCounter
from cluster.supervisor.service import Service

__all__ = ["Event", "State", "Unit"]


class State(StrEnum):
    """Where a service stands."""

    WAITING = "waiting"  # for a service that it needs
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"  # it died, and is started again after a pause
    FAILED = "failed"  # it died too often, and is left alone for a long time
    STOPPING = "stopping"
    STOPPED = "stopped"


class Event(StrEnum):
    """What is worth telling of a service."""

    READY = "ready"
    DIED = "died"
    GIVEN_UP = "given up"
    STOPPED = "stopped"


Tell = Callable[["Unit", Event, str], None]


class Unit(ABC):
    """One service of a running desk.

    Parameters
    ----------
    service : Service
        What it is.
    desk : Desk
        Where it lives.
    tell : callable
        Is told what happens to it.

    Attributes
    ----------
    state : State
        Where it stands.
    wanted : bool
        Whether it is to run.
    problem : str or None
        Why it is not running, or died last.
    user_mistake : bool
        Whether it ended because of what only the user can mend.
    restarts : int
        How often it was started again after it had died; what somebody asked for does not count.
    """

    def __init__(self, service: Service, desk: Desk, tell: Tell) -> None:
        self.service = service
        self.desk = desk
        self.state = State.WAITING
        self.wanted = True
        self.problem: str | None = None
        self.user_mistake = False
        self.restarts = 0
        self._has_died = False
        self.counter = RestartCounter(service.policy, desk.clock)
        self._tell = tell
        self._since = desk.clock.monotonic()
        self._due = 0.0
        self._served_since = desk.clock.monotonic()
        self._forced = False
        self._rejoining = False

    @property
    def name(self) -> str:
        """The name of the service."""
        return self.service.name

    @property
    def since_s(self) -> float:
        """For how long it has been in this state, in seconds."""
        return self.desk.clock.monotonic() - self._since

    @property
    def serves(self) -> bool:
        """Whether it has answered lately; while it does not, nobody who needs it is blamed for dying."""
        return self.state is State.RUNNING and self._silent_s() < self.service.quiet_s

    @property
    def alive(self) -> bool:
        """Whether something of it runs."""
        return self.state in (State.STARTING, State.RUNNING, State.STOPPING)

    def step(self, *, needs_served: bool) -> None:
        """Go on from where it stands.

        Parameters
        ----------
        needs_served : bool
            Whether everything that it needs serves.
        """
        if not needs_served:
            self._served_since = self.desk.clock.monotonic()
        match self.state:
            case State.WAITING:
                if not self.wanted:
                    self._enter(State.STOPPED)
                elif needs_served:
                    self._start()
            case State.STARTING | State.RUNNING:
                if self.wanted:
                    self._watch(needs_served)
                else:
                    self._stop()
            case State.RESTARTING | State.FAILED:
                if not self.wanted:
                    self._enter(State.STOPPED)
                elif self.desk.clock.monotonic() >= self._due:
                    self._enter(State.WAITING)
            case State.STOPPING:
                self._finish()
            case State.STOPPED:
                if self.wanted:
                    self._enter(State.WAITING)

    def rejoin(self) -> None:
        """End it, to start it anew: what it worked with is gone."""
        if self.state in (State.STARTING, State.RUNNING):
            self._rejoining = True
            self._stop()

    def retry(self) -> None:
        """Start it now, however often it died."""
        self.wanted = True
        self.counter.forgive()
        if self.state in (State.RESTARTING, State.FAILED):
            self._enter(State.WAITING)

    def force(self) -> None:
        """End it at once."""
        self._forced = True
        if self.alive:
            self._kill()

    def told(self) -> dict[str, Any]:
        """Return where it stands, for people and for the database.

        Returns
        -------
        dict
            Values of JSON.
        """
        process = self.process()
        address = self.service.address(self.desk) if self.state is State.RUNNING else None
        return {
            "name": self.name,
            "about": self.service.about,
            "state": "silent" if self.state is State.RUNNING and not self.serves else str(self.state),
            "pid": process,
            "restarts": self.restarts,
            "uptime_s": round(self.since_s, 1) if self.state is State.RUNNING else None,
            "since_s": round(self.since_s, 1),
            "problem": self.problem,
            "address": address,
        }

    @abstractmethod
    def process(self) -> int | None:
        """Return its process, if it has one of its own."""

    @abstractmethod
    def _begin(self) -> None:
        """Start it; what goes wrong at once is raised."""

    @abstractmethod
    def _trouble(self) -> str | None:
        """Return why it is no more; None while it lives."""

    @abstractmethod
    def _answers(self) -> bool:
        """Return whether it has answered since it was started."""

    @abstractmethod
    def _silent_s(self) -> float:
        """Return for how long it has not answered."""

    @abstractmethod
    def _ask_to_end(self) -> None:
        """Ask it to end."""

    @abstractmethod
    def _has_ended(self) -> bool:
        """Return whether nothing of it runs any more."""

    @abstractmethod
    def _kill(self) -> None:
        """End it without asking."""

    def _start(self) -> None:
        self.restarts += self._has_died
        self._has_died = False
        self.counter.born()
        self._forced = self._rejoining = False
        self._enter(State.STARTING)
        try:
            self._begin()
        except (OSError, ValueError) as error:
            self.user_mistake = isinstance(error, ValueError)
            self._fall(str(error), excused=False)

    def _watch(self, needs_served: bool) -> None:
        trouble = self._trouble()
        if trouble is None:
            if self.state is State.STARTING and self._answers():
                self._enter(State.RUNNING)
                self.problem = None
                self._tell(self, Event.READY, f"{self.service.about} is ready")
                return
            served_s = self.desk.clock.monotonic() - self._served_since  # who waits for another one is not to blame
            silent = self.state is State.RUNNING and min(self._silent_s(), served_s) > self.service.hang_s
            slow = self.state is State.STARTING and self.since_s > self.service.start_s
            if not silent and not slow:
                return
            patience = self.service.hang_s if silent else self.service.start_s
            trouble = f"no answer for {patience:.0f} s"
            self._kill()
        self._fall(trouble, excused=not needs_served)

    def _fall(self, trouble: str, *, excused: bool) -> None:
        """Note that it is gone, and when it is tried again."""
        before = self.counter.given_up
        pause = self.counter.died(excused=excused)
        self.problem = trouble
        self._has_died = True
        self._due = self.desk.clock.monotonic() + pause
        if self.counter.given_up:
            self._enter(State.FAILED)
            again = "" if before else f" too often; it is tried again in {pause / 60:.0f} min, or with `start`"
            self._tell(self, Event.GIVEN_UP, f"{self.service.about} died{again}: {trouble}")
        else:
            self._enter(State.RESTARTING)
            self._tell(self, Event.DIED, f"{self.service.about} died, again in {pause:.1f} s: {trouble}")

    def _stop(self) -> None:
        self._enter(State.STOPPING)
        self._ask_to_end()

    def _finish(self) -> None:
        if not self._has_ended():
            if not self._forced and self.since_s > self.service.end_s:
                self.force()
            return
        if self._rejoining and self.wanted:
            self._enter(State.WAITING)
        else:
            self._enter(State.STOPPED)
            self._tell(self, Event.STOPPED, f"{self.service.about} has ended")

    def _enter(self, state: State) -> None:
        if state is State.STOPPED:
            self._has_died = False
        self.state = state
        self._since = self.desk.clock.monotonic()
