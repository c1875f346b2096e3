"""The API on Ray Serve: what listens, what is inherited, and that nothing is lost with a replica, a controller or all.

The tests build upon each other: they share one deployment and end it at last.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import grpc
import httpx
import psutil
import pytest
import waiting

from storage import CommandRepository

pytestmark = pytest.mark.alone

Q = "/api/quantitative"
REPOSITORY = Path(__file__).resolve().parents[2]
REPLICA = "ray::ServeReplica:evoq:Api"
until = partial(waiting.until, pause_s=0.2)  # a look goes through all processes of the machine
METHODS = ("/ray.serve.ASGIService/HandleRequest", "/ray.serve.ASGIService/HandleRequestWithRejection")


def processes(name: str) -> list[psutil.Process]:
    """Return the processes of a name that are this session's own."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.cmdline()[:1] == [name] and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def listening(process: psutil.Process) -> list[tuple[str, int]]:
    try:
        connections = process.net_connections("inet")
    except psutil.Error:
        return []
    return [(one.laddr.ip, one.laddr.port) for one in connections if one.status == psutil.CONN_LISTEN]


class Served:
    """The watch over the API, in a process of its own."""

    def __init__(self, api_desk, ray_session, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "api.log"
        self.tokens = api_desk.tokens
        self._environ = {
            **os.environ,
            **api_desk.environ,
            "PYTHONPATH": str(REPOSITORY),
            "RAY_AUTH_TOKEN_PATH": str(Path(os.environ["EVOQ_HOME"]) / "ray.token"),
            "RAY_ADDRESS": ray_session.head,
            "EVOQ_HOME": str(api_desk.home),
            "EVOQ_HTTP_PORT": str(self.port),
        }
        self.watch: subprocess.Popen[bytes] | None = None
        self.refused: list[httpx.Response] = []

    def start(self, **settings: str) -> None:
        """Start the watch, and wait until the API answers; with other settings that is what was deployed before."""
        self._environ |= settings
        with self.log.open("ab") as log:
            self.watch = subprocess.Popen([sys.executable, "-m", "cluster.api"], env=self._environ, stderr=log)
        until(self.is_up, 120.0)

    def is_up(self) -> bool:
        assert self.watch.poll() is None, self.log.read_text()
        try:
            answer = httpx.get(f"{self.url}/health", timeout=10)
        except httpx.TransportError:
            return False
        if answer.status_code != 200:
            self.refused.append(answer)
        return answer.status_code == 200

    def ask(self, path: str, role: str = "read", method: str = "GET", **options: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=30, **options)

    def ask_for(self, seconds: float) -> Counter:
        """Ask again and again, each time on a new connection, and count what is answered."""
        answers, end = Counter(), time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                answers[self.ask(f"{Q}/strategies?limit=1").status_code] += 1
            except httpx.TransportError as error:
                answers[type(error).__name__] += 1
            time.sleep(0.05)
        return answers


@pytest.fixture(scope="module")
def served(api_desk, ray_session, tmp_path_factory):
    served = Served(api_desk, ray_session, tmp_path_factory.mktemp("served"))
    served.start()
    yield served
    if served.watch.poll() is None:
        served.watch.kill()
        served.watch.wait()


def test_serve_answers_with_two_replicas_on_the_desks_database(served, api_desk):
    until(lambda: len(processes(REPLICA)) == 2)
    answer = served.ask(f"{Q}/strategies?limit=500").json()
    assert {item["id"] for item in answer["items"]} == set(api_desk.ids)
    assert served.ask(f"{Q}/strategies", role="operate").headers["x-content-type-options"] == "nosniff"
    assert httpx.get(f"{served.url}{Q}/strategies").status_code == 401


def test_serve_listens_on_loopback_only(served):
    ours = [process for process in psutil.Process().children(recursive=True) if listening(process)]
    names = {process.name() for process in ours}
    assert any(name.startswith("ray::ServeReplica"[:15]) for name in names)
    for process in ours:
        for address, _ in listening(process):
            assert address in {"127.0.0.1", "::1", "::ffff:127.0.0.1"}, process.name()


def test_serve_replicas_answer_nobody_without_the_token_of_ray(served):
    token = (Path(os.environ["EVOQ_HOME"]) / "ray.token").read_text().strip()
    codes = {None: set(), token: set()}
    for process in processes(REPLICA):
        for _, port in listening(process):
            for method in METHODS:
                for shown, seen in codes.items():
                    metadata = [] if shown is None else [("authorization", f"Bearer {shown}")]
                    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, pytest.raises(grpc.RpcError) as refused:
                        channel.unary_unary(method)(b"", timeout=10, metadata=metadata)
                    seen.add(refused.value.code())
    assert codes[None] <= {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED}
    assert grpc.StatusCode.UNAUTHENTICATED in codes[None]
    assert codes[token] - codes[None], "with the token the replica must go further"


def test_serve_processes_inherit_no_secret(served, api_desk):
    secrets = [*api_desk.tokens.values(), api_desk.environ["DB_PASSWORD"]]
    for process in psutil.Process().children(recursive=True):
        if process.pid == served.watch.pid:
            continue  # it was told by its environment, as the supervisor does
        try:
            told = json.dumps(process.environ()) + " ".join(process.cmdline())
        except psutil.Error:
            continue
        assert not any(secret in told for secret in secrets), process.name()


def test_serve_loses_nothing_when_a_replica_is_killed(served, api_desk):
    done = served.ask(
        f"{Q}/strategies/{api_desk.ids[5]}/commands", "operate", "POST", json={"action": "enable", "version": 1}
    ).json()
    victim = processes(REPLICA)[0]
    victim.kill()
    answers = served.ask_for(5.0)
    assert set(answers) == {200}, answers
    until(lambda: len({one.pid for one in processes(REPLICA)} - {victim.pid}) == 2)
    assert served.ask(f"{Q}/commands/{done['command_id']}").json()["status"] == "done"
    assert served.ask(f"{Q}/strategies/{api_desk.ids[5]}").json()["state"] == "enabled"


def test_serve_does_what_a_killed_replica_had_accepted(served, api_desk):
    commands = CommandRepository(api_desk.database.engine)
    left = commands.add("enable", api_desk.ids[6], {"version": 1}, by="token.operate", role="operate")
    until(lambda: commands.get(left).status == "done", 30.0)  # the watch sweeps, nobody has to ask
    assert served.ask(f"{Q}/strategies/{api_desk.ids[6]}").json()["state"] == "enabled"


def test_serve_goes_on_when_its_controller_is_killed(served):
    (controller,) = processes("ray::ServeController")
    controller.kill()
    answers = served.ask_for(5.0)
    assert set(answers) == {200}, answers
    until(lambda: {one.pid for one in processes("ray::ServeController")} - {controller.pid})
    until(lambda: served.ask(f"{Q}/system-status").status_code == 200)


def test_serve_is_back_soon_when_its_proxy_is_killed(served):
    until(lambda: processes("ray::ProxyActor"))  # it has another name until it is up
    processes("ray::ProxyActor")[0].kill()
    until(served.is_up, 30.0)
    assert served.ask_for(1.0).keys() == {200}


def test_serve_goes_on_without_its_watch_and_is_found_by_the_next_one(served):
    served.watch.kill()
    served.watch.wait()
    assert set(served.ask_for(2.0)) == {200}
    served.start()
    assert set(served.ask_for(3.0)) == {200}


def test_serve_redeploys_with_other_settings_and_loses_nothing(served, api_desk):
    """Replicas are exchanged one by one while somebody asks, and what was accepted meanwhile is done."""
    before = {one.pid for one in processes(REPLICA)}
    served.watch.kill()
    served.watch.wait()
    accepted = served.ask(
        f"{Q}/strategies/{api_desk.ids[7]}/commands", "operate", "POST", json={"action": "enable", "version": 1}
    ).json()
    served.start(EVOQ_PANEL_URL="http://127.0.0.1:8599")
    answers: Counter[int | str] = Counter()

    def exchanged() -> bool:
        answers.update(served.ask_for(1.0))
        return len(after := {one.pid for one in processes(REPLICA)}) == 2 and not after & before

    until(exchanged)
    assert set(answers) == {200}, answers
    assert sum(answers.values()) > 20
    for _ in range(10):  # both replicas
        assert served.ask("/quantitative.html").headers["location"].startswith("http://127.0.0.1:8599/")
    assert served.ask(f"{Q}/commands/{accepted['command_id']}").json()["status"] == "done"
    assert served.ask(f"{Q}/strategies/{api_desk.ids[7]}").json()["state"] == "enabled"


def test_serve_ends_in_time_and_leaves_nothing_behind(served):
    served.watch.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert served.watch.wait(timeout=30) == 0
    assert time.monotonic() - began < 10.0  # half of it on a machine that does nothing else
    until(lambda: not processes(REPLICA) and not processes("ray::ServeController"), 10.0)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", served.port)) != 0


def test_serve_started_again_has_lost_nothing(served, api_desk):
    served.start()
    assert served.ask(f"{Q}/strategies/{api_desk.ids[5]}").json()["state"] == "enabled"
    assert served.ask("/api/operations-log?action=enable").json()["total"] == 3
    served.watch.send_signal(signal.SIGTERM)
    assert served.watch.wait(timeout=30) == 0


def test_serve_refuses_with_problems_while_it_comes_up(served):
    """Before the application is there, Serve's proxy answers by itself."""
    for answer in served.refused:
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert answer.json()["status"] == answer.status_code
    assert {answer.json()["code"] for answer in served.refused} <= {"starting", "unavailable"}


def test_serve_log_of_the_watch_is_json_without_secrets(served, api_desk):
    text = served.log.read_text()
    lines = [line for line in text.splitlines() if "(raylet)" not in line]
    told = [json.loads(line) for line in lines]
    assert any("the API answers at" in one["message"] for one in told)
    assert {one["process"] for one in told} == {"api"}
    for secret in (*api_desk.tokens.values(), api_desk.environ["DB_PASSWORD"]):
        assert secret not in text


def test_serve_says_in_one_line_that_its_port_is_taken(served):
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        environ = {**served._environ, "EVOQ_HTTP_PORT": str(occupant.getsockname()[1])}
        ended = subprocess.run([sys.executable, "-m", "cluster.api"], env=environ, capture_output=True, timeout=120)
    assert ended.returncode == 2
    told = [json.loads(line) for line in ended.stderr.decode().splitlines() if line.startswith("{")]
    assert [one for one in told if "EVOQ_HTTP_PORT must be free" in one["message"]]
