"""The desk as `evoq up` starts it, for tests: small, on ports of its own, with keys of a trader in its environment."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from command_line import evoq

from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.desk_processes import SERVICE, marked
from storage.cache_server import cache_status
from storage.embedded import embedded_status

PORTS = ("EVOQ_HTTP_PORT", "EVOQ_WS_PORT", "EVOQ_PANEL_PORT", "EVOQ_RAY_DASHBOARD_PORT")
SECRETS = {
    "BINANCE_SECRET_KEY": "hush-venue-key",
    "OKX_PASSPHRASE": "hush-phrase",
    "GATE_API_KEY": "hush-gate-key",
    "DB_PASSWORD": "hush-database",  # without DB_HOST nobody uses it, and nobody may tell it
}
SMALL = {
    "EVOQ_POPULATION": "120",
    "EVOQ_GENERATIONS_PER_WINDOW": "2",
    "EVOQ_FEED_HISTORY": "3000",
    "EVOQ_FEED": "simulated:BTC/USDT:USDT,ETH/USDT:USDT:1m",
}


@dataclass(frozen=True)
class RealDesk:
    """A running desk."""

    home: Path
    settings: dict[str, str]

    @property
    def files(self) -> DeskFiles:
        return DeskFiles(self.home)

    def evoq(self, *words: object) -> "subprocess.CompletedProcess[str]":
        return evoq(*words, home=self.home, **self.settings)

    def status(self) -> dict[str, Any]:
        return json.loads(self.evoq("status", "--json").stdout)

    def one(self, name: str) -> dict[str, Any]:
        return next(one for one in self.files.read_state()["services"] if one["name"] == name)

    def port(self, name: str) -> int:
        return int(self.settings[name])

    def processes(self) -> list[psutil.Process]:
        """Return every process of the desk: what carries its mark, its supervisor, and the embedded servers."""
        found = marked(self.files.mark)
        supervisor = self.files.read_state().get("supervisor")
        pids = [embedded_status(self.home).pid, cache_status(self.home).pid, supervisor and supervisor["pid"]]
        for pid in pids:
            if pid is not None and psutil.pid_exists(pid):
                process = psutil.Process(pid)
                found += [process, *(each for each in process.children(recursive=True) if each not in found)]
        return [process for process in found if _lives(process)]

    def of_ray(self) -> list[psutil.Process]:
        return [process for process in marked(self.files.mark) if process.environ().get(SERVICE) == "ray"]

    def get(self, path: str, token: str | None = None, port: str = "EVOQ_HTTP_PORT") -> tuple[int, str]:
        """Ask one of its HTTP servers."""
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.port(port), timeout=20)
        try:
            headers = {} if token is None else {"Authorization": f"Bearer {(self.home / token).read_text().strip()}"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def until(self, condition: Callable[[], Any], patience_s: float = 120.0) -> Any:
        """Wait for a condition and return what it returned; a connection that is refused is no yet."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                found = condition()
            except OSError:
                found = None
            if found:
                return found
            assert time.monotonic() < deadline, self.evoq("status").stdout + self.evoq("logs", "-n", 40).stdout
            time.sleep(0.2)

    def until_well(self, patience_s: float = 120.0) -> None:
        """Wait until every service runs and the API says that all is well."""
        self.until(lambda: self.files.read_state().get("state") == "ready", patience_s)
        self.until(lambda: self.get("/health")[0] == 200, patience_s)


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def free_ports(count: int) -> list[int]:
    """Return ports that are free now."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@contextmanager
def running_desk(home: Path, **settings: str) -> Iterator[RealDesk]:
    """Start a desk with `evoq up`, and end it with `evoq down`; nothing of it is left."""
    ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    desk = RealDesk(home, {**ports, **SMALL, **SECRETS, **settings})
    try:
        started = desk.evoq("up")
        assert started.returncode == 0, started.stderr + started.stdout + desk.evoq("logs", "-n", 60).stdout
        assert "READY" in started.stdout
        yield desk
    finally:
        ended = desk.evoq("down")
        assert ended.returncode == 0, ended.stderr
        assert [process.cmdline() for process in desk.processes()] == []
