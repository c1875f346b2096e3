"""The supervisor with stand-ins for its services: real processes, real signals, no Ray and no database."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from command_line import environment
from waiting import PATIENCE_S, until

from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.desk_processes import identity, living, marked
from cluster.supervisor.end_desk import end_desk
from cluster.supervisor.log_file import LogFile
from cluster.supervisor.log_reading import known_logs, last_lines
from cluster.supervisor.restart_policy import RestartCounter, RestartPolicy
from cluster.supervisor.spoken_lines import SpokenLines, as_json
from market import ManualClock, SystemClock

pytestmark = pytest.mark.alone

HERE = Path(__file__).resolve().parent


class DeskOfStandIns:
    """A running desk of stand-ins."""

    def __init__(self, home: Path, process: "subprocess.Popen[str]") -> None:
        self.home = home
        self.files = DeskFiles(home)
        self.process = process

    def told(self) -> dict[str, Any]:
        told = self.files.read_state()
        return told if (told.get("supervisor") or {}).get("pid") == self.process.pid else {}

    def one(self, name: str) -> dict[str, Any]:
        return next((one for one in self.told().get("services", []) if one["name"] == name), {})

    def until_ready(self) -> None:
        until(lambda: self.told().get("state") == "ready" or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()

    def kill(self, name: str) -> int:
        """Kill a service and return its process id once it runs again."""
        before = self.one(name)["pid"]
        os.kill(before, signal.SIGKILL)
        return int(until(lambda: self.one(name)["state"] == "running" and self.one(name)["pid"] not in (None, before))
                   and self.one(name)["pid"])  # fmt: skip

    def log(self, name: str = "supervisor") -> str:
        path = self.files.log(name)
        return path.read_text() if path.exists() else ""


@contextmanager
def desk_of(home: Path, *services: str, **changes: str) -> Iterator[DeskOfStandIns]:
    """Run a desk of stand-ins; nothing of it is left afterwards."""
    path = os.pathsep.join((str(HERE.parent.parent), str(HERE)))
    process = subprocess.Popen(
        [sys.executable, HERE / "run_stand_ins.py", *services],
        env=environment(home, PYTHONPATH=path, **changes), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    desk = DeskOfStandIns(home, process)
    try:
        yield desk
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
        end_desk(desk.files, SystemClock())
        assert marked(desk.files.mark) == []


def test_desk_ends_users_before_what_they_use(home):
    with desk_of(home, "base: serve", "top<base: serve") as desk:
        desk.until_ready()
        desk.process.send_signal(signal.SIGTERM)
        assert desk.process.wait(PATIENCE_S) == 0
        messages = [json.loads(line)["message"] for line in desk.log().splitlines()]
        assert messages.index("the top has ended") < messages.index("the base has ended")
        assert desk.files.read_state()["state"] == "stopped"


def test_desk_service_killed_comes_back(home):
    with desk_of(home, "one: serve", "other: serve") as desk:
        desk.until_ready()
        other = desk.one("other")["pid"]
        desk.kill("one")
        assert desk.one("one")["restarts"] == 1
        assert desk.one("other")["pid"] == other
        assert "the one died" in desk.log()
        assert "killed by SIGKILL" in desk.log()


def test_desk_service_that_others_need_takes_them_with_it(home):
    with desk_of(home, "base: serve", "top<base: serve") as desk:
        desk.until_ready()
        top = desk.one("top")["pid"]
        desk.kill("base")
        until(lambda: desk.one("top")["state"] == "running" and desk.one("top")["pid"] not in (None, top))
        assert "the top died" not in desk.log()


def test_desk_service_that_dies_again_and_again_is_given_up_while_others_go_on(home):
    with desk_of(home, f"weak: say careful write {home}/weak.ready serve", "strong: serve") as desk:
        desk.until_ready()
        strong = desk.one("strong")["pid"]
        for _ in range(3):
            desk.kill("weak")
        os.kill(desk.one("weak")["pid"], signal.SIGKILL)
        until(lambda: desk.one("weak")["state"] == "failed")
        assert desk.told()["state"] == "degraded"
        assert desk.one("strong")["pid"] == strong
        assert "too often" in desk.log()


def test_desk_service_that_is_lost_though_it_lives_is_started_again(home):
    with desk_of(home, "head: serve", "other: serve") as desk:
        desk.until_ready()
        before, other = identity(desk.one("head")["pid"]), desk.one("other")["pid"]
        (home / "head.lost").touch()
        until(lambda: not living(before))
        (home / "head.lost").unlink()
        until(lambda: desk.told()["state"] == "ready" and desk.one("head")["restarts"] >= 1)
        assert "the head died, again in" in desk.log()
        assert "its heart has stopped" in desk.log()
        assert desk.one("other")["pid"] == other


def test_desk_service_given_up_is_tried_again_once_what_it_needs_is_back(home):
    with desk_of(home, "base: serve", "top~base: serve") as desk:
        desk.until_ready()
        for _ in range(3):
            desk.kill("top")
        os.kill(desk.one("top")["pid"], signal.SIGKILL)
        until(lambda: desk.one("top")["state"] == "failed")  # it would rest for ten minutes
        desk.kill("base")
        until(lambda: desk.one("top")["state"] == "running")
        until(lambda: desk.told()["state"] == "ready")


def test_desk_service_waits_for_one_that_comes_first_while_that_comes_up(home):
    ready = home / "front.ready"
    with desk_of(home, "front: say front.ready serve", "back^front: serve") as desk:
        until(lambda: desk.one("front").get("state") == "starting")
        assert desk.one("back")["state"] == "waiting"
        ready.touch()
        desk.until_ready()
        ready.unlink()
        back = desk.one("back")["pid"]
        os.kill(desk.one("front")["pid"], signal.SIGKILL)
        until(lambda: desk.one("front")["state"] == "starting")
        assert desk.one("back")["pid"] == back  # it does not need it
        os.kill(back, signal.SIGKILL)
        until(lambda: desk.one("back")["state"] == "waiting")
        ready.touch()
        until(lambda: desk.told()["state"] == "ready")


def test_desk_service_does_not_wait_for_one_that_never_comes_up(home):
    with desk_of(home, f"front: write {home}/front.ready serve", "back^front: serve") as desk:
        desk.until_ready()
        for _ in range(3):
            desk.kill("front")
        os.kill(desk.one("front")["pid"], signal.SIGKILL)
        until(lambda: desk.one("front")["state"] == "failed")
        desk.kill("back")


def test_desk_death_while_what_it_needs_is_silent_does_not_count(home):
    with desk_of(home, "base: serve", "top~base: serve") as desk:
        desk.until_ready()
        base = desk.one("base")["pid"]
        (home / "base.silent").touch()
        until(lambda: desk.one("base")["state"] == "silent")
        assert desk.told()["state"] == "degraded"
        os.kill(desk.one("top")["pid"], signal.SIGKILL)
        until(lambda: desk.one("top")["state"] == "waiting")
        (home / "base.silent").unlink()
        until(lambda: desk.told()["state"] == "ready")
        for _ in range(3):
            desk.kill("top")  # a fourth death that counts would be the last one
        assert desk.one("top")["restarts"] == 4
        assert desk.one("base")["pid"] == base


def test_desk_that_cannot_start_ends_and_says_why(home):
    with desk_of(home, "good: serve", f"bad: say evoq:_bad_day exit 1 write {home}/bad.ready") as desk:
        assert desk.process.wait(PATIENCE_S) == 1
        told = desk.files.read_state()
        assert told["state"] == "failed"
        assert told["problem"] == "bad did not start: exit status 1: evoq:_bad_day"
        assert marked(desk.files.mark) == []


def test_desk_users_mistake_ends_the_start_at_once_with_status_2(home):
    with desk_of(home, f"bad: say evoq:_EVOQ_FEED_must_be_right exit 2 write {home}/bad.ready") as desk:
        assert desk.process.wait(PATIENCE_S) == 2
        assert desk.files.read_state()["problem"] == "bad did not start: evoq:_EVOQ_FEED_must_be_right"
        assert desk.log().count("died") == 1


def test_desk_supervisor_killed_takes_its_services_with_it(home):
    with desk_of(home, "one: serve", "other: serve") as desk:
        desk.until_ready()
        services = [identity(desk.one(name)["pid"]) for name in ("one", "other")]
        desk.process.kill()
        until(lambda: not any(living(service) for service in services))


def test_desk_what_a_killed_supervisor_left_behind_is_ended_by_down(home):
    with desk_of(home, f"stubborn: freeze child write {home}/stubborn.ready serve") as desk:
        desk.until_ready()
        desk.process.kill()
        desk.process.wait()
        assert len(marked(desk.files.mark)) == 2
        ended = end_desk(desk.files, SystemClock())
        assert (ended.ran, ended.left_over) == (False, 2)
        assert marked(desk.files.mark) == []


def test_desk_that_starts_ends_what_an_earlier_one_left_behind(home):
    with desk_of(home, f"stubborn: freeze write {home}/stubborn.ready serve") as desk:
        desk.until_ready()
        before = identity(desk.one("stubborn")["pid"])
        desk.process.kill()
        desk.process.wait()
        assert living(before)
        with desk_of(home, "fresh: serve") as next_desk:
            next_desk.until_ready()
            assert not living(before)


def test_desk_service_that_does_not_end_is_killed_with_all_it_started(home):
    with desk_of(home, f"stubborn: freeze child write {home}/stubborn.ready serve") as desk:
        desk.until_ready()
        assert len(marked(desk.files.mark)) == 2
        ended = end_desk(desk.files, SystemClock())
        assert (ended.ran, ended.forced) == (True, False)
        assert desk.process.wait(PATIENCE_S) == 0


def test_desk_twice_is_refused_in_one_line(home):
    with desk_of(home, "one: serve") as desk:
        desk.until_ready()
        with desk_of(home, "one: serve") as second:
            _, said = second.process.communicate(timeout=PATIENCE_S)
            assert second.process.returncode == 2
            assert said.count("\n") == 1
            assert f"runs already (process {desk.process.pid}" in said
            desk.process.send_signal(signal.SIGTERM)
            desk.process.wait(PATIENCE_S)


def test_desk_services_get_only_the_secrets_they_need(home):
    told, trusted = home / "told.json", home / "trusted.json"
    secrets = {"BINANCE_SECRET_KEY": "hush-venue", "DB_PASSWORD": "hush-database", "REDIS_URL": "redis://:hush@h:1"}
    with desk_of(
        home, f"plain: environment {told} serve", f"trusted: environment {trusted} serve", RAY_ADDRESS="x:1", **secrets
    ) as desk:
        desk.until_ready()
        seen = [until(lambda path=path: path.exists() and path.read_text() and json.loads(path.read_text()))
                for path in (told, trusted)]  # fmt: skip
        assert not set(seen[0]) & {*secrets, "RAY_ADDRESS"}
        assert set(seen[1]) & set(secrets) == {"DB_PASSWORD"}
        assert seen[0]["EVOQ_HOME"] == str(home)


def test_desk_logs_are_json_without_secrets(home):
    with desk_of(
        home, "one: say \x1b[31mplain_hush-venue\x1b[0m say {} serve".format('{"ts":1,"message":"hush-venue"}'),
        OKX_SECRET_KEY="hush-venue",
    ) as desk:  # fmt: skip
        desk.until_ready()
        lines = until(lambda: len(desk.log("one").splitlines()) == 2 and desk.log("one").splitlines())
        first, second = map(json.loads, lines)
        assert (first["message"], first["process"], first["level"]) == ("plain_***", "one", "info")
        assert second == {"ts": 1, "message": "***"}
        said = [line.message for line in last_lines(known_logs(desk.files), 50)]
        assert "plain_***" in said
        assert "the one is ready" in said


def test_desk_second_signal_ends_it_at_once(home):
    with desk_of(home, f"stubborn: freeze write {home}/stubborn.ready serve") as desk:
        desk.until_ready()
        desk.process.send_signal(signal.SIGINT)
        for _ in range(6):  # one that comes before the first is heard is the same signal
            desk.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                assert desk.process.wait(0.5) == 130
                break
        else:
            pytest.fail("a second signal did not end it")


def test_restart_pauses_grow_and_are_not_in_step():
    clock = ManualClock(0)
    policy = RestartPolicy(first_s=1.0, longest_s=10.0, jitter=0.25, quick_s=30.0, most_quick=8)
    counter = RestartCounter(policy, clock, random.Random(7))
    pauses = [counter.died() for _ in range(7)]
    for pause, middle in zip(pauses, (1, 2, 4, 8, 10, 10, 10), strict=True):
        assert 0.75 * middle <= pause <= 1.25 * middle
    assert len(set(pauses)) == 7


def test_restart_given_up_after_quick_deaths_only():
    clock = ManualClock(0)
    counter = RestartCounter(RestartPolicy(most_quick=3, quick_s=30.0, rest_s=600.0), clock)
    for lived_s in (1.0, 1.0, 31.0, 1.0, 1.0):
        counter.born()
        clock.advance(lived_s)
        counter.died()
    assert counter.given_up
    assert counter.died() == 600.0
    counter.forgive()
    assert not counter.given_up


def test_restart_death_for_want_of_another_service_is_excused():
    counter = RestartCounter(RestartPolicy(most_quick=2), ManualClock(0))
    for _ in range(10):
        counter.died(excused=True)
    assert not counter.given_up
    assert counter.deaths == 10


def test_spoken_lines_are_whole_and_their_file_stays_small(tmp_path):
    spoken = SpokenLines(tmp_path / "x.out")
    descriptor = spoken.open()
    os.write(descriptor, b"one\ntw")
    assert spoken.take() == ["one"]
    os.write(descriptor, b"o\n" + b"y" * 2_000_000 + b"\n")
    taken = []
    while lines := spoken.take():
        taken += lines
    assert taken[0] == "two"
    assert (tmp_path / "x.out").stat().st_size == 0
    os.write(descriptor, b"last words")
    os.close(descriptor)
    assert spoken.take() == []
    assert spoken.take_all() == ["last words"]


def test_spoken_lines_of_an_earlier_process_are_put_aside(tmp_path):
    (tmp_path / "x.out").write_text("old\n")
    assert SpokenLines(tmp_path / "x.out").take_all() == []
    assert (tmp_path / "x.out.before").read_text() == "old\n"


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("evoq driver: no", "error"), ("ValueError: no", "error"), ("2026 WARNING hm", "warning"), ("fine", "info"),
        ("[2026-11-23 09:03:15,228 E 21352 21352] (raylet) no", "error"),
    ],
)  # fmt: skip
def test_as_json_guesses_the_level(line, level):
    made = as_json(line, "x", ManualClock(5), lambda text: text)
    assert made is not None
    assert json.loads(made) == {"ts": 5, "level": level, "name": "output", "message": line, "process": "x"}


@pytest.mark.parametrize("line", ["", "   ", "[state-dump] NodeManager", "\x1b[0m"])
def test_as_json_leaves_out_what_nobody_reads(line):
    assert as_json(line, "x", ManualClock(5), lambda text: text) is None


def test_log_file_is_bounded(tmp_path):
    log = LogFile(tmp_path / "x.log", most_bytes=1_000, kept=2)
    for number in range(200):
        assert log.write([f"line {number:04d} {'x' * 40}"])
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["x.log", "x.log.1", "x.log.2"]
    assert all((tmp_path / name).stat().st_size <= 1_000 for name in files)
    assert (tmp_path / "x.log").read_text().splitlines()[-1].startswith("line 0199")
    assert (tmp_path / "x.log").stat().st_mode & 0o777 == 0o600


def test_log_file_on_a_full_disk_ends_nobody():
    assert LogFile(Path("/dev/full")).write(["x"]) is False
