"""Commands to the desk as a whole; the part that they concern takes them from the database."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field, StringConstraints
from starlette.status import HTTP_202_ACCEPTED

from cluster.api.caller import Calling
from cluster.api.command_answers import Accepted, accepted
from cluster.api.context import Context
from cluster.api.problems import Problem
from cluster.api.values import Body
from cluster.api.writing import IdempotencyKey, add_command, refused_again
from storage import LONGEST_INTERVAL_S

router = APIRouter(prefix="/api/quantitative/system-control", tags=["commands"])

NEW_RUN = "start_evolution"
EVOLUTION_ACTIONS = ("start", "stop", "pause_evolution", "resume_evolution", NEW_RUN)


class RunWishes(Body):
    """What a new run shall be; what is left out is as the desk's environment says."""

    population: int | None = Field(None, ge=16, le=20_000, description="strategies over all types and markets")
    seed: int | None = Field(None, ge=0, le=2**53, description="of its random numbers")
    generations_per_window: int | None = Field(
        None, ge=1, le=1_000_000, description="generations until a new candle closes, at most"
    )
    evolution_interval: float | None = Field(
        None, ge=0, le=LONGEST_INTERVAL_S, description="seconds between generations; changes the configuration"
    )


class SystemCommand(Body):
    """What the desk is told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "pause_evolution", "reason": "maintenance"},
                {"action": NEW_RUN, "settings": {"population": 1034, "seed": 8}, "reason": "another seed"},
            ]
        }
    )

    action: Literal[
        "start",
        "stop",
        "pause_evolution",
        "resume_evolution",
        "start_evolution",
        "pause_trading",
        "resume_trading",
        "kill",
        "flatten",
        "rearm",
    ]
    reason: Annotated[str, StringConstraints(max_length=1_000, strip_whitespace=True)] | None = None
    confirm: Annotated[str, StringConstraints(max_length=100)] | bool | None = Field(
        None, description="for actions that move money"
    )
    settings: RunWishes | None = Field(
        None, description="of the run that start_evolution begins in place of the present"
    )


@router.post("", status_code=HTTP_202_ACCEPTED, summary="Tell the desk")
def command_system(
    context: Context, caller: Calling, body: SystemCommand, idempotency_key: IdempotencyKey = None
) -> Accepted:
    """Start, stop, pause or resume evolution, or begin a new run, which keeps roster and trial counts."""
    if body.action not in EVOLUTION_ACTIONS:
        raise Problem(404, "not_there_yet", f"this desk has no trading yet: {body.action} comes with it")
    if body.settings is not None and body.action != NEW_RUN:
        raise Problem(
            422, "invalid_value", f"field settings belongs to {NEW_RUN}, was sent with {body.action}: remove it"
        )
    wishes = {} if body.settings is None else body.settings.model_dump(exclude_none=True)
    command = add_command(context, caller, body.action, None, wishes, body.reason, idempotency_key, is_logged=True)
    refused_again(command)
    return accepted(command)
