"""The whole desk as `evoq up` starts it: one desk for all tests of this file, in their order; the last one ends it."""

import json
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from command_line import EVOQ, assert_one_line, environment
from real_desk import PORTS, SECRETS, RealDesk, running_desk

from cluster.ray_environment import secret_names
from cluster.supervisor.ports import is_free
from storage import CommandRepository, RunRepository, open_database
from storage.cache_server import cache_status
from storage.embedded import embedded_status

REPOSITORY = Path(__file__).resolve().parent.parent.parent
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
SERVICES = {"database", "cache", "ray", "feed", "driver", "api", "push", "panel"}
MOST_MB = 4_096

pytestmark = [pytest.mark.alone, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def desk(_clean_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDesk]:
    home = tmp_path_factory.mktemp("desk")
    home.chmod(0o711)
    with running_desk(home) as running:
        yield running


def secrets_of(desk: RealDesk) -> list[str]:
    files = ["token.read", "token.operate", "ray.token", "postgres/password", "valkey/password"]
    return [*SECRETS.values(), *((desk.home / name).read_text().strip() for name in files)]


def test_up_everything_runs_and_needs_little_memory(desk: RealDesk):
    status = desk.status()
    assert status["state"] == "ready"
    assert {one["name"]: one["state"] for one in status["services"]} == dict.fromkeys(SERVICES, "running")
    assert all(one["restarts"] == 0 for one in status["services"])
    assert 500 < status["memory_mb"] < MOST_MB
    each = [one["memory_mb"] for one in (status["supervisor"], *status["services"])]
    assert min(each) > 0
    assert sum(each) <= status["memory_mb"] + 1.0
    assert status["database"]["reachable"]
    shown = desk.evoq("status").stdout
    assert all(name in shown for name in SERVICES)


def test_up_answers_where_it_says(desk: RealDesk):
    assert json.loads(desk.get("/health")[1])["status"] == "ok"
    status, body = desk.get("/api/quantitative/system-status", "token.read")
    assert status == 200
    assert {one["name"] for one in json.loads(body)["services"]} == SERVICES


def test_up_again_is_one_clear_line(desk: RealDesk):
    assert_one_line(desk.evoq("up"), "runs already (process", "evoq down")
    assert_one_line(desk.evoq("up", "--foreground"), "runs already (process", "evoq down")


def test_up_every_socket_is_on_loopback(desk: RealDesk):
    sockets: dict[str, set[str]] = {}
    for process in desk.processes():
        with suppress(psutil.NoSuchProcess):
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    sockets.setdefault(connection.laddr.ip, set()).add(process.name())
    names = " ".join(name for names in sockets.values() for name in names)
    assert all(name in names for name in ("gcs_server", "raylet", "postgres", "valkey", "ray::ProxyActor", "Push"))
    assert set(sockets) <= LOOPBACK, sockets


@pytest.mark.parametrize(
    ("port", "path"),
    [
        ("EVOQ_HTTP_PORT", "/api/quantitative/strategies"),
        ("EVOQ_PANEL_PORT", "/"),
        ("EVOQ_RAY_DASHBOARD_PORT", "/api/jobs/"),
        ("EVOQ_RAY_DASHBOARD_PORT", "/nodes?view=summary"),
        ("EVOQ_RAY_DASHBOARD_PORT", "/api/serve/applications/"),
    ],
)
def test_up_nobody_is_answered_without_a_token(desk: RealDesk, port: str, path: str):
    assert desk.get(path, port=port)[0] in (401, 403)


def test_up_ray_inherits_no_secret(desk: RealDesk):
    secrets = secrets_of(desk)
    processes = desk.of_ray()
    assert len(processes) >= 15
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            variables = process.environ()
            assert secret_names(variables) == [], process
            assert not any(secret in text for text in variables.values() for secret in secrets), process


def test_up_whoever_answers_people_does_not_stand_back(desk: RealDesk):
    """Ray would give 15 to all its processes; those that evaluate get theirs in `cluster.ray_worker`."""
    titles = ("ray::ServeReplica", "ray::ProxyActor", "ray::PushActor")
    found = {process.cmdline()[0]: process.nice() for process in desk.of_ray() if process.cmdline()}
    answering = {name: nice for name, nice in found.items() if name.startswith(titles)}
    assert len(answering) >= len(titles)
    assert set(answering.values()) == {psutil.Process(desk.one("api")["pid"]).nice()}


def test_up_no_secret_in_a_command_line_or_a_log(desk: RealDesk):
    secrets = secrets_of(desk)
    for process in desk.processes():
        with suppress(psutil.NoSuchProcess):
            assert not any(secret in " ".join(process.cmdline()) for secret in secrets), process
    head = next(process for process in desk.of_ray() if process.name() == "raylet")
    session = next(word.partition("=")[2] for word in head.cmdline() if word.startswith("--session_dir"))
    folders = [desk.files.logs, desk.files.run, Path(session) / "logs"]
    read = 0
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        if path.name == "api.json":  # what the replicas are told, for us alone
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            continue
        text = path.read_bytes()
        read += 1
        assert not any(secret.encode() in text for secret in secrets), path
    assert read > 10


def test_up_token_and_state_files_are_ours_alone(desk: RealDesk):
    for name in ("token.read", "token.operate", "ray.token", "run/desk.json", "run/desk.lock", "logs/supervisor.log"):
        assert stat.S_IMODE((desk.home / name).stat().st_mode) == 0o600, name
    for name in ("run", "postgres", "valkey"):
        assert stat.S_IMODE((desk.home / name).stat().st_mode) & 0o007 == 0, name


def test_up_logs_are_lines_of_json(desk: RealDesk):
    for name in ("supervisor", "ray", "feed", "driver", "api", "push", "panel"):
        lines = desk.files.log(name).read_text().splitlines()
        assert lines, name
        for line in lines:
            assert {"ts", "level", "message", "process"} <= set(json.loads(line)), line
    shown = desk.evoq("logs", "supervisor", "--lines", 1_000).stdout
    assert "the desk is ready" in shown


def test_up_measures_itself(desk: RealDesk):
    status, body = desk.get("/api/quantitative/system-status", "token.read")
    metrics = json.loads(body)["metrics"]
    assert status == 200
    names = {"cpu_pct", "memory_pct", "disk_pct", "net_rx_bps", "net_tx_bps", "db_ok", "db_latency_ms", "cache_ok"}
    assert names | {"queues", "kill_state", "restarts"} <= set(metrics)
    assert {"commands", "alerts_open", "alerts_to_tell", "batches_in_flight"} == set(metrics["queues"])
    assert metrics["db_ok"]
    assert metrics["cache_ok"]


def test_up_ray_tells_prometheus_how_evolution_goes(desk: RealDesk):
    names = ("best_scs", "median_scs", "evaluations_per_second", "batches_in_flight")

    def exported() -> str:
        found = json.loads(desk.get("/api/prometheus/sd", "ray.token", "EVOQ_RAY_DASHBOARD_PORT")[1])
        addresses = [address for group in found for address in group["targets"]]
        return "".join(urlopen(f"http://{address}/metrics", timeout=20).read().decode() for address in addresses)

    desk.until(lambda: all(f"\nray_evoq_{name}{{" in exported() for name in names))


def in_shell_of(desk: RealDesk, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line as somebody does who has taken over the exports of `evoq env`."""
    return subprocess.run(
        ["bash", "-c", f'eval "$(cat)"; exec {line}'], input=desk.evoq("env").stdout, capture_output=True, text=True,
        timeout=200, check=False,
        env={**environment(desk.home, **SECRETS), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip


def test_env_submits_a_job_that_sees_no_secret(desk: RealDesk):
    printed = desk.evoq("env")
    assert printed.returncode == 0, printed.stderr
    assert not any(secret in printed.stdout for secret in secrets_of(desk))
    assert f"RAY_AUTH_TOKEN_PATH={desk.home}/ray.token" in printed.stdout
    assert (desk.home / "ray.token").read_text().strip() in desk.evoq("env", "--show").stdout
    script = "import json, os, sys; print('seen', json.dumps([sorted(os.listdir()), dict(os.environ), sys.prefix]))"
    done = in_shell_of(desk, f'ray job submit --working-dir {REPOSITORY} -- python -c "{script}"')
    assert done.returncode == 0, done.stdout + done.stderr
    line = next(line for line in done.stdout.splitlines() if "seen [" in line)
    files, variables, prefix = json.loads(line.partition("seen ")[2])
    assert prefix == sys.prefix  # whatever `python` is on the path of whoever started the desk
    assert {"cluster", "evolution", "market"} <= set(files)
    assert not {"data", ".env", ".git", ".venv", "tests"} & set(files)
    assert secret_names(variables) == []


def await_job(desk: RealDesk, job: str, condition: Callable[[], bool]) -> None:
    """Wait for what a submitted job brings about; fail with its log if it ends before, or if nothing comes."""

    def is_over() -> bool:
        told = in_shell_of(desk, f"ray job status {job}").stdout
        return any(state in told for state in ("SUCCEEDED", "FAILED", "STOPPED"))

    try:
        desk.until(lambda: condition() or is_over(), 300.0)
        assert condition(), f"job {job} is over"
    except AssertionError as error:
        raise AssertionError(in_shell_of(desk, f"ray job logs {job}").stdout) from error


@pytest.mark.long
def test_submitted_driver_of_a_clean_checkout_takes_the_run_up_and_gives_it_back(desk: RealDesk, tmp_path: Path):
    checkout = tmp_path / "checkout"
    shutil.copytree(REPOSITORY, checkout, ignore=shutil.ignore_patterns(".*", "data", "__pycache__", "*.egg-info"))
    for name in (".gitignore", ".rayignore"):
        shutil.copy(REPOSITORY / name, checkout)
    with open_database(desk.home, environ={}) as database:
        commands, runs = CommandRepository(database.engine), RunRepository(database.engine)

        def tell(action: str) -> None:
            command = commands.add(action, "driver", by="a test", role="operate")
            desk.until(lambda: commands.get(command).status == "done")

        def evaluations() -> dict[str, int]:
            return {run.id: run.evaluations for run in runs.list(limit=10)}

        assert desk.evoq("config", "set", "auto_trading.evolution_interval=1").returncode == 0
        tell("stop")
        before = evaluations()
        job = f"--submission-id driver-of-a-test --working-dir {shlex.quote(str(checkout))}"
        submitted = in_shell_of(desk, f"ray job submit --no-wait {job} -- python -m cluster.driver")
        assert submitted.returncode == 0, submitted.stdout + submitted.stderr
        await_job(desk, "driver-of-a-test", lambda: sum(evaluations().values()) > sum(before.values()))
        assert evaluations().keys() == before.keys()
        driver = next(process for process in desk.of_ray() if process.cmdline()[-1] == "cluster.driver")
        assert Path(driver.cwd()).name.startswith("_ray_pkg_")
        assert in_shell_of(desk, "ray job stop driver-of-a-test").returncode == 0
        after = evaluations()
        tell("start")
        desk.until(lambda: sum(evaluations().values()) > sum(after.values()), 300.0)
        assert evaluations().keys() == before.keys()


def test_command_stops_and_starts_a_service(desk: RealDesk):
    with open_database(desk.home, environ={}) as database:
        commands = CommandRepository(database.engine)

        def done(action: str, target: str | None) -> str:
            command = commands.add(action, target, by="a test", role="operate")
            desk.until(lambda: commands.get(command).status not in ("accepted", "running"))
            return f"{commands.get(command).status}: {commands.get(command).detail}"

        assert done("stop", "feed") == "done: feed stopped"
        assert desk.one("feed")["pid"] is None
        assert done("start", "feed") == "done: feed running"
        assert done("stop", "database").startswith("refused: only feed, driver may be stopped")
        assert done("stop", "nothing").startswith("refused: there is no service nothing")
    assert desk.one("feed")["state"] == "running"


def test_backup_under_a_running_desk_but_no_restore(desk: RealDesk, tmp_path: Path):
    file = tmp_path / "desk.backup"
    saved = desk.evoq("backup", file)
    assert saved.returncode == 0, saved.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(secret.encode() in file.read_bytes() for secret in secrets_of(desk))
    assert_one_line(desk.evoq("restore", file, "--replace"), "a running desk cannot be restored", "evoq down")


@pytest.mark.parametrize("name", ["database", "cache", "feed", "panel"])
def test_killed_server_feed_or_panel_comes_back(desk: RealDesk, name: str):
    kill(desk, name)


@pytest.mark.long
@pytest.mark.parametrize("name", ["push", "api", "driver", "ray"])
def test_killed_service_comes_back(desk: RealDesk, name: str):
    kill(desk, name)


@pytest.mark.long
@pytest.mark.parametrize("name", ["gcs_server", "raylet", "ray::ProxyActor", "ray::ServeController", "ray::PushActor"])
def test_killed_process_of_ray_comes_back(desk: RealDesk, name: str):
    victim = next(process for process in desk.of_ray() if process.name().startswith(name[:15]))
    victim.kill()
    time.sleep(3.0)  # until it is noticed: the state file says that all is well so far
    desk.until_well()
    desk.until(lambda: any(process.name().startswith(name[:15]) for process in desk.of_ray()))


def kill(desk: RealDesk, name: str) -> None:
    """Kill a service without warning, and see it come back by itself."""
    before = desk.one(name)
    os.kill(before["pid"], signal.SIGKILL)
    desk.until(lambda: desk.one(name)["restarts"] == before["restarts"] + 1)
    desk.until_well()
    desk.until(lambda: desk.one(name)["state"] == "running" and desk.one(name)["pid"] not in (None, before["pid"]))


def test_killed_supervisor_leaves_nothing_that_down_does_not_find(desk: RealDesk):
    supervisor = desk.files.read_state()["supervisor"]["pid"]
    os.kill(supervisor, signal.SIGKILL)
    down = desk.status()
    assert down["state"] == "down"
    ended = desk.evoq("down")
    assert ended.returncode == 0, ended.stderr
    assert [process.cmdline() for process in desk.processes()] == []
    assert not embedded_status(desk.home).running
    assert not cache_status(desk.home).running
    assert all(is_free(desk.port(name)) for name in PORTS)
    assert "was not running" in desk.evoq("down").stdout


@pytest.mark.long
def test_ctrl_c_ends_a_desk_in_the_foreground_and_leaves_nothing(desk: RealDesk):
    """It is the second start of this home, so that no password is shown any more."""
    desk.evoq("down")
    with subprocess.Popen(
        [EVOQ, "up", "--foreground"], env=environment(desk.home, **desk.settings), cwd=desk.home,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            before = list(takewhile(lambda line: "evoq down" not in line, process.stdout))
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            afterwards = process.stdout.read()
            status = process.wait(60.0)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    shown = "".join(before) + afterwards
    assert status == 130, shown
    assert "READY" in shown
    assert "the desk has ended" in afterwards
    assert "password" not in shown
    assert [each.cmdline() for each in desk.processes()] == []
    assert all(is_free(desk.port(name)) for name in PORTS)
