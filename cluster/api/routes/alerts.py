"""What people should know, and that they have seen it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field

from cluster.alerts import Alerts, shown_alert
from cluster.api.caller import Calling
from cluster.api.context import Context
from cluster.api.lists import ListAnswer, ListParameters, list_answer
from cluster.api.values import Answer, Milliseconds
from cluster.api.writing import IdempotencyKey, write_once

router = APIRouter(prefix="/api/alerts", tags=["alerts"])

Severity = Literal["info", "warning", "critical"]


class AlertParameters(ListParameters):
    """What the list of alerts takes."""

    severity: Severity | None = None
    open: bool | None = Field(None, description="only those that go on, or only those that are over")


class Alert(Answer):
    """Something that people should know."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 12,
                    "ts": 1_767_225_600_000,
                    "severity": "warning",
                    "code": "service_died",
                    "message": "feed died: it ended with status 1; it is started again in 1 s",
                    "target": "feed",
                    "count": 1,
                    "acked_by": None,
                    "acked_at": None,
                    "last_ts": 1_767_225_600_000,
                    "open": False,
                    "resolved_at": 1_767_225_612_000,
                }
            ]
        }
    )

    id: int
    ts: Milliseconds
    severity: Severity
    code: str
    message: str
    target: str | None
    count: int = Field(description="how often it was raised while it was open")
    acked_by: str | None
    acked_at: Milliseconds | None
    last_ts: Milliseconds
    open: bool
    resolved_at: Milliseconds | None = Field(description="when it was over; null while it goes on")


@router.get("", response_model=ListAnswer[Alert], summary="Alerts, the newest first")
def list_alerts(context: Context, parameters: Annotated[AlertParameters, Query()]) -> dict[str, Any]:
    """Return a page of alerts."""
    page = context.alerts.page(**parameters.asked())
    return list_answer(page, context.clock.now_ms(), shown_alert)


@router.post("/{id}/ack", response_model=Alert, summary="Say that an alert was seen")
def ack_alert(
    context: Context,
    caller: Calling,
    alert: Annotated[int, Path(alias="id", ge=1, le=2**62)],
    idempotency_key: IdempotencyKey = None,
) -> dict[str, Any]:
    """Say that an alert was seen; whoever said so first stays its reader."""

    def write() -> str:
        row = Alerts(context.database.engine, context.bus).ack(alert, caller.name, str(caller.role))
        return f"seen by {row['acked_by']}"

    write_once(context, caller, "ack_alert", {}, key=idempotency_key, target=str(alert), write=write)
    return shown_alert(context.alerts.get(alert))
