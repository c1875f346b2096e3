"""The desk at a glance."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from cluster.api.context import Context
from cluster.api.desk_status import DeskCondition, condition_answer
from cluster.api.values import Answer

router = APIRouter(prefix="/api/quantitative/system-status", tags=["system"])


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

    counts: Counts


@router.get("", response_model=SystemStatus, summary="The desk at a glance")
def show_status(context: Context) -> dict[str, Any]:
    """Return what the parts of the desk have told last."""
    threshold = context.config.get().auto_trading.real_trading_threshold
    answer = condition_answer(context, context.runs.latest(), context.measured.latest_all())
    return answer | {"counts": context.strategies.counts(threshold)._asdict()}
