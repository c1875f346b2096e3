"""Commands in the form of answers."""

from typing import Literal

from pydantic import ConfigDict, Field

from cluster.api.values import Answer, Milliseconds, milliseconds
from storage import Command

__all__ = ["Accepted", "CommandAnswer", "accepted", "command_answer"]

Status = Literal["accepted", "running", "done", "refused", "failed"]


class Accepted(Answer):
    """A command that was taken."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"command_id": "9f86d081884c7d65", "status": "accepted"}]}
    )

    command_id: str = Field(description="ask /api/quantitative/commands/{id} what became of it")
    status: Status


class CommandAnswer(Answer):
    """A command, and what became of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "9f86d081884c7d65",
                    "action": "pause_evolution",
                    "target": None,
                    "status": "done",
                    "detail": "evolution is paused",
                    "reason": "maintenance",
                    "by": "token.operate",
                    "ts": 1_767_225_600_000,
                    "updated_at": 1_767_225_600_400,
                }
            ]
        }
    )

    id: str
    action: str
    target: str | None
    status: Status
    detail: str | None
    reason: str | None
    by: str
    ts: Milliseconds
    updated_at: Milliseconds


def accepted(command: Command) -> Accepted:
    """Return the answer to whoever gave a command.

    Parameters
    ----------
    command : Command
        As it is now.

    Returns
    -------
    Accepted
        Its id and status.
    """
    return Accepted(command_id=command.id, status=_status(command))


def command_answer(command: Command) -> CommandAnswer:
    """Return a command in the form of an answer.

    Parameters
    ----------
    command : Command
        As it is now.

    Returns
    -------
    CommandAnswer
        Without its parameters.
    """
    return CommandAnswer(
        id=command.id,
        action=command.action,
        target=command.target,
        status=_status(command),
        detail=command.detail,
        reason=command.reason,
        by=command.by,
        ts=milliseconds(command.ts),
        updated_at=milliseconds(command.updated_at),
    )


def _status(command: Command) -> Status:
    status: Status = command.status  # type: ignore[assignment] # the database holds no other
    return status
