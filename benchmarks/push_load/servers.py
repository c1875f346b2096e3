"""The server under load: in a Ray actor, as the desk runs it, or in a process of its own without Ray."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from cluster.push.actor import PushActor
from cluster.push.settings import PushSettings
from cluster.ray_session import RaySession

__all__ = ["SERVERS", "Server"]

_REPOSITORY = Path(__file__).resolve().parents[2]


class Server(Protocol):
    """A running push server."""

    process: psutil.Process

    def status(self) -> dict[str, Any]:
        """Return what the server knows of itself."""
        ...


@dataclass
class _Alone:
    child: "subprocess.Popen[str]"
    process: psutil.Process

    def status(self) -> dict[str, Any]:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write("status\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


@dataclass
class _InRay:
    process: psutil.Process
    actor: Any

    def status(self) -> dict[str, Any]:
        import ray

        return ray.get(self.actor.status.remote())


@contextmanager
def alone(settings: PushSettings) -> Iterator[Server]:
    """Run the server in a process of its own."""
    variables = {
        "EVOQ_HOME": str(settings.home),
        "EVOQ_WS_PORT": str(settings.port),
        "REDIS_URL": settings.cache_url or "",
        "PYTHONPATH": str(_REPOSITORY),
    }
    child = subprocess.Popen(  # noqa: S603  # our own script
        [sys.executable, _REPOSITORY / "benchmarks" / "push_load" / "alone.py"],
        env=os.environ | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            yield _Alone(child, psutil.Process(child.pid))
        finally:
            assert child.stdin is not None
            child.stdin.close()
            try:
                child.wait(10.0)
            except subprocess.TimeoutExpired:
                child.kill()


@contextmanager
def in_ray(settings: PushSettings) -> Iterator[Server]:
    """Run the server in an actor of a private Ray."""
    import ray

    with RaySession("local", workers=1, dashboard=False) as session:
        session.start()
        actor: Any = ray.remote(PushActor).options(num_cpus=0.1).remote()
        ray.get(actor.serve.remote(settings))
        yield _InRay(psutil.Process(ray.get(actor.report.remote()).process), actor)
        ray.get(actor.stop.remote())


SERVERS = {"a Ray actor": in_ray, "a process without Ray": alone}
