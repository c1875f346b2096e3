"""Whether the desk is well: for whoever asks, without a token."""

from importlib.metadata import version

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field
from starlette.status import HTTP_503_SERVICE_UNAVAILABLE

from cluster.api.condition import Condition
from cluster.api.context import Context
from cluster.api.values import Answer

router = APIRouter(tags=["health"])
OPEN = True


class Health(Answer):
    """Whether the desk is well."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok", "version": "0.1.0"}]})

    status: Condition = Field(description="degraded: a part does not run; down: no database")
    version: str


@router.get("/health", summary="Whether the desk is well", responses={503: {"model": Health, "description": "Down"}})
def show_health(context: Context, response: Response) -> Health:
    """Return the condition of the desk, with status 503 when it is down."""
    condition = context.pulse.feel()
    if condition == "down":
        response.status_code = HTTP_503_SERVICE_UNAVAILABLE
        response.headers["Retry-After"] = "2"
    return Health(status=condition, version=version("evoq"))
