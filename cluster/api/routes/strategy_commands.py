"""Commands to one strategy or to many: into the roster and out of it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field, StringConstraints
from starlette.status import HTTP_202_ACCEPTED

from cluster.api.caller import Calling
from cluster.api.command_answers import Accepted, accepted
from cluster.api.context import Context
from cluster.api.problems import Problem
from cluster.api.strategy_answers import StrategyId
from cluster.api.strategy_commands import ROSTER_ACTIONS, finished, log_refused
from cluster.api.values import Body
from cluster.api.writing import IdempotencyKey, add_command, refusal_detail, refused_again
from storage import Command, CommandRepository

router = APIRouter(prefix="/api/quantitative/strategies", tags=["commands"])


Reason = Annotated[str, StringConstraints(max_length=1_000, strip_whitespace=True)]


class StrategyCommand(Body):
    """What a strategy is told."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "enable", "reason": "steady on four windows", "version": 1}]}
    )

    action: Literal["enable", "disable", "promote", "demote", "override", "retire"]
    reason: Reason | None = Field(None, description="for the operations log")
    version: int | None = Field(None, ge=0, le=2**62, description="refuse if it has another one")


class StrategiesCommand(Body):
    """What many strategies are told."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ids": ["kq3v7mzc2hda"], "action": "disable", "reason": "a quiet week"}]}
    )

    ids: list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] = Field(min_length=1, max_length=500)
    action: Literal["enable", "disable", "promote", "demote", "retire"]
    reason: Reason | None = None


@router.post("/commands", status_code=HTTP_202_ACCEPTED, summary="Tell many strategies")
def command_strategies(
    context: Context, caller: Calling, body: StrategiesCommand, idempotency_key: IdempotencyKey = None
) -> Accepted:
    """Tell up to 500 strategies in one transaction; those change that may. 404 if none is known, 409 if none may."""
    if body.action not in ROSTER_ACTIONS:
        raise _no_trading(body.action)
    ids = list(dict.fromkeys(body.ids))
    command = add_command(context, caller, body.action, None, {"ids": ids}, body.reason, idempotency_key)
    command = finished(context.database.engine, context.bus, command, context.clock)
    refused_again(command)
    return accepted(command)


@router.post("/{id}/commands", status_code=HTTP_202_ACCEPTED, summary="Tell a strategy")
def command_strategy(
    context: Context,
    caller: Calling,
    strategy: StrategyId,
    body: StrategyCommand,
    idempotency_key: IdempotencyKey = None,
) -> Accepted:
    """Enable (on paper), disable or retire a strategy; what concerns real money is refused until trading is there."""
    row = context.strategies.get(strategy)
    if body.action == "override" and not body.reason:
        raise Problem(422, "invalid_value", "an override of evidence needs a reason: it is kept in the operations log")
    parameters = {"version": body.version}
    command = add_command(context, caller, body.action, strategy, parameters, body.reason, idempotency_key)
    if body.action in ROSTER_ACTIONS:
        command = finished(context.database.engine, context.bus, command, context.clock)
    elif command.status == "accepted":
        command = _refuse(context, command, _refusal(row, body))
    refused_again(command)
    return accepted(command)


def _refusal(row: Any, body: StrategyCommand) -> Problem:
    """Return why nothing that concerns real money can be done now."""
    if body.version is not None and body.version != row["version"]:
        return Problem(
            409,
            "version_conflict",
            f"strategy {row['id']} has version {row['version']}, not {body.version}: read it again",
        )
    if body.action == "demote":
        return Problem(409, "illegal_transition", f"strategy {row['id']} is {row['state']}: only a live one is demoted")
    if body.action == "promote" and row["grade"] != "A":
        why = row["grade_reason"] or f"its grade is {row['grade']}"
        return Problem(409, "evidence_insufficient", f"real money needs grade A: {why}")
    return _no_trading(body.action)


def _no_trading(action: str) -> Problem:
    return Problem(409, "not_there_yet", f"this desk has no trading yet: {action} comes with it")


def _refuse(context: Context, command: Command, problem: Problem) -> Command:
    engine = context.database.engine
    log_refused(engine, command, {str(command.target): problem})
    commands = CommandRepository(engine)
    commands.finish(command.id, "refused", refusal_detail(problem))
    return commands.get(command.id)
