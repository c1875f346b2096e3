"""The embedded cache: private, bounded, shared, and back after whatever killed it or its users."""

import os
import pwd
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import redis
from waiting import until

import storage
from storage.cache_client import build_client
from storage.cache_files import CacheFiles
from storage.cache_server import cache_status, stop_cache

OPEN_AND_WAIT = """
import storage
with storage.open_cache() as cache:
    print(cache.place, flush=True)
    input()
"""

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root must step down")


def _client(cache: storage.Cache) -> redis.Redis:
    return redis.Redis.from_url(cache.url, decode_responses=True)


def test_cache_holds_values_and_measures_its_answer(server_home: Path):
    with storage.open_cache(server_home, environ={}) as cache, _client(cache) as client:
        assert cache.embedded
        assert 0 < cache.ping() < 1
        assert client.set("evoq:last:alert", "x", ex=30)
        assert client.get("evoq:last:alert") == "x"
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.subscribe("evoq:push")
        listener.get_message(timeout=1)
        client.publish("evoq:push", "{}")
        until(lambda: listener.get_message(timeout=1))
        listener.close()
    assert cache.ping() is None
    assert not cache_status(server_home).running


def test_cache_leaves_its_password_nowhere_but_in_its_file(server_home: Path, capfd):
    with storage.open_cache(server_home, environ={}) as cache:
        password = (server_home / "valkey" / "password").read_text().strip()
        assert len(password) >= 32
        assert password in cache.url
        server = psutil.Process(cache_status(server_home).pid)
        shown = [repr(cache), str(cache), cache.place, *server.cmdline(), server.name(), *server.environ().values()]
    holders = [path for path in server_home.rglob("*") if path.is_file() and password.encode() in path.read_bytes()]
    assert holders == [server_home / "valkey" / "password"]
    assert not any(password in word for word in (*shown, *capfd.readouterr()))


def test_cache_and_its_files_are_private(server_home: Path):
    home = server_home / "inner"
    with storage.open_cache(home, environ={}) as cache:
        server = psutil.Process(cache_status(home).pid)
        assert {connection.laddr.ip for connection in server.net_connections() if connection.laddr} == {"127.0.0.1"}
        assert [connection for connection in server.net_connections(kind="unix") if connection.laddr] == []
        for url in (f"redis://{cache.place}", f"redis://:wrong@{cache.place}"):
            with build_client(url) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()
    for path in (home, *home.rglob("*")):
        allowed = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) & ~allowed == 0, path
    assert stat.S_IMODE(server_home.stat().st_mode) == 0o700


def test_cache_never_takes_the_port_of_a_ray_head(server_home: Path):
    (server_home / "valkey").mkdir()
    (server_home / "valkey" / "port").write_text("6379\n")
    with storage.open_cache(server_home, environ={}) as cache:
        assert not cache.place.endswith(":6379")


def test_cache_stays_bounded_and_writes_nothing(server_home: Path):
    with storage.open_cache(server_home, environ={}) as cache, _client(cache) as client:
        for number in range(100):
            client.set(f"k{number}", "x" * 2**20)
        assert client.info("memory")["used_memory"] < 72 * 2**20
        assert client.get("k99") is not None
        assert client.exists(*(f"k{number}" for number in range(100))) < 64
        with pytest.raises(redis.ResponseError):
            client.config_set("dir", "/tmp")
        with pytest.raises(redis.ResponseError):
            client.module_load("/tmp/x.so")
    assert sorted(path.name for path in (server_home / "valkey").rglob("*") if path.is_file()) == [
        "password",
        "port",
        "server.lock",
        "start.lock",
        "users.lock",
    ]


def test_processes_that_start_at_once_share_one_cache(server_home: Path, spawn):
    users = [spawn(OPEN_AND_WAIT, server_home, stdin=-1) for _ in range(3)]
    places = {user.stdout.readline() or user.stderr.read() for user in users}
    assert len(places) == 1
    for user in users[:2]:
        user.communicate("\n")
        assert user.returncode == 0
        assert cache_status(server_home).running
    assert cache_status(server_home).in_use
    users[2].communicate("\n")
    status = cache_status(server_home)
    assert (status.running, status.in_use, status.pid) == (False, False, None)


def test_cache_of_a_killed_user_is_joined_and_stopped_by_the_next(server_home: Path, spawn):
    user = spawn(OPEN_AND_WAIT, server_home, stdin=-1)
    place = user.stdout.readline().strip()
    user.kill()
    user.wait()
    status = cache_status(server_home)
    assert (status.running, status.in_use) == (True, False)
    with storage.open_cache(server_home, environ={}) as cache:
        assert (cache.place, cache_status(server_home).pid) == (place, status.pid)
    assert not cache_status(server_home).running


def test_ctrl_c_of_the_terminal_does_not_reach_the_cache(server_home: Path, spawn):
    user = spawn(OPEN_AND_WAIT, server_home, stdin=-1, start_new_session=True)
    user.stdout.readline()
    server = psutil.Process(cache_status(server_home).pid)
    assert os.getsid(server.pid) != os.getsid(user.pid)
    with storage.open_cache(server_home, environ={}):
        os.killpg(user.pid, signal.SIGINT)
        user.communicate()  # it ends: the server does not hold its pipes
        assert cache_status(server_home).pid == server.pid


def test_killed_cache_is_started_again_where_it_was(server_home: Path):
    with storage.open_cache(server_home, environ={}) as cache, _client(cache) as client:
        client.set("a", "1")
        psutil.Process(cache_status(server_home).pid).kill()
        until(lambda: not cache_status(server_home).running)
        assert cache.ping() is None
        with storage.open_cache(server_home, environ={}) as again:
            assert again.url == cache.url
            assert cache.ping() is not None
            assert client.get("a") is None  # losing it loses nothing
        assert cache.ping() is not None  # one user is left


def test_stale_pid_file_harms_nobody(server_home: Path):
    with storage.open_cache(server_home, environ={}):
        pass
    (server_home / "valkey" / "data" / "valkey.pid").write_text(f"{os.getpid()}\n")
    with storage.open_cache(server_home, environ={}):
        assert cache_status(server_home).pid != os.getpid()


def test_frozen_cache_is_killed_when_it_must_stop(server_home: Path, monkeypatch):
    monkeypatch.setattr("storage.cache_server._STOPS", (("SIGTERM", 0.5), ("SIGKILL", 10.0)))
    with storage.open_cache(server_home, environ={}) as cache:
        psutil.Process(cache_status(server_home).pid).suspend()
        begun = time.monotonic()
        assert cache.ping() is None
        assert time.monotonic() - begun < 30
    assert not cache_status(server_home).running


def test_lost_password_is_replaced_at_the_next_start(server_home: Path):
    file = server_home / "valkey" / "password"
    with storage.open_cache(server_home, environ={}):
        first = file.read_text()
    file.unlink()
    with storage.open_cache(server_home, environ={}) as cache:
        assert file.read_text() != first
        assert file.read_text().strip() in cache.url


def test_wrong_password_file_of_a_running_cache_is_one_line_with_the_cure(server_home: Path):
    with storage.open_cache(server_home, environ={}):
        file = server_home / "valkey" / "password"
        right = file.read_text()
        file.write_text("wrong\n")
        with pytest.raises(storage.LoginError, match="delete that file and start again") as caught:
            storage.open_cache(server_home, environ={})
        assert "\n" not in str(caught.value)
        file.write_text(right)


def test_port_taken_by_somebody_else_is_changed(server_home: Path):
    with storage.open_cache(server_home, environ={}) as cache:
        place = cache.place
    port = int(place.partition(":")[2])
    with socket.create_server(("127.0.0.1", port)), storage.open_cache(server_home, environ={}) as cache:
        moved = cache.place
        assert moved != place
    with storage.open_cache(server_home, environ={}) as cache:
        assert cache.place == moved


def test_port_lost_between_choice_and_start_is_chosen_again(server_home: Path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        choose = CacheFiles.choose_port
        monkeypatch.setattr(
            CacheFiles, "choose_port", lambda self, **options: next(ports, None) or choose(self, **options)
        )
        with storage.open_cache(server_home, environ={}) as cache:
            assert cache.place != f"127.0.0.1:{taken.getsockname()[1]}"
            assert cache.ping() is not None


@pytest.mark.parametrize("name", ["Ann's 100 % Größe; #1", 'a"b\\c', "a\nb"])
def test_home_with_an_unusual_name_works(server_home: Path, name: str):
    with storage.open_cache(server_home / name, environ={}) as cache:
        assert cache.ping() is not None
    assert (server_home / name / "logs" / "valkey" / "valkey.log").is_file()


def test_cache_can_be_stopped_from_outside(server_home: Path):
    assert not stop_cache(server_home)
    with storage.open_cache(server_home, environ={}) as cache:
        assert stop_cache(server_home)
        assert not cache_status(server_home).running
        assert not stop_cache(server_home)
        assert cache.ping() is None


def test_log_of_the_cache_stays_bounded(server_home: Path):
    log = server_home / "logs" / "valkey" / "valkey.log"
    log.parent.mkdir(parents=True)
    for _ in range(2):
        log.write_text("x" * (2**20 + 1))
        with storage.open_cache(server_home, environ={}):
            assert log.stat().st_size < 2**16
    assert sorted(path.name for path in log.parent.iterdir()) == ["valkey.log", "valkey.log.1"]


def test_cache_closed_twice_or_in_a_fork_harms_nobody(server_home: Path):
    with storage.open_cache(server_home, environ={}) as cache:
        child = os.fork()
        if child == 0:
            cache.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert cache.ping() is not None
        cache.close()
    assert not cache_status(server_home).running


def test_cache_of_somebody_else_is_used_and_left_running(server_home: Path):
    with storage.open_cache(server_home, environ={}) as own:
        with storage.open_cache(server_home / "other", environ={"REDIS_URL": own.url}) as cache:
            assert not cache.embedded
            assert cache.ping() is not None
            assert own.url.split("@")[0].split(":")[-1] not in repr(cache)
        assert own.ping() is not None
        assert not (server_home / "other").exists()
        for url in (f"redis://:hunter2@{own.place}/0", f"redis://{own.place}"):
            with pytest.raises(storage.LoginError, match=r"refuses our password: put into REDIS_URL") as caught:
                storage.open_cache(environ={"REDIS_URL": url})
            assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)
            assert "\n" not in str(caught.value)


def test_cache_that_does_not_answer_is_one_line_with_the_cure():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"redis://:hunter2@127.0.0.1:{probe.getsockname()[1]}/0"
        with pytest.raises(storage.CacheUnreachableError, match="start that server, correct REDIS_URL, or") as caught:
            storage.open_cache(environ={"REDIS_URL": url})
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:6379",
        "http://:hunter2@localhost",
        "redis://:hunter2@",
        "redis://:hunter2@localhost:99999",
        "redis://:hunter2@localhost:0",
        "redis://:hunter2@localhost:port",
        "redis://:hunter2@localhost/first",
        "redis://:hunter2@localhost?socket_timeout=long",
        "unix://",
        "redis://:hunter2@[::1",
    ],
)
def test_address_that_cannot_be_meant_is_refused_without_its_password(url):
    with pytest.raises(storage.SettingError, match="REDIS_URL must be redis://") as caught:
        storage.open_cache(environ={"REDIS_URL": url})
    assert "hunter2" not in str(caught.value)


@root_only
def test_root_runs_the_cache_without_a_right_of_root(server_home: Path):
    with storage.open_cache(server_home, environ={}):
        status = Path(f"/proc/{cache_status(server_home).pid}/status")
        if not status.is_file():
            pytest.skip("capabilities are shown by Linux only")
        rights = [line.split()[1] for line in status.read_text().splitlines() if line.startswith(("CapEff", "CapPrm"))]
    assert {int(right, 16) for right in rights} == {0}


@root_only
def test_root_without_namespaces_runs_the_cache_as_a_system_user(server_home: Path, no_namespaces):
    with storage.open_cache(server_home, environ={}) as cache:
        assert cache.ping() is not None
        user = psutil.Process(cache_status(server_home).pid).uids().effective
        assert user != 0
    assert (server_home / "valkey" / "data").stat().st_uid == user
    for path in (server_home / "valkey" / "password", server_home):
        assert path.stat().st_uid == 0
        assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
    with pytest.MonkeyPatch.context() as patch:  # and back, when namespaces are allowed again
        patch.setenv("PATH", os.environ["PATH"].partition(":")[2])
        with storage.open_cache(server_home, environ={}) as cache:
            assert cache.ping() is not None


@root_only
def test_root_without_any_way_is_told_the_cure_for_the_cache(no_namespaces):
    above = Path(tempfile.mkdtemp())
    above.chmod(0o700)
    try:
        with pytest.raises(storage.AccountError, match=r"or set REDIS_URL$") as caught:
            storage.open_cache(above / "home", environ={})
        assert "\n" not in str(caught.value)
    finally:
        shutil.rmtree(above)


@root_only
def test_ordinary_user_runs_the_cache_as_himself(server_home: Path, spawn):
    user = pwd.getpwnam("nobody")
    os.chown(server_home, user.pw_uid, user.pw_gid)
    programs = (Path(sys.executable).resolve(), CacheFiles.program())
    if not all(folder.stat().st_mode & 0o001 for program in programs for folder in program.parents):
        pytest.skip("Python or this checkout is private to root")
    code = """
import storage, os
from storage.cache_server import cache_status
with storage.open_cache() as cache:
    print(os.stat(f"/proc/{cache_status(storage.home()).pid}").st_uid == os.getuid(), cache.ping() is not None)
"""
    process = spawn(code, server_home, user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    out, err = process.communicate(timeout=120)
    assert (out.split(), err) == (["True", "True"], "")
