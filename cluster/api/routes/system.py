"""The machinery: what runs on Ray, how large the database and the cache are, and how measures went."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from cluster.api.context import Context
from cluster.api.span import LATEST_MS, Span
from cluster.api.values import Answer, Milliseconds, milliseconds

router = APIRouter(prefix="/api/system", tags=["system"])

_HOUR_MS = 3_600_000
_LONGEST_MS = 8 * 24 * _HOUR_MS
_FIELD = r"^[A-Za-z0-9_]{1,64}$"


class Node(Answer):
    """A machine of the cluster."""

    id: str
    address: str | None
    alive: bool
    head: bool
    cpus: float | None
    memory_bytes: float | None = Field(description="for tasks, as Ray counts it")


class Actors(Answer):
    """Actors of a class in a state."""

    name: str
    state: str
    count: int


class Deployment(Answer):
    """A deployment of Ray Serve."""

    name: str
    status: str
    replicas: dict[str, int] = Field(description="by state")
    message: str | None


class Resource(Answer):
    """What the cluster has of something, and what is in use."""

    name: str
    total: float
    used: float


class RayFigures(Answer):
    """What runs on Ray."""

    nodes: list[Node]
    actors: list[Actors]
    deployments: list[Deployment]
    proxies: list[str] = Field(description="states of Serve's proxies")
    resources: list[Resource]


class TableSize(Answer):
    """A table; its partitions and indexes count with it."""

    name: str
    bytes: int
    rows: int | None = Field(description="as the planner estimates; null where a part was never analysed")
    parts: int


class DatabaseFigures(Answer):
    """How large the database is, and how busy."""

    version: str
    size_bytes: int
    connections: int
    active: int
    most_connections: int
    tables: list[TableSize] = Field(description="the largest ones")


class CacheFigures(Answer):
    """How large the cache is, and how busy."""

    version: str | None
    memory_bytes: int
    most_memory_bytes: int | None = Field(description="null for no limit")
    clients: int
    keys: int


class ClusterFigures(Answer):
    """The machinery; a part that does not answer in time is null, and `problems` says why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ray": None,
                    "database": {
                        "version": "17.2",
                        "size_bytes": 48_000_000,
                        "connections": 14,
                        "active": 1,
                        "most_connections": 100,
                        "tables": [{"name": "trials", "bytes": 21_000_000, "rows": 93_000, "parts": 1}],
                    },
                    "cache": {
                        "version": "8.1.1",
                        "memory_bytes": 1_900_000,
                        "most_memory_bytes": 67_108_864,
                        "clients": 9,
                        "keys": 12,
                    },
                    "dashboard_url": "http://127.0.0.1:8265",
                    "problems": {"ray": "no answer within 2.5 s"},
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

    ray: RayFigures | None
    database: DatabaseFigures | None
    cache: CacheFigures | None
    dashboard_url: str | None = Field(description="of Ray, reachable where the desk runs")
    problems: dict[str, str] = Field(description="by part: why it is null")
    as_of: Milliseconds


class HistoryParameters(Span):
    """What a history takes."""

    name: str = Field("system_metrics", max_length=64, description="what was measured: system_metrics, evolution, feed")
    fields: list[Annotated[str, Field(pattern=_FIELD)]] = Field(
        default_factory=list, max_length=20, description="values of it; all numbers by default, twenty at most"
    )
    since: int | None = Field(None, alias="from", ge=0, le=LATEST_MS, description="an hour before `to` by default")
    until: int | None = Field(None, alias="to", ge=0, le=LATEST_MS, description="now by default")
    points: int = Field(300, ge=1, le=2_000, description="most points")


class Series(Answer):
    """How a value went; null where nothing was measured."""

    mean: list[float | None]
    lowest: list[float | None]
    highest: list[float | None]


class History(Answer):
    """How measures went, in columns."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "system_metrics",
                    "step_ms": 12_000,
                    "time": [1_767_225_600_000],
                    "series": {"cpu_pct": {"mean": [41.5], "lowest": [20.1], "highest": [93.0]}},
                    "as_of": 1_767_225_612_000,
                }
            ]
        }
    )

    name: str
    step_ms: int = Field(description="width of a point")
    time: list[Milliseconds] = Field(description="when each point begins; points without a measure are left out")
    series: dict[str, Series]
    as_of: Milliseconds


@router.get("/cluster", response_model=ClusterFigures, summary="What runs where, and how large it is")
def show_cluster(context: Context) -> dict[str, Any]:
    """Return nodes, actors, replicas, resources, database and cache; what does not answer is left out, and said."""
    found = context.inspection.look()
    return {
        **{name: finding.value for name, finding in found.items()},
        "problems": {name: finding.problem for name, finding in found.items() if finding.problem is not None},
        "as_of": context.clock.now_ms(),
    }


@router.get("/history", response_model=History, summary="How measures went")
def show_history(context: Context, parameters: Annotated[HistoryParameters, Query()]) -> dict[str, Any]:
    """Return measures of a span, put together by the database: mean, lowest and highest of each point."""
    now = context.clock.now_ms()
    until = now if parameters.until is None else parameters.until
    since = max(0, until - _HOUR_MS) if parameters.since is None else parameters.since
    since = max(since, until - _LONGEST_MS)  # nothing older is kept
    step_ms = max(1_000, -(-max(until - since, 1) // parameters.points))
    times, series = context.measured.series(parameters.name, since, until, step_ms, parameters.fields or None)
    return {
        "name": parameters.name,
        "step_ms": step_ms,
        "time": [milliseconds(moment) for moment in times],
        "series": series,
        "as_of": now,
    }
