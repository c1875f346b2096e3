"""The desk at a glance, in the form of an answer: what every part of it has told last."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

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
from cluster.api.strategy_answers import Kind
from cluster.api.values import Answer, BestFitness, MedianFitness, Milliseconds
from storage import RunRecord, StatusRecord

if TYPE_CHECKING:
    from cluster.api.context import ApiContext

__all__ = ["SHOWN", "DeskCondition", "Evolution", "condition_answer"]

SHOWN: dict[str, Any] = {
    "status": "ok",
    "money": "simulated",
    "kill": {"state": "armed", "since": None, "by": None, "reason": None},
    "evolution": {
        "state": "running",
        "run_id": "20260314-092653-k7qz",
        "generation": 12,
        "round": 3,
        "evaluations": 12_544,
        "evaluations_per_s": 412.0,
        "best_scs": 71.4,
        "median_scs": 38.1,
    },
    "services": [{"name": "feed", "state": "running", "restarts": 0, "uptime_s": 3_600.0}],
    "venues": [
        {
            "venue": "simulated",
            "money": "simulated",
            "state": "running",
            "reconciled": None,
            "latency_ms": None,
            "skew_ms": None,
            "data_age_s": 1.2,
        }
    ],
    "metrics": {"cpu_pct": 41.5, "memory_pct": 38.0, "disk_pct": 52.1, "db_ok": True, "queues": {"commands": 0}},
    "alerts_open": 1,
    "version": "0.1.0",
    "as_of": 1_767_225_600_000,
}
"""A desk in the form of `DeskCondition`, for the examples of answers that begin with it."""


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
    best_scs: BestFitness
    median_scs: MedianFitness


class Service(Answer):
    """A process of the desk."""

    name: str
    state: str
    restarts: int = Field(description="how often it was started again after it had died")
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


class DeskCondition(Answer):
    """What every part of the desk has told last."""

    status: Condition
    money: Kind
    kill: Kill
    evolution: Evolution
    services: list[Service]
    venues: list[Venue]
    metrics: dict[str, Any] | None = Field(description="what the supervisor measured last; null while nothing is")
    alerts_open: int
    version: str
    as_of: Milliseconds


def condition_answer(context: "ApiContext", run: RunRecord | None, told: Mapping[str, StatusRecord]) -> dict[str, Any]:
    """Return what every part of the desk has told last.

    Parameters
    ----------
    context : ApiContext
        The desk.
    run : RunRecord or None
        The run that was worked on last.
    told : mapping of str to StatusRecord
        From `SystemStatusRepository.latest_all`.

    Returns
    -------
    dict
        What `DeskCondition` says.
    """
    money = money_of(run)
    return {
        "status": context.pulse.feel(),
        "money": money,
        "kill": kill_of(context),
        "evolution": evolution_of(context, run, told.get(EVOLUTION)),
        "services": services_of(told.get(SERVICES)),
        "venues": venues_of(told.get(FEED), money),
        "metrics": told[METRICS].data if METRICS in told else None,
        "alerts_open": context.alerts.count_open(),
        "version": version("evoq"),
        "as_of": context.clock.now_ms(),
    }
