"""What is done to a desk, one fault after the other."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil
import redis
from desk_faults.watched_desk import WatchedDesk

from storage import open_cache
from storage.embedded import embedded_status

__all__ = ["FAULTS", "Fault"]

_FROZEN_S = 60.0
_FULL_S = 20.0
_GONE_S = 30.0


@dataclass(frozen=True)
class Fault:
    """One thing that may happen.

    Attributes
    ----------
    name : str
        In words, for the table.
    do : callable
        Does it.
    lasts_s : float
        How long it lasts by itself; no desk can be well before.
    """

    name: str
    do: Callable[[WatchedDesk], None]
    lasts_s: float = 0.0


def _kill_service(name: str) -> Callable[[WatchedDesk], None]:
    return lambda desk: desk.service(name).kill()


def _kill_of_ray(title: str) -> Callable[[WatchedDesk], None]:
    return lambda desk: desk.of_ray(title).kill()


def _worker(desk: WatchedDesk) -> psutil.Process:
    """Return a worker that evaluates just now, or might."""
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        with suppress(LookupError):
            return desk.of_ray("ray::evoq.evaluate")
    return desk.of_ray("ray::IDLE")


def _kill_worker(desk: WatchedDesk) -> None:
    _worker(desk).kill()


def _freeze_worker(desk: WatchedDesk) -> None:
    """Freeze a worker; nobody thaws it."""
    _worker(desk).suspend()


def _freeze_database(desk: WatchedDesk) -> None:
    """Freeze PostgreSQL with all its processes for a minute."""
    pid = embedded_status(desk.home).pid
    assert pid is not None
    server = psutil.Process(pid)
    frozen = [server, *server.children(recursive=True)]
    for process in frozen:
        process.suspend()
    time.sleep(_FROZEN_S)
    for process in frozen:
        if process.is_running():
            process.resume()


def _stop_database(desk: WatchedDesk) -> None:
    """Stop PostgreSQL as its administrator would, under everybody who works with it."""
    pid = embedded_status(desk.home).pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)


def _flush_cache(desk: WatchedDesk) -> None:
    with open_cache(desk.home, environ={}) as cache:
        redis.Redis.from_url(cache.url).flushall()


def _kill_supervisor(desk: WatchedDesk) -> None:
    """Kill the supervisor, and start the desk again as soon as it is gone."""
    os.kill(desk.told()["supervisor"]["pid"], signal.SIGKILL)
    deadline = time.monotonic() + _GONE_S
    while desk.files.held():
        assert time.monotonic() < deadline, "the killed supervisor still holds its lock"
        time.sleep(0.05)
    desk.evoq("up")


def _fill_disk(desk: WatchedDesk) -> None:
    """Fill the disk to the last byte, and make room again after a while; only on a disk of its own."""
    if not os.path.ismount(desk.home):
        raise LookupError("EVOQ_HOME is on no disk of its own: a full one would harm others")
    filler = desk.home / "filler"
    try:
        with filler.open("wb") as file:
            block = b"\0" * 2**20
            with suppress(OSError):
                while True:
                    file.write(block)
                    file.flush()
        time.sleep(_FULL_S)
    finally:
        filler.unlink(missing_ok=True)


FAULTS = (
    Fault("none, for comparison", lambda desk: None),
    Fault("kill -9 of the candle feed", _kill_service("feed")),
    Fault("kill -9 of the driver", _kill_service("driver")),
    Fault("kill -9 of a worker while it evaluates", _kill_worker),
    Fault("a worker frozen while it evaluates (SIGSTOP)", _freeze_worker),
    Fault("kill -9 of the process that deploys the API", _kill_service("api")),
    Fault("kill -9 of a replica of the API", _kill_of_ray("ray::ServeReplica")),
    Fault("kill -9 of Serve's proxy", _kill_of_ray("ray::ProxyActor")),
    Fault("kill -9 of Serve's controller", _kill_of_ray("ray::ServeController")),
    Fault("kill -9 of the process that watches the push", _kill_service("push")),
    Fault("kill -9 of the push", _kill_of_ray("ray::PushActor")),
    Fault("kill -9 of the control panel", _kill_service("panel")),
    Fault("kill -9 of Valkey", _kill_service("cache")),
    Fault("Valkey flushed", _flush_cache),
    Fault("kill -9 of PostgreSQL", _kill_service("database")),
    Fault("PostgreSQL stopped", _stop_database),
    Fault("PostgreSQL frozen for a minute", _freeze_database, _FROZEN_S),
    Fault("disk full for 20 s", _fill_disk, _FULL_S),
    Fault("kill -9 of Ray's dashboard head", _kill_of_ray("dashboard/dashboard.py")),
    Fault("kill -9 of Ray's dashboard agent", _kill_of_ray("ray::DashboardAgent")),
    Fault("kill -9 of Ray's raylet", _kill_of_ray("raylet/raylet")),
    Fault("kill -9 of Ray's control store (GCS)", _kill_of_ray("gcs/gcs_server")),
    Fault("kill -9 of the Ray head", _kill_service("ray")),
    Fault("kill -9 of the supervisor, then `evoq up`", _kill_supervisor),
)
