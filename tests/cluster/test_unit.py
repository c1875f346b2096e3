"""A unit step by step, on a clock that stands still until told to move; one that opens a server, in real time."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import override
from waiting import until

from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.probe import Lost, Probe
from cluster.supervisor.restart_policy import RestartPolicy
from cluster.supervisor.server_unit import ServerUnit
from cluster.supervisor.service import Program, Server, Service
from cluster.supervisor.unit import Event, State, Unit
from market import ManualClock, SystemClock

pytestmark = pytest.mark.alone

POLICY = RestartPolicy(first_s=1.0, jitter=0.0, quick_s=10.0, most_quick=3, rest_s=100.0)


class Puppet(Unit):
    """A unit whose service does what the test says."""

    def __init__(self, home: Path) -> None:
        program = Program(lambda desk: [], lambda desk, life: True)
        service = Service(
            name="puppet", about="the puppet", run=program, policy=POLICY, start_s=20.0, hang_s=30.0, end_s=5.0
        )
        self.events: list[Event] = []
        self.clock = ManualClock(0)
        super().__init__(service, Desk(DeskFiles(home), {}, self.clock), lambda unit, event, text: self.heard(event))
        self.trouble: str | None = None
        self.answers = True
        self.silent_s = 0.0
        self.ended = True
        self.killed = 0

    def heard(self, event: Event) -> None:
        self.events.append(event)

    @override
    def process(self) -> int | None:
        return 1

    @override
    def _begin(self) -> None:
        self.trouble = None

    @override
    def _trouble(self) -> str | None:
        return self.trouble

    @override
    def _answers(self) -> bool:
        return self.answers

    @override
    def _silent_s(self) -> float:
        return self.silent_s

    @override
    def _ask_to_end(self) -> None:
        pass

    @override
    def _has_ended(self) -> bool:
        return self.ended

    @override
    def _kill(self) -> None:
        self.killed += 1
        self.ended = True

    def steps(self, count: int = 2, *, needs_served: bool = True) -> State:
        for _ in range(count):
            self.step(needs_served=needs_served)
        return self.state


@pytest.fixture
def puppet(tmp_path: Path) -> Puppet:
    return Puppet(tmp_path)


def test_unit_counts_as_restarted_only_after_it_has_died(puppet: Puppet):
    assert puppet.steps() is State.RUNNING
    for wanted in (False, True):  # an operator
        puppet.wanted = wanted
        puppet.steps(3)
    assert puppet.state is State.RUNNING
    puppet.rejoin()  # what it needs has gone
    assert puppet.steps(3) is State.RUNNING
    assert puppet.told()["restarts"] == 0
    puppet.trouble = "killed"
    puppet.step(needs_served=True)
    assert puppet.told()["restarts"] == 0
    puppet.clock.advance(2.0)
    assert puppet.steps(3) is State.RUNNING
    assert puppet.told()["restarts"] == 1
    puppet.trouble = "killed"
    puppet.step(needs_served=True)
    puppet.wanted = False
    assert puppet.steps() is State.STOPPED
    puppet.wanted = True
    assert puppet.steps(3) is State.RUNNING
    assert puppet.told()["restarts"] == 1  # somebody asked for this one


def test_unit_waits_for_what_it_needs(puppet: Puppet):
    assert puppet.steps(needs_served=False) is State.WAITING
    assert puppet.steps() is State.RUNNING
    assert puppet.events == [Event.READY]


def test_unit_dies_and_comes_back_after_a_pause(puppet: Puppet):
    puppet.steps()
    puppet.trouble = "killed"
    assert puppet.steps(1) is State.RESTARTING
    assert puppet.problem == "killed"
    puppet.clock.advance(0.9)
    assert puppet.steps(1) is State.RESTARTING
    puppet.clock.advance(0.2)
    assert puppet.steps(3) is State.RUNNING
    assert puppet.told()["restarts"] == 1
    assert puppet.told()["problem"] is None


def test_unit_is_given_up_tried_again_later_and_at_once_when_asked(puppet: Puppet):
    def die() -> State:
        puppet.steps(3)
        puppet.trouble = "no"
        state = puppet.steps(1)
        puppet.clock.advance(8.0)
        return state

    assert [die() for _ in range(3)] == [State.RESTARTING, State.RESTARTING, State.FAILED]
    assert puppet.events.count(Event.GIVEN_UP) == 1
    assert puppet.steps(3) is State.FAILED
    puppet.retry()
    assert puppet.steps(2) is State.RUNNING
    assert [die() for _ in range(3)][-1] is State.FAILED
    puppet.clock.advance(100.0)
    assert puppet.steps(3) is State.RUNNING


def test_unit_that_never_answers_is_killed_after_its_time(puppet: Puppet):
    puppet.answers = False
    assert puppet.steps() is State.STARTING
    puppet.clock.advance(20.1)
    assert puppet.steps(1) is State.RESTARTING
    assert (puppet.killed, puppet.problem) == (1, "no answer for 20 s")


def test_unit_that_falls_silent_is_killed(puppet: Puppet):
    puppet.steps()
    puppet.clock.advance(31.0)
    puppet.silent_s = 29.0
    assert puppet.steps(1) is State.RUNNING
    puppet.silent_s = 31.0
    assert puppet.steps(1) is State.RESTARTING
    assert puppet.killed == 1


def test_unit_silent_for_want_of_another_one_gets_its_time_again(puppet: Puppet):
    puppet.steps()
    puppet.silent_s = 500.0
    puppet.clock.advance(500.0)
    assert puppet.steps(needs_served=False) is State.RUNNING
    assert puppet.steps() is State.RUNNING
    puppet.clock.advance(29.0)
    assert puppet.steps() is State.RUNNING
    puppet.clock.advance(2.0)
    assert puppet.steps(1) is State.RESTARTING


def test_unit_death_for_want_of_another_one_does_not_count(puppet: Puppet):
    for _ in range(5):
        puppet.steps(3)
        puppet.trouble = "connection lost"
        assert puppet.steps(1, needs_served=False) is State.RESTARTING
        puppet.clock.advance(8.0)


def test_unit_that_does_not_end_is_killed(puppet: Puppet):
    puppet.steps()
    puppet.wanted, puppet.ended = False, False
    assert puppet.steps() is State.STOPPING
    puppet.clock.advance(5.1)
    assert puppet.steps() is State.STOPPED
    assert puppet.killed == 1
    puppet.wanted = True
    assert puppet.steps(3) is State.RUNNING


def test_unit_rejoins_without_having_died(puppet: Puppet):
    puppet.steps()
    puppet.rejoin()
    assert puppet.steps(1, needs_served=False) is State.WAITING
    assert puppet.steps() is State.RUNNING
    assert puppet.events == [Event.READY, Event.READY]
    assert puppet.counter.deaths == 0


def test_unit_silent_for_a_while_runs_on_but_serves_nobody(puppet: Puppet):
    puppet.steps()
    puppet.silent_s = 9.9
    assert puppet.serves
    puppet.silent_s = 10.1
    assert puppet.steps() is State.RUNNING
    assert not puppet.serves
    assert puppet.told()["state"] == "silent"
    puppet.silent_s = 0.0
    assert puppet.told()["state"] == "running"


def test_probe_of_a_lost_service_says_why_only_after_it_has_answered():
    answers: list[bool | Lost] = [Lost("too early"), True, Lost("its node is gone")]
    asked = threading.Event()

    def check() -> bool:
        answer = answers[0] if len(answers) == 1 else answers.pop(0)
        if len(answers) == 2:
            asked.set()
        if isinstance(answer, Lost):
            raise answer
        return answer

    probe = Probe(check, SystemClock(), later_s=0.3)
    try:
        assert asked.wait(20.0)
        assert probe.lost is None
        until(lambda: probe.answered)
        until(lambda: probe.lost == "its node is gone")
    finally:
        probe.stop()


class SlowServer:
    """A server that runs while a file is there, and takes its time to open."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.opened = 0
        self.closed = 0
        self.place = "here"

    def open(self, desk: Desk) -> "SlowServer":
        self.opened += 1
        time.sleep(1.0)  # it is what its name says
        self.file.touch()
        return self

    def answers(self) -> bool:
        return self.file.exists()

    def gone(self) -> str | None:
        return None if self.file.exists() else "its server is gone"

    def process(self) -> int | None:
        return None

    def close(self) -> None:
        self.closed += 1


def test_server_that_is_gone_is_opened_once_however_long_that_takes(tmp_path: Path):
    server = SlowServer(tmp_path / "runs")
    service = Service(name="server", about="the server", run=Server(server.open), policy=POLICY)
    deaths: list[str] = []
    unit = ServerUnit(
        service,
        Desk(DeskFiles(tmp_path), {}),
        lambda unit, event, text: deaths.append(text) if event is Event.DIED else None,
    )

    def stepped_to(state: State) -> Callable[[], bool]:
        def step() -> bool:
            unit.step(needs_served=True)
            return unit.state is state

        return step

    until(stepped_to(State.RUNNING))
    server.file.unlink()
    until(stepped_to(State.STARTING))
    until(stepped_to(State.RUNNING))
    assert server.opened == 2
    assert deaths == ["the server died, again in 1.0 s: its server is gone"]
    until(lambda: server.closed == 1)
    unit.wanted = False
    until(stepped_to(State.STOPPED))
