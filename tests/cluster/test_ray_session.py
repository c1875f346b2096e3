"""The session: what listens, who may come in, what workers inherit, and what cannot be joined."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from cluster.errors import AddressError, ClusterFault, SettingError, TokenError
from cluster.ray_address import HeadAddress, find_address, parse_address, survey
from cluster.ray_environment import secret_names
from cluster.ray_folder import remove_old_sessions
from cluster.ray_session import RaySession
from cluster.ray_shipping import code_for_workers
from cluster.ray_token import private_token_file

pytestmark = pytest.mark.alone

HERE = Path(__file__).resolve().parent
QUICKLY_S = 8.0


def ray_processes() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:  # it ended in the meantime
        return {}


def listening() -> dict[str, set[str]]:
    sockets: dict[str, set[str]] = {}
    for process in [psutil.Process(), *ray_processes()]:
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                sockets.setdefault(process.name(), set()).add(connection.laddr.ip)
    return sockets


def join(address: str, tmp_path: Path, **variables: str) -> str:
    """Return what a process prints that joins a cluster and evaluates there."""
    output = tmp_path / "output"
    path = os.pathsep.join((str(HERE.parent.parent), str(HERE)))
    with output.open("w") as file:
        subprocess.run(
            [sys.executable, HERE / "join_cluster.py", address],
            stdout=file,
            stderr=file,
            env={**os.environ, "PYTHONPATH": path, **variables},
            timeout=90,
        )
    return output.read_text()


def test_session_local_every_socket_is_on_loopback(ray_session: RaySession):
    sockets = listening()
    assert {"gcs_server", "raylet"} <= set(sockets)
    assert {address for addresses in sockets.values() for address in addresses} <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_session_local_token_file_is_ours_alone(ray_session: RaySession, before_ray):
    path = Path(os.environ["EVOQ_HOME"]) / "ray.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) == 64
    assert (Path.home() / ".ray" / "auth_token").exists() == before_ray.default_token_file


@pytest.mark.parametrize(
    ("header", "expected"), [(None, (401, 403)), ("Bearer " + "0" * 64, (401, 403)), ("right", (200,))]
)
def test_session_local_dashboard_wants_the_token(
    ray_session: RaySession, header: str | None, expected: tuple[int, ...]
):
    if header == "right":
        header = f"Bearer {private_token_file().read_text()}"
    request = urllib.request.Request(f"{ray_session.dashboard_url}/api/jobs/")
    if header:
        request.add_header("Authorization", header)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    assert status in expected


def test_session_local_dashboard_port_taken_uses_a_following_one(ray_session: RaySession, before_ray):
    port = int(ray_session.dashboard_url.rsplit(":", 1)[1])
    assert before_ray.taken_port < port < before_ray.taken_port + 50


def test_session_local_processes_inherit_no_secret(ray_session: RaySession):
    environments = [environment(process) for process in ray_processes()]
    assert sum("RAY_AUTH_TOKEN_PATH" in variables for variables in environments) >= 5
    for variables in environments:
        assert secret_names(variables) == []
        assert "hush" not in " ".join(variables.values())


def test_session_local_processes_report_nothing_home(ray_session: RaySession):
    inherited = [variables for variables in map(environment, ray_processes()) if "RAY_AUTH_TOKEN_PATH" in variables]
    assert {variables["RAY_USAGE_STATS_ENABLED"] for variables in inherited} == {"0"}


def test_session_local_keeps_the_handler_of_sigterm(ray_session: RaySession, before_ray):
    assert signal.getsignal(signal.SIGTERM) == before_ray.termination_handler


def test_session_second_one_in_a_process_is_refused(ray_session: RaySession):
    with pytest.raises(ClusterFault, match="has a Ray session already"):
        RaySession("local").start()


def test_session_alive_until_closed(ray_session: RaySession):
    assert ray_session.alive()
    assert not RaySession("local").alive()


def test_survey_private_ray_tells_its_cpus(ray_session: RaySession):
    facts = survey(parse_address(ray_session.head))
    assert (facts.nodes, facts.cpus, facts.wants_token) == (("127.0.0.1",), 2, True)


@pytest.mark.parametrize(("token", "complaint"), [(None, "wants a token, found none"), ("0" * 64, "refuses our token")])
def test_survey_without_the_right_token_is_refused(
    ray_session: RaySession, home: Path, monkeypatch: pytest.MonkeyPatch, token: str | None, complaint: str
):
    monkeypatch.setenv("HOME", str(home))
    if token is not None:
        (home / "ray.token").write_text(token)
    with pytest.raises(TokenError, match=complaint):
        survey(parse_address(ray_session.head))


@pytest.mark.parametrize("named", [pytest.param("address", marks=pytest.mark.long), "auto"])
def test_session_join_evaluates_in_the_workers_of_the_cluster(ray_session: RaySession, tmp_path: Path, named: str):
    address = ray_session.head if named == "address" else named
    output = join(address, tmp_path, RAY_ADDRESS=ray_session.head)
    assert output.splitlines()[-1] == "same as serial, workers 2", output


def test_session_join_unreachable_address_is_refused_quickly():
    started = time.monotonic()
    for address in ("127.0.0.1:9", "ray://127.0.0.1:9"):
        with pytest.raises(AddressError, match=rf"nothing answers at {address}"):
            RaySession(address).start()
    assert time.monotonic() - started < QUICKLY_S


def test_survey_of_something_else_is_refused_quickly():
    with socket.socket() as dumb:
        dumb.bind(("127.0.0.1", 0))
        dumb.listen()
        started = time.monotonic()
        with pytest.raises(AddressError, match=r"what answers at .* is none"):
            survey(HeadAddress("127.0.0.1", dumb.getsockname()[1]))
    assert time.monotonic() - started < 2 * QUICKLY_S


def test_find_address_environment_comes_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    assert find_address(["127.0.0.1:1"]) == HeadAddress("head", 10001, client=True)


def test_find_address_only_head_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert find_address(["127.0.0.1:6379"]) == HeadAddress("127.0.0.1", 6379)


@pytest.mark.parametrize(("running", "complaint"), [([], "found none"), (["a:1", "b:2"], r"found 2 \(a:1, b:2\)")])
def test_find_address_none_or_many_is_refused(monkeypatch: pytest.MonkeyPatch, running: list[str], complaint: str):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(AddressError, match=complaint):
        find_address(running)


@pytest.mark.parametrize("text", ["", "nowhere", "host:0", "host:65536", "http://host:1", "user@host:1", "a b:1"])
def test_session_malformed_address_is_refused(text: str):
    with pytest.raises(AddressError, match="must be local, auto, HOST:PORT or ray://HOST:PORT, was"):
        RaySession(text)


@pytest.mark.parametrize("text", ["host:6379", "ray://10.0.0.1:10001", "[::1]:6379"])
def test_parse_address_prints_as_it_was(text: str):
    assert str(parse_address(text)) == text


def test_private_token_file_readable_by_others_is_closed(home: Path):
    path = private_token_file()
    path.chmod(0o644)
    assert private_token_file() == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_private_token_file_empty_is_refused(home: Path):
    private_token_file().write_text("\n")
    with pytest.raises(TokenError, match="must hold a token, is empty"):
        private_token_file()


def test_secret_names_finds_keys_passwords_and_addresses_with_them():
    secrets = {
        "BINANCE_API_KEY": "1",
        "GATE_SECRET_KEY": "1",
        "OKX_PASSPHRASE": "1",
        "DB_PASSWORD": "1",
        "AWS_SESSION_TOKEN": "1",
        "REDIS_URL": "redis://:p@host:1",
    }
    harmless = {"PATH": "/bin", "EVOQ_HOME": "/x", "DB_HOST": "h", "HTTP_PROXY": "http://proxy:1", "A_URL": "redis://h"}
    assert set(secret_names({**secrets, **harmless})) == set(secrets)


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1"])
def test_dashboard_port_impossible_is_refused(monkeypatch: pytest.MonkeyPatch, text: str):
    from cluster.dashboard_port import free_dashboard_port

    monkeypatch.setenv("EVOQ_RAY_DASHBOARD_PORT", text)
    with pytest.raises(SettingError, match=rf'EVOQ_RAY_DASHBOARD_PORT must be in \[1, 65535\], was "{text}"'):
        free_dashboard_port()


def test_remove_old_sessions_keeps_the_living_and_the_latest_of_all_folders(tmp_path: Path):
    ours, desk = tmp_path / "ray", tmp_path / "a3db7371"
    over = [(desk if day % 2 else ours) / f"session_2026-01-0{day}_00-00-00_000001_99999999" for day in range(1, 8)]
    living = desk / f"session_2025-01-01_00-00-00_000001_{os.getpid()}"
    other = ours / "session_latest"
    for path in (*over, living, other):
        path.mkdir(parents=True)
    remove_old_sessions(ours)
    assert set(tmp_path.glob("*/*")) == {*over[-3:], living, other}


def test_code_for_workers_elsewhere_ships_packages_and_nothing_else():
    from cluster.ray_address import ClusterFacts

    elsewhere = ClusterFacts(nodes=("198.51.100.7",), cpus=8, wants_token=True)
    environment = code_for_workers(elsewhere, environ={})
    shipped = [Path(path).name for path in environment["py_modules"]]
    assert set(shipped) >= {"market", "strategies", "backtest", "evolution", "cluster"}
    assert "data" not in shipped
    assert code_for_workers(elsewhere, environ={"RAY_JOB_CONFIG_JSON_ENV_VAR": "{}"}) == {}
