"""How the desk is, seen from outside: from its state file, its processes, and the database if that answers."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.desk_processes import SERVICE, marked, memory_bytes
from cluster.supervisor.supervisor import Told
from market.clock import Clock
from storage import AlertRepository, LeaseRepository, StorageError, SystemStatusRepository, open_database
from storage.cache_server import cache_status
from storage.embedded import embedded_status

__all__ = ["DatabaseNews", "desk_status", "memory_by_service"]

DatabaseNews = dict[str, Any]

_DRIVER = "driver"  # the lease of whoever evolves
_FROZEN_S = 30.0
_DATABASE_S = 8.0
_MEBIBYTE = 2**20


def desk_status(files: DeskFiles, environ: Mapping[str, str], clock: Clock) -> Told:
    """Return how the desk of a home is.

    Parameters
    ----------
    files : DeskFiles
        Of the home.
    environ : mapping of str to str
        Where the DB_* variables are looked up.
    clock : Clock
        The time.

    Returns
    -------
    dict
        What the supervisor told last, with `state` "down" when none lives and "frozen" when it says nothing; memory in
        MB for the supervisor, each service and in all; `database`, `evolution` (its state is "stopped" where nobody
        evolves, whatever was told last), `metrics` and `alerts_open` from the database.
    """
    held, told = files.held(), files.read_state()
    if not held:
        left = marked(files.mark)
        problem = told.get("problem")
        told = {"home": str(files.home), "state": "down", "problem": problem, "services": [], "left_over": len(left)}
    elif clock.now_ms() - told.get("updated_ms", 0) > _FROZEN_S * 1000:
        told = {**told, "home": str(files.home), "state": "frozen" if told else "starting"}
    memory = memory_by_service(files, told.get("supervisor"))
    for one in told.get("services", []):
        one["memory_mb"] = round(memory.get(one["name"], 0) / _MEBIBYTE, 1)
    if told.get("supervisor"):
        told["supervisor"]["memory_mb"] = round(memory.get("supervisor", 0) / _MEBIBYTE, 1)
    told["memory_mb"] = round(sum(memory.values()) / _MEBIBYTE, 1)
    silent = any(one["name"] == "database" and one["state"] != "running" for one in told.get("services", []))
    news = {"database": {"reachable": False}} if silent else _bounded(files.home, environ)
    return {**told, **news}


def memory_by_service(files: DeskFiles, supervisor: Any = None) -> dict[str, int]:
    """Return how much memory each service uses, what several share counted once.

    Parameters
    ----------
    files : DeskFiles
        Of the desk.
    supervisor : mapping, optional
        Its identity, as the state file tells it.

    Returns
    -------
    dict of str to int
        Bytes by name of the service; the supervisor as "supervisor".
    """
    found: dict[str, list[psutil.Process]] = {}
    for process in marked(files.mark):
        with suppress(psutil.Error):
            found.setdefault(process.environ().get(SERVICE, "other"), []).append(process)
    pids = {"database": embedded_status(files.home).pid, "cache": cache_status(files.home).pid}
    if isinstance(supervisor, Mapping):
        pids["supervisor"] = int(supervisor["pid"])
    for name, pid in pids.items():
        with suppress(psutil.Error):
            if pid is not None:
                process = psutil.Process(pid)
                rest = process.children(recursive=True) if name == "database" else []
                found.setdefault(name, []).extend([process, *rest])
    return {name: memory_bytes(processes) for name, processes in found.items()}


def _bounded(home: Path, environ: Mapping[str, str]) -> DatabaseNews:
    """Ask the database, but do not wait for one that hangs."""
    if not environ.get("DB_HOST", "").strip() and not embedded_status(home).running:
        return {"database": {"reachable": False}}
    news: DatabaseNews = {"database": {"reachable": False}}
    answered = threading.Event()

    def ask() -> None:
        with suppress(StorageError):
            news.update(_asked(home, environ))
        answered.set()

    threading.Thread(target=ask, daemon=True).start()
    answered.wait(_DATABASE_S)
    return dict(news)


def _asked(home: Path, environ: Mapping[str, str]) -> DatabaseNews:
    with open_database(home, environ) as database:
        status = SystemStatusRepository(database.engine).latest_all()
        evolution, lease = _fresh(status.get("evolution")), LeaseRepository(database.engine).get(_DRIVER)
        if evolution is not None and (lease is None or not lease.held):
            evolution["state"] = "stopped"  # whatever was told last
        return {
            "database": {"reachable": True, "place": database.settings.place, "embedded": database.embedded},
            "evolution": evolution,
            "metrics": _fresh(status.get("system_metrics")),
            "feed": _fresh(status.get("feed")),
            "alerts_open": AlertRepository(database.engine).count_open(),
        }


def _fresh(record: Any) -> dict[str, Any] | None:
    return None if record is None else {**record.data, "age_s": round(record.age_s, 1)}
