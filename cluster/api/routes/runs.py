"""Runs of evolution: what each was asked to do, and how far it has come."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from cluster.api.context import Context
from cluster.api.values import Answer, Body, Milliseconds, milliseconds

router = APIRouter(prefix="/api/quantitative/runs", tags=["evolution"])

_SETTINGS = ("population", "seed", "generations", "generations_per_window", "fee_bps", "slippage_bps", "forever")


class RunsParameters(Body):
    """What the list of runs takes."""

    limit: int = Field(50, ge=1, le=200, description="at most so many")


class RunSettingsAnswer(Answer):
    """What a run was asked to do."""

    population: int | None
    seed: int | None
    generations: int | None = Field(description="for a run that ends")
    generations_per_window: int | None = Field(description="for a run that goes on for ever")
    fee_bps: float | None
    slippage_bps: float | None
    forever: bool | None


class RunAnswer(Answer):
    """A run of evolution."""

    id: str
    started_at: Milliseconds
    updated_at: Milliseconds
    state: str = Field(description="running (also after a kill), done, interrupted or failed")
    origin: str
    engine_version: str
    settings: RunSettingsAnswer
    generation: int
    round: int
    evaluations: int
    seconds: float | None = Field(description="spent on it; null until it has ended once")
    best_scs: float | None = Field(description="the best SCS on all candles among its strategies that are still there")
    population_hash: str | None = Field(description="null until it has ended once")


class Runs(Answer):
    """The latest runs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [], "as_of": 1_767_225_600_000}]})

    items: list[RunAnswer] = Field(description="newest first")
    as_of: Milliseconds


@router.get("", response_model=Runs, summary="Runs of evolution, the newest first")
def list_runs(context: Context, parameters: Annotated[RunsParameters, Query()]) -> dict[str, Any]:
    """Return the latest runs."""
    runs = context.runs.list(limit=parameters.limit)
    best = context.overview.best_of_runs([run.id for run in runs])
    items = [
        {
            **asdict(run),
            "started_at": milliseconds(run.created_at),
            "updated_at": milliseconds(run.updated_at),
            "state": run.status,
            "settings": {name: run.settings.get(name) for name in _SETTINGS},
            "best_scs": best.get(run.id),
        }
        for run in runs
    ]
    return {"items": items, "as_of": context.clock.now_ms()}
