"""The Ray Serve deployment `Api`: two replicas of the application behind Serve's proxy.

Each replica opens a gRPC server for calls between deployments, on all interfaces (`[::]:0`, ray/serve/_private/
replica.py of Ray 2.60, and no setting says otherwise). It asks for Ray's token; where the node itself is 127.0.0.1 the
replica binds it there too. If a later Ray does this elsewhere, the token is what is left, and a test says so.
"""

import hashlib
import importlib
import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from cluster.api.replica_settings import read_replica_settings

__all__ = ["APPLICATION", "DEPLOYMENT", "REPLICAS", "api_application", "version_of"]

APPLICATION = "evoq"
DEPLOYMENT = "Api"
REPLICAS = 2

_CPUS = 0.1
_ON_HEAD = {"node:__internal_head__": 0.001}  # where the token files and an embedded database are
_MOST_AT_ONCE = 32
_MOST_WAITING = 512
_LOOPBACK = "127.0.0.1"

_logger = logging.getLogger(__name__)


class ApiReplica:
    """One replica.

    Parameters
    ----------
    settings : str
        The file of `cluster.api.replica_settings`.
    deployed : str
        What `version_of` said when it was deployed.
    """

    def __init__(self, settings: str, deployed: str) -> None:
        from cluster.json_log import log_as_json

        self._deployed = deployed
        self._environ = read_replica_settings(settings)
        log_as_json("api", environ=self._environ)
        _stay_on_loopback()

    def deployed_version(self) -> str:
        """Return the version of code and settings that this replica was deployed with."""
        return self._deployed

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Return the application; Serve calls it once."""
        from cluster.access import Gate, Passwords, Sessions, SharedLockout, Tokens
        from cluster.api.application import create_app
        from cluster.api.context import ApiContext
        from cluster.api.settings import ApiSettings
        from cluster.bus import Bus
        from cluster.cache_line import CacheLine
        from cluster.opened_database import OpenedDatabase, join_database
        from market import SystemClock

        environ, clock = self._environ, SystemClock()
        settings = ApiSettings.of(environ)
        database = OpenedDatabase(lambda: join_database(settings.home, environ), clock)
        sessions = Sessions(database, Passwords(settings.home))
        line = CacheLine(environ.get("REDIS_URL"), clock, "wrong tokens count by process meanwhile")
        return create_app(
            ApiContext(
                settings=settings,
                database=database,
                gate=Gate(Tokens(settings.home), clock, SharedLockout(line, clock), sessions),
                bus=Bus(environ.get("REDIS_URL"), clock),
                clock=clock,
            )
        )


def api_application(settings: Path) -> Any:
    """Return what `serve.run` deploys.

    Parameters
    ----------
    settings : Path
        The file of `cluster.api.replica_settings`.

    Returns
    -------
    Application
        Two replicas on the head's node.
    """
    from ray import serve

    deployment = serve.deployment(
        name=DEPLOYMENT,
        num_replicas=REPLICAS,
        ray_actor_options={"num_cpus": _CPUS, "resources": _ON_HEAD},
        max_ongoing_requests=_MOST_AT_ONCE,
        max_queued_requests=_MOST_WAITING,
        health_check_period_s=2.0,
        health_check_timeout_s=10.0,
        graceful_shutdown_wait_loop_s=0.1,
        graceful_shutdown_timeout_s=2.0,
        logging_config={"encoding": "JSON", "log_level": "WARNING", "enable_access_log": False},
    )
    return deployment(serve.ingress()(ApiReplica)).bind(str(settings), version_of(settings))


def version_of(settings: Path) -> str:
    """Return a name for what is deployed: the code of the API and what its replicas are told.

    Parameters
    ----------
    settings : Path
        The file of `cluster.api.replica_settings`.

    Returns
    -------
    str
        Replicas of the same version need not be deployed again.
    """
    digest = hashlib.sha256(settings.read_bytes())
    root = Path(__file__).resolve().parents[1]
    for path in sorted([*root.rglob("*.py"), *(root.parent / "storage").rglob("*.py")]):
        digest.update(path.read_bytes())
    return f"{version('evoq')}-{digest.hexdigest()[:16]}"


def _stay_on_loopback() -> None:
    """Let this replica's gRPC server listen where its node is, if that is this machine only."""
    import ray

    if ray.util.get_node_ip_address() != _LOOPBACK:
        return
    replica: Any = importlib.import_module("ray.serve._private.replica")
    bind = getattr(replica, "add_port_to_grpc_server", None)
    if bind is None:
        _logger.warning("this Ray binds the replica's gRPC elsewhere: it stays on all interfaces, behind the token")
        return

    def bind_to_loopback(server: Any, address: str) -> Any:
        return bind(server, address.replace("[::]", _LOOPBACK))

    replica.add_port_to_grpc_server = bind_to_loopback
