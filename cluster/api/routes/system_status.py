"""The desk at a glance."""

from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from cluster.api.context import Context
from cluster.api.desk_status import SHOWN, DeskCondition, condition_answer
from cluster.api.values import Answer

router = APIRouter(prefix="/api/quantitative/system-status", tags=["system"])


_COUNTS: dict[str, Any] = {
    "strategies": 1034,
    "enabled": 20,
    "above_threshold": 41,
    "grade_a": 0,
    "grade_b": 2,
    "live": 0,
    "commonest_reason": "C: out-of-sample SCS, needs 65",
}


class Counts(Answer):
    """How many strategies pass which bar; retired ones do not count."""

    strategies: int
    enabled: int
    above_threshold: int = Field(description="with an SCS at or above real_trading_threshold: no evidence by itself")
    grade_a: int
    grade_b: int
    live: int
    commonest_reason: str | None = Field(description="why the likeliest candidates fail")


class SystemStatus(DeskCondition):
    """The desk at a glance."""

    model_config = ConfigDict(json_schema_extra={"examples": [SHOWN | {"counts": _COUNTS}]})

    counts: Counts


@router.get("", response_model=SystemStatus, summary="The desk at a glance")
def show_status(context: Context) -> dict[str, Any]:
    """Return what the parts of the desk have told last."""
    threshold = context.config.get().auto_trading.real_trading_threshold
    answer = condition_answer(context, context.runs.latest(), context.measured.latest_all())
    return answer | {"counts": context.strategies.counts(threshold)._asdict()}
