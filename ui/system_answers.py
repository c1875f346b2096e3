"""The machinery of a desk: what runs on Ray, how large database and cache are, and how measures went."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.frames import times_of
from ui.page import Milliseconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Actors",
    "CacheFigures",
    "ClusterFigures",
    "DatabaseFigures",
    "Deployment",
    "History",
    "Node",
    "RayFigures",
    "Resource",
    "Series",
    "TableSize",
]


@dataclass(frozen=True, kw_only=True)
class Node:
    """A machine of the cluster."""

    id: str
    address: str | None
    alive: bool
    head: bool
    cpus: float | None
    memory_bytes: float | None


@dataclass(frozen=True, kw_only=True)
class Actors:
    """Actors of a class in a state."""

    name: str
    state: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment of Ray Serve, and its replicas by state."""

    name: str
    status: str
    replicas: Mapping[str, int]
    message: str | None


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What the cluster has of something, and what is in use."""

    name: str
    total: float
    used: float


@dataclass(frozen=True, kw_only=True)
class RayFigures:
    """What runs on Ray."""

    nodes: tuple[Node, ...]
    actors: tuple[Actors, ...]
    deployments: tuple[Deployment, ...]
    proxies: tuple[str, ...]
    resources: tuple[Resource, ...]


@dataclass(frozen=True, kw_only=True)
class TableSize:
    """A table with its partitions and indexes; the rows are the planner's estimate, None before it has one."""

    name: str
    bytes: int
    rows: int | None
    parts: int


@dataclass(frozen=True, kw_only=True)
class DatabaseFigures:
    """How large the database is, and how busy; the largest tables."""

    version: str
    size_bytes: int
    connections: int
    active: int
    most_connections: int
    tables: tuple[TableSize, ...]


@dataclass(frozen=True, kw_only=True)
class CacheFigures:
    """How large the cache is, and how busy; None for no limit of memory."""

    version: str | None
    memory_bytes: int
    most_memory_bytes: int | None
    clients: int
    keys: int


@dataclass(frozen=True, kw_only=True)
class ClusterFigures:
    """The machinery; a part that does not answer is None, and `problems` says why, by its name."""

    ray: RayFigures | None
    database: DatabaseFigures | None
    cache: CacheFigures | None
    dashboard_url: str | None
    problems: Mapping[str, str]
    as_of: Milliseconds


@dataclass(frozen=True, kw_only=True)
class Series:
    """How a value went; None where it was not measured."""

    mean: tuple[float | None, ...]
    lowest: tuple[float | None, ...]
    highest: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class History:
    """How measures went, in columns; `time` says when each point begins, `step_ms` how wide it is."""

    name: str
    step_ms: int
    time: tuple[Milliseconds, ...]
    series: Mapping[str, Series]
    as_of: Milliseconds

    def frame(self) -> "pd.DataFrame":
        """Return the means as a table, by time."""
        import pandas as pd

        columns = {name: list(one.mean) for name, one in self.series.items()}
        return pd.DataFrame(columns, dtype=float).set_index(times_of(list(self.time))).rename_axis("time")
