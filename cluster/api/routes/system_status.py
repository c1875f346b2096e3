"""The desk at a glance."""

from importlib.metadata import version
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from cluster.api.condition import (
    EVOLUTION,
    FEED,
    METRICS,
    SERVICES,
    Condition,
    evolution_of,
    kill_of,
    money_of,
    services_of,
    venues_of,
)
from cluster.api.context import Context
from cluster.api.strategy_answers import Kind
from cluster.api.values import Answer, Milliseconds

router = APIRouter(prefix="/api/quantitative/system-status", tags=["system"])


class Kill(Answer):
    """The kill switch."""

    state: Literal["armed", "killed"]
    since: Milliseconds | None
    by: str | None
    reason: str | None


class Evolution(Answer):
    """How evolution stands."""

    state: str = Field(description="running, paused or stopped")
    run_id: str | None
    generation: int | None
    round: int | None
    evaluations: int | None
    evaluations_per_s: float | None
    best_scs: float | None
    median_scs: float | None


class Counts(Answer):
    """How many strategies pass which bar."""

    strategies: int
    enabled: int
    above_threshold: int = Field(description="with an SCS at or above real_trading_threshold: no evidence by itself")
    grade_a: int
    grade_b: int
    live: int
    commonest_reason: str | None = Field(description="why the likeliest candidates fail")


class Service(Answer):
    """A process of the desk."""

    name: str
    state: str
    restarts: int
    uptime_s: float | None


class Venue(Answer):
    """Where prices come from."""

    venue: str
    money: Kind
    state: str
    reconciled: bool | None
    latency_ms: float | None
    skew_ms: float | None
    data_age_s: float | None


class SystemStatus(Answer):
    """The desk at a glance."""

    status: Condition
    money: Kind
    kill: Kill
    evolution: Evolution
    counts: Counts
    services: list[Service]
    venues: list[Venue]
    metrics: dict[str, Any] | None = Field(description="what the supervisor measured last; null while nothing is")
    alerts_open: int
    version: str
    as_of: Milliseconds


@router.get("", response_model=SystemStatus, summary="The desk at a glance")
def show_status(context: Context) -> dict[str, Any]:
    """Return what the parts of the desk have told last."""
    told = context.measured.latest_all()
    run = context.runs.latest()
    threshold = context.config.get().auto_trading.real_trading_threshold
    money = money_of(run)
    return {
        "status": context.pulse.feel(),
        "money": money,
        "kill": kill_of(context),
        "evolution": evolution_of(context, run, told.get(EVOLUTION)),
        "counts": context.strategies.counts(threshold)._asdict(),
        "services": services_of(told.get(SERVICES)),
        "venues": venues_of(told.get(FEED), money),
        "metrics": told[METRICS].data if METRICS in told else None,
        "alerts_open": context.alerts.count_open(),
        "version": version("evoq"),
        "as_of": context.clock.now_ms(),
    }
