"""The push in its Ray actor: killed, frozen and ended, seen from outside."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from own_cache import PASSWORD, Cache, running_cache
from push_client import Client, bearer, free_port, token
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

pytestmark = pytest.mark.alone

REPOSITORY = Path(__file__).resolve().parent.parent.parent
LONG_S = 60.0


class Push:
    """A running ``python -m cluster.push``."""

    def __init__(self, head: str, cache: Cache, log: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}/"
        self.log = log
        environment = {**os.environ, "RAY_ADDRESS": head, "REDIS_URL": cache.url, "EVOQ_WS_PORT": str(self.port)}
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cluster.push"],
                cwd=REPOSITORY,
                env={**environment, **variables},
                stdout=subprocess.DEVNULL,
                stderr=file,
            )

    def actor(self) -> psutil.Process:
        """Wait until somebody listens, and return who."""
        deadline = time.monotonic() + LONG_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            for connection in psutil.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr.port == self.port and connection.pid:
                    return psutil.Process(connection.pid)
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def ask(self, *types: str) -> list[dict[str, Any]]:
        """Connect anew and return the last states."""

        async def conversation() -> list[dict[str, Any]]:
            async with connect(self.url, additional_headers=bearer()) as connection:
                client = Client(connection)
                assert (await client.next())["type"] == "hello"
                return await client.subscribe(*types)

        return asyncio.run(conversation())

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    with running_cache(tmp_path_factory.mktemp("valkey")) as cache:
        yield cache


@pytest.fixture(scope="module")
def push(ray_session: Any, cache: Cache, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Push]:
    """Run the push on the session's Ray, for all tests of this file."""
    push = Push(ray_session.head, cache, tmp_path_factory.mktemp("push") / "push.log")
    try:
        push.actor()
        yield push
    finally:
        push.end()


def until_told(push: Push, kind: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + LONG_S
    while not (states := push.ask(kind)):
        assert time.monotonic() < deadline, push.log.read_text()
    return states


def test_actor_tells_what_the_cache_publishes(push: Push, cache: Cache):
    cache.publish("system_metrics", {"cpu_pct": 1})
    assert until_told(push, "system_metrics")[0]["data"] == {"cpu_pct": 1}


def test_actor_is_a_worker_of_ray_and_listens_on_loopback_only(push: Push):
    actor = push.actor()
    assert actor.pid != push.process.pid
    listening = {each.laddr.ip for each in actor.net_connections("inet") if each.status == psutil.CONN_LISTEN}
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_actor_environment_and_command_line_have_no_secret(push: Push, cache: Cache):
    secrets = [
        cache.url,
        cache.url.split("@")[0].rsplit(":", 1)[1],
        *(bearer(role)["Authorization"][7:] for role in ("read", "operate")),
    ]
    for process in (push.actor(), psutil.Process(push.process.pid)):
        told = " ".join(process.cmdline())
        if process.pid != push.process.pid:
            told += " ".join(process.environ().values())
        assert not any(secret in told for secret in secrets)


def test_actor_killed_is_created_again_and_knows_the_last_states(push: Push, cache: Cache):
    cache.publish("alert", {"id": "before"})
    until_told(push, "alert")
    before = push.actor()
    before.kill()
    psutil.wait_procs([before], timeout=10)
    after = push.actor()
    assert after.pid != before.pid
    assert until_told(push, "alert")[0]["data"] == {"id": "before"}
    assert any("the push actor is gone" in line["message"] for line in push.lines())


def test_actor_frozen_is_replaced(push: Push):
    before = push.actor()
    before.suspend()
    deadline = time.monotonic() + LONG_S
    while before.is_running() and before.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, push.log.read_text()
        time.sleep(0.1)
    assert push.actor().pid != before.pid
    push.ask("alert")


def test_second_push_in_one_desk_is_refused(push: Push, ray_session: Any, cache: Cache, tmp_path: Path):
    actor = push.actor()
    second = Push(ray_session.head, cache, tmp_path / "second.log")
    assert second.process.wait(LONG_S) == 2
    assert "the push must run once in a desk, it runs already" in second.log.read_text()
    assert push.actor() == actor


def test_log_is_json_and_has_no_secret(push: Push, cache: Cache):
    with contextlib.suppress(ConnectionClosed):
        asyncio.run(connect_with_a_wrong_token(push.url))
    text = push.log.read_text()
    assert {line["process"] for line in push.lines()} == {"push"}
    for secret in (PASSWORD, token("read"), token("operate"), "hush-token"):
        assert secret not in text


async def connect_with_a_wrong_token(url: str) -> None:
    async with connect(url) as connection:
        client = Client(connection)
        await client.send(type="auth", token="hush-token")
        await client.closed()


def test_terminated_ends_with_status_0_and_leaves_nothing(push: Push):
    """The last test of this file: it ends what the others share."""
    actor = push.actor()
    started = time.monotonic()
    push.process.send_signal(signal.SIGTERM)
    assert push.process.wait(10.0) == 0
    assert time.monotonic() - started < 5.0
    psutil.wait_procs([actor], timeout=10)
    assert not actor.is_running()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", push.port))
    assert push.lines()[-1]["message"] == "the push has ended"


def test_watch_killed_takes_the_actor_with_it_and_the_next_one_takes_over(
    push: Push, ray_session: Any, cache: Cache, tmp_path: Path
):
    assert push.process.poll() is not None
    first = Push(ray_session.head, cache, tmp_path / "first.log")
    actor = first.actor()
    first.process.kill()
    first.process.wait()
    second = Push(ray_session.head, cache, tmp_path / "second.log", EVOQ_WS_PORT=str(first.port))
    try:
        psutil.wait_procs([actor], timeout=LONG_S)
        second.port = first.port
        assert second.actor().pid != actor.pid
    finally:
        second.end()
    assert second.process.returncode == 0


def test_port_taken_is_one_line_and_status_2(push: Push, ray_session: Any, cache: Cache, tmp_path: Path):
    assert push.process.poll() is not None
    with socket.socket() as occupant:
        occupant.bind(("127.0.0.1", 0))
        occupant.listen()
        port = occupant.getsockname()[1]
        push = Push(ray_session.head, cache, tmp_path / "push.log", EVOQ_WS_PORT=str(port))
        assert push.process.wait(LONG_S) == 2
    (line,) = push.log.read_text().splitlines()
    assert line.startswith(f"evoq push: EVOQ_WS_PORT must be a free port of EVOQ_BIND, 127.0.0.1:{port} is not")


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"EVOQ_BIND": "0.0.0.0"}, "EVOQ_BIND must be a loopback address without TLS, was 0.0.0.0"),
        ({"EVOQ_WS_PORT": "many"}, 'EVOQ_WS_PORT must be in [1, 65535], was "many"'),
        ({"EVOQ_TLS_CERT": "nowhere.pem"}, "EVOQ_TLS_CERT and EVOQ_TLS_KEY must be set together"),
        ({"RAY_ADDRESS": "127.0.0.1:9"}, "nothing answers at 127.0.0.1:9"),
    ],
)
def test_mistake_is_one_line_and_status_2(variables: dict[str, str], complaint: str):
    done = subprocess.run(
        [sys.executable, "-m", "cluster.push"],
        cwd=REPOSITORY,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=LONG_S,
    )
    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
