"""A desk under observation: started with `evoq up`, and asked ten times a second whether it answers."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from cluster.supervisor.desk_files import DeskFiles
from cluster.supervisor.desk_processes import SERVICE, marked
from evolution.schedule import default_batch_size

__all__ = ["EVOQ", "Outage", "WatchedDesk"]

EVOQ = Path(sys.executable).parent / "evoq"
PORTS = ("EVOQ_HTTP_PORT", "EVOQ_WS_PORT", "EVOQ_PANEL_PORT", "EVOQ_RAY_DASHBOARD_PORT")
_EVERY_S = 0.1
_ANSWER_S = 2.0
_STEADY_S = 2.0
_BATCHES = 5  # one more than are ever under way at a time


@dataclass
class Outage:
    """What a fault cost, in seconds; None for what never failed.

    Attributes
    ----------
    api_s, push_s, panel_s : float or None
        From the first question that was not answered until answers came again.
    evolution_s : float
        From the fault until everything that was under way and the next batch were evaluated and stored.
    well_s : float
        From the fault until everything was well, and stayed so.
    """

    api_s: float | None = None
    push_s: float | None = None
    panel_s: float | None = None
    evolution_s: float | None = None
    well_s: float | None = None


@dataclass
class WatchedDesk:
    """A desk in a home of its own, on ports of its own.

    Attributes
    ----------
    home : Path
        EVOQ_HOME.
    settings : dict of str to str
        Of its environment.
    """

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with ExitStack() as held:
            probes = [held.enter_context(socket.socket()) for _ in PORTS]
            for probe in probes:
                probe.bind(("127.0.0.1", 0))
            ports = {name: str(probe.getsockname()[1]) for name, probe in zip(PORTS, probes, strict=True)}
        self.settings = {**ports, **self.settings}
        self.files = DeskFiles(self.home)

    def evoq(self, *words: str) -> str:
        """Run a command, and return what it prints."""
        environment = {**os.environ, "EVOQ_HOME": str(self.home), **self.settings}
        done = subprocess.run(  # noqa: S603
            [EVOQ, *words], env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, f"evoq {' '.join(words)}: {done.stderr}{done.stdout}"
        return done.stdout

    def told(self) -> dict[str, Any]:
        """Return what the supervisor tells."""
        return self.files.read_state() if self.files.held() else {}

    def service(self, name: str) -> psutil.Process:
        """Return the process of a service."""
        return psutil.Process(next(one["pid"] for one in self.told()["services"] if one["name"] == name))

    def of_ray(self, title: str) -> psutil.Process:
        """Return a process of Ray by the beginning of its command line, or by a word in it."""
        for process in marked(self.files.mark):
            with suppress(psutil.Error):
                words = " ".join(process.cmdline())
                if process.environ().get(SERVICE) == "ray" and (words.startswith(title) or f"/{title}" in words):
                    return process
        raise LookupError(f"no process of Ray is called {title}")

    def api_answers(self) -> bool:
        """Tell whether the HTTP API answers, with a database behind it."""
        return self._get("/health").get("status") in ("ok", "degraded")

    def all_well(self) -> bool:
        """Tell whether the HTTP API says that everything runs."""
        return bool(self._get("/health").get("status") == "ok")

    def push_answers(self) -> bool:
        """Tell whether the push accepts connections."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", int(self.settings["EVOQ_WS_PORT"])), _ANSWER_S):
            return True
        return False

    def panel_answers(self) -> bool:
        """Tell whether the control panel answers."""
        return self._get("/health", "EVOQ_PANEL_PORT").get("status") == "ok"

    def evaluations(self) -> int | None:
        """Return how far evolution has got; None if the API does not tell."""
        found = self._get("/api/quantitative/system-status").get("evolution", {}).get("evaluations")
        return None if found is None else int(found)

    def _get(self, path: str, port: str = "EVOQ_HTTP_PORT") -> dict[str, Any]:
        connection = self._connection(port)
        try:
            token = (self.home / "token.read").read_text().strip()
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return {}
        finally:
            connection.close()
        return answer if isinstance(answer, dict) else {}

    def _connection(self, port: str = "EVOQ_HTTP_PORT") -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", int(self.settings[port]), timeout=_ANSWER_S)

    def measure(self, fault: Callable[["WatchedDesk"], None], patience_s: float) -> Outage:
        """Do something to the desk, and measure what it costs until all is well again.

        Parameters
        ----------
        fault : callable
            What is done; may take its time.
        patience_s : float
            How long to wait at most.

        Returns
        -------
        Outage
            What it cost; `well_s` is None if all was not well in time.
        """
        asked = time.monotonic()
        while (before := self.evaluations()) is None:
            assert time.monotonic() - asked < patience_s, "the desk does not say how far evolution is"
            time.sleep(_EVERY_S)
        goal = before + _BATCHES * default_batch_size(int(self.settings["EVOQ_POPULATION"]))
        outage, began = Outage(), time.monotonic()
        api, push, panel = watches = [_Watch(ask) for ask in (self.api_answers, self.push_answers, self.panel_answers)]
        for watch in watches:
            threading.Thread(target=watch.run, daemon=True).start()
        fault(self)
        healthy_since: float | None = None
        while time.monotonic() - began < patience_s:
            now = time.monotonic()
            if outage.evolution_s is None and (self.evaluations() or 0) >= goal:
                outage.evolution_s = now - began
            well = self.told().get("state") == "ready" and all(watch.good for watch in watches)
            well = well and outage.evolution_s is not None and self.all_well()
            healthy_since = (healthy_since or now) if well else None
            if healthy_since is not None and now - healthy_since >= _STEADY_S:
                outage.well_s = healthy_since - began
                break
            time.sleep(_EVERY_S)
        for watch in watches:
            watch.stop()
        outage.api_s, outage.push_s, outage.panel_s = api.bad_s, push.bad_s, panel.bad_s
        return outage


class _Watch:
    """Asks again and again, and notes the time between the first bad answer and the last one."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._first: float | None = None
        self._last: float | None = None
        self._ended = threading.Event()
        self.good = False

    @property
    def bad_s(self) -> float | None:
        return None if self._first is None or self._last is None else self._last - self._first

    def stop(self) -> None:
        self._ended.set()

    def run(self) -> None:
        while not self._ended.is_set():
            asked = time.monotonic()
            self.good = self._ask()
            if not self.good:
                self._first = asked if self._first is None else self._first
                self._last = time.monotonic()
            self._ended.wait(_EVERY_S)
