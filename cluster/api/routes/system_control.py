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

router = APIRouter(prefix="/api/quantitative/system-control", tags=["commands"])

EVOLUTION_ACTIONS = ("start", "stop", "pause_evolution", "resume_evolution")


class SystemCommand(Body):
    """What the desk is told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "pause_evolution", "reason": "maintenance"}]})

    action: Literal[
        "start",
        "stop",
        "pause_evolution",
        "resume_evolution",
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


@router.post("", status_code=HTTP_202_ACCEPTED, summary="Tell the desk")
def command_system(
    context: Context, caller: Calling, body: SystemCommand, idempotency_key: IdempotencyKey = None
) -> Accepted:
    """Start, stop, pause or resume evolution; what concerns trading is refused until trading is there."""
    if body.action not in EVOLUTION_ACTIONS:
        raise Problem(404, "not_there_yet", f"this desk has no trading yet: {body.action} comes with it")
    is_new = idempotency_key is None or context.commands.by_key(idempotency_key) is None
    command = add_command(context, caller, body.action, None, {}, body.reason, idempotency_key)
    if is_new:
        context.operations.append(
            caller.name,
            body.action,
            role=str(caller.role),
            source="api",
            reason=body.reason,
            result="accepted",
            after={"command_id": command.id},
        )
    refused_again(command)
    return accepted(command)
