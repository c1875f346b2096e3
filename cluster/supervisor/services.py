"""The services of the desk, one entry each: the RWA hub will be one entry more."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from cluster.supervisor.checks import holds_lease, http_answers, port_answers, ray_answers, told_lately
from cluster.supervisor.desk import Desk
from cluster.supervisor.machine import processors
from cluster.supervisor.ray_head import head_command, head_environment, joining_environment
from cluster.supervisor.restart_policy import RestartPolicy
from cluster.supervisor.servers import open_desk_cache, open_desk_database
from cluster.supervisor.service import Program, Server, Service

__all__ = ["HTTP_PORT", "PANEL_PORT", "WS_PORT", "services_of_the_desk"]

HTTP_PORT = ("EVOQ_HTTP_PORT", 8888)
WS_PORT = ("EVOQ_WS_PORT", 8765)
PANEL_PORT = ("EVOQ_PANEL_PORT", 8501)

_ROOT = Path(__file__).resolve().parent.parent.parent
_FOLDERS = {"panel": "ui"} | {name: f"cluster/{name}" for name in ("feed", "driver", "api", "push")}
_DATABASE = ("DB_PASSWORD", "PGPASSWORD")
_CACHE = ("REDIS_URL",)
_TLS = ("EVOQ_TLS_KEY",)  # the name of a file
_PATIENT = RestartPolicy(longest_s=5.0, most_quick=1_000_000)  # nothing works without it
_SERVER_QUIET_S = 4.0  # they are asked every second
_SERVER_START_S = 400.0  # longer than `storage` itself is patient


def _module(name: str) -> Callable[[Desk], Sequence[str]]:
    """Return the command that runs a module of ours."""
    return lambda desk: [sys.executable, "-P", "-m", name]


def _cache(desk: Desk) -> dict[str, str | None]:
    return {"REDIS_URL": desk.cache_url}


def _worker_of_ray(desk: Desk) -> dict[str, str | None]:
    return {**_cache(desk), **joining_environment(desk)}


def _driver(desk: Desk) -> dict[str, str | None]:
    workers = desk.environ.get("EVOQ_WORKERS", "").strip() or str(processors())
    return {**_worker_of_ray(desk), "EVOQ_WORKERS": workers}


def _web_address(port: tuple[str, int]) -> Callable[[Desk], str]:
    """Return what tells the address of a web server on a port."""

    def address(desk: Desk) -> str:
        scheme = "http" if desk.listen.certificate is None else "https"
        return f"{scheme}://{desk.listen.url_host}:{desk.port(*port)}"

    return address


def _push_address(desk: Desk) -> str:
    scheme = "ws" if desk.listen.certificate is None else "wss"
    return f"{scheme}://{desk.listen.url_host}:{desk.port(*WS_PORT)}/"


_SERVICES = (
    Service(
        name="database",
        about="PostgreSQL",
        run=Server(open_desk_database),
        start_s=_SERVER_START_S,
        quiet_s=_SERVER_QUIET_S,
        hang_s=float("inf"),
        end_s=60.0,
        policy=_PATIENT,
    ),
    Service(
        name="cache",
        about="the cache",
        run=Server(open_desk_cache),
        start_s=_SERVER_START_S,
        quiet_s=_SERVER_QUIET_S,
        hang_s=float("inf"),
        end_s=15.0,
        policy=_PATIENT,
    ),
    Service(
        name="ray",
        about="the Ray head",
        run=Program(head_command, ray_answers, head_environment),
        end_s=8.0,
        address=lambda desk: None if desk.ray is None else desk.ray.dashboard_url,
    ),
    Service(
        name="feed",
        about="the candle feed",
        run=Program(_module("cluster.feed"), told_lately("feed", 60.0), _cache, (*_DATABASE, *_CACHE)),
        needs=("database", "cache"),
        stoppable=True,
        hang_s=120.0,
    ),
    Service(
        name="driver",
        about="evolution",
        run=Program(_module("cluster.driver"), holds_lease("driver"), _driver, (*_DATABASE, *_CACHE)),
        needs=("database", "cache", "ray"),
        after=("api", "push"),  # it takes every processor as soon as it works
        rejoins=("ray",),
        stoppable=True,
        hang_s=120.0,
    ),
    Service(
        name="api",
        about="the HTTP API",
        run=Program(
            _module("cluster.api"),
            http_answers(lambda desk: desk.port(*HTTP_PORT), "/health"),
            _worker_of_ray,
            (*_DATABASE, *_CACHE, *_TLS),
        ),
        needs=("database", "cache", "ray"),
        rejoins=("ray",),
        address=_web_address(HTTP_PORT),
        port=HTTP_PORT,
    ),
    Service(
        name="push",
        about="the push",
        run=Program(
            _module("cluster.push"),
            port_answers(lambda desk: desk.port(*WS_PORT)),
            _worker_of_ray,
            (*_CACHE, *_TLS),
        ),
        needs=("cache", "ray"),
        rejoins=("ray",),
        address=_push_address,
        port=WS_PORT,
    ),
    Service(
        name="panel",
        about="the control panel",
        run=Program(_module("ui"), http_answers(lambda desk: desk.port(*PANEL_PORT), "/health"), secrets=_TLS),
        after=("api", "push"),  # without them it has nothing to show
        address=_web_address(PANEL_PORT),
        port=PANEL_PORT,
    ),
)


def services_of_the_desk() -> tuple[Service, ...]:
    """Return the services that are installed, those that others need first.

    Returns
    -------
    tuple of Service
        A service that runs a module of ours is left out where that module is not there.
    """
    return tuple(
        service
        for service in _SERVICES
        if service.name not in _FOLDERS or (_ROOT / _FOLDERS[service.name] / "__main__.py").is_file()
    )
