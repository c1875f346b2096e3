"""Who changed what, from what to what, and why."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from cluster.api.context import Context
from cluster.api.lists import ListAnswer, ListParameters, list_answer
from cluster.api.values import Answer, Milliseconds, milliseconds

router = APIRouter(prefix="/api/operations-log", tags=["audit"])


class OperationsLogParameters(ListParameters):
    """What the operations log takes."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None


class OperationsLogRow(Answer):
    """Something that somebody did, or was refused."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 88,
                    "ts": 1_767_225_600_000,
                    "actor": "token.operate",
                    "role": "operate",
                    "source": "api",
                    "action": "enable",
                    "target": "kq3v7mzc2hda",
                    "before": {"state": "candidate", "enabled": False},
                    "after": {"state": "enabled", "enabled": True},
                    "reason": "steady on four windows",
                    "result": "done",
                }
            ]
        }
    )

    id: int
    ts: Milliseconds
    actor: str
    role: str
    source: str
    action: str
    target: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    result: str = Field(
        description="done, refused and why; of a command how far it is: accepted, running, done, refused, failed"
    )


def _row(row: Mapping[str, Any], statuses: Mapping[str, str]) -> dict[str, Any]:
    return {**row, "ts": milliseconds(row["ts"]), "result": statuses.get(_command_of(row) or "", row["result"])}


def _command_of(row: Mapping[str, Any]) -> str | None:
    """Return the command that a row tells to be accepted."""
    return (row["after"] or {}).get("command_id") if row["result"] == "accepted" else None


@router.get("", response_model=ListAnswer[OperationsLogRow], summary="Who changed what, the newest first")
def list_operations(context: Context, parameters: Annotated[OperationsLogParameters, Query()]) -> dict[str, Any]:
    """Return a page of the operations log."""
    page = context.operations.page(**parameters.asked())
    statuses = context.commands.statuses([name for row in page.items if (name := _command_of(row))])
    return list_answer(page, context.clock.now_ms(), lambda row: _row(row, statuses))
