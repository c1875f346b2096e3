"""What a desk tells of itself: status, commands, configuration, logs and alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ui.page import Milliseconds

__all__ = [
    "Accepted",
    "Alert",
    "AutoTrading",
    "Command",
    "Config",
    "ConfigChange",
    "Counts",
    "DeskCondition",
    "DeskStatus",
    "EvolutionLogRow",
    "EvolutionState",
    "Health",
    "Kill",
    "Management",
    "OperationsLogRow",
    "Service",
    "ValueChange",
    "Venue",
]

_ENDED = ("done", "refused", "failed")


@dataclass(frozen=True, kw_only=True)
class Health:
    """Whether the desk is well: ok, degraded (a part does not run) or down (no database)."""

    status: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Kill:
    """The kill switch: armed or killed."""

    state: str
    since: Milliseconds | None
    by: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class EvolutionState:
    """How evolution stands: running, paused or stopped, and how far it is."""

    state: str
    run_id: str | None
    generation: int | None
    round: int | None
    evaluations: int | None
    evaluations_per_s: float | None
    best_scs: float | None
    median_scs: float | None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many strategies pass which bar; `above_threshold` is no evidence by itself."""

    strategies: int
    enabled: int
    above_threshold: int
    grade_a: int
    grade_b: int
    live: int
    commonest_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process of the desk."""

    name: str
    state: str
    restarts: int
    uptime_s: float | None


@dataclass(frozen=True, kw_only=True)
class Venue:
    """Where prices come from; `money` says whether they are simulated."""

    venue: str
    money: str
    state: str
    reconciled: bool | None
    latency_ms: float | None
    skew_ms: float | None
    data_age_s: float | None


@dataclass(frozen=True, kw_only=True)
class DeskCondition:
    """What every part of the desk has told last.

    Attributes
    ----------
    status : str
        ok, degraded or down.
    metrics : mapping or None
        What the supervisor measured last; None while nothing is.
    """

    status: str
    money: str
    kill: Kill
    evolution: EvolutionState
    services: tuple[Service, ...]
    venues: tuple[Venue, ...]
    metrics: Mapping[str, Any] | None
    alerts_open: int
    version: str
    as_of: Milliseconds


@dataclass(frozen=True, kw_only=True)
class DeskStatus(DeskCondition):
    """The desk at a glance, with how many strategies pass which bar."""

    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A command that was taken; `Client.wait` waits for its end."""

    command_id: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, and what became of it: accepted, running, done, refused or failed."""

    id: str
    action: str
    target: str | None
    status: str
    detail: str | None
    reason: str | None
    by: str
    ts: Milliseconds
    updated_at: Milliseconds

    @property
    def ended(self) -> bool:
        """Whether it is done, refused or failed."""
        return self.status in _ENDED


@dataclass(frozen=True, kw_only=True)
class EvolutionLogRow:
    """A round of a species, or something that happened to a run."""

    ts: Milliseconds
    run_id: str
    generation: int | None
    round: int | None
    species: str | None
    evaluations: int | None
    best_scs: float | None
    q25: float | None
    median_scs: float | None
    q75: float | None
    diversity: float | None
    coverage: float | None
    event: str | None
    message: str | None
    strategy_id: str | None
    source: str


@dataclass(frozen=True, kw_only=True)
class AutoTrading:
    """How trading runs by itself; mode is auto, manual or paper_only."""

    enabled: bool
    mode: str
    max_strategies: int
    real_trading_threshold: float
    evolution_interval: float


@dataclass(frozen=True, kw_only=True)
class Management:
    """How strategies enter and leave the roster."""

    auto_enable: bool
    max_enabled: int
    min_oos_trades: int
    demote_below: float
    retire_after_days: float


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole configuration; `version` says which one was read, and only that one may be replaced."""

    auto_trading: AutoTrading
    management: Management
    risk: Mapping[str, Any]
    version: int
    changed_by: str
    changed_at: Milliseconds


@dataclass(frozen=True, kw_only=True)
class ValueChange:
    """A value of the configuration that was changed, such as auto_trading.mode."""

    name: str
    before: bool | float | str | None
    after: bool | float | str | None


@dataclass(frozen=True, kw_only=True)
class ConfigChange:
    """A change of the configuration; `version` is the one that it led to."""

    id: int
    ts: Milliseconds
    by: str
    role: str
    source: str
    reason: str | None
    version: int | None
    changes: tuple[ValueChange, ...]


@dataclass(frozen=True, kw_only=True)
class OperationsLogRow:
    """Something that somebody did, or was refused."""

    id: int
    ts: Milliseconds
    actor: str
    role: str
    source: str
    action: str
    target: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str | None
    result: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something that people should know; `count` says how often it was raised while it was open."""

    id: int
    ts: Milliseconds
    severity: str
    code: str
    message: str
    target: str | None
    count: int
    acked_by: str | None
    acked_at: Milliseconds | None
    last_ts: Milliseconds
    open: bool
    resolved_at: Milliseconds | None
