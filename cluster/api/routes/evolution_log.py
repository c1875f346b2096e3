"""How runs of evolution went."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from cluster.api.context import Context
from cluster.api.lists import ListAnswer, ListParameters, list_answer
from cluster.api.values import Answer, BestFitness, MedianFitness, Milliseconds, milliseconds

router = APIRouter(prefix="/api/quantitative/evolution-log", tags=["evolution"])


class EvolutionLogParameters(ListParameters):
    """What the evolution log takes."""

    run_id: str | None = None
    species: str | None = Field(None, description="such as momentum|BTC/USDT|1h")
    event: str | None = None


class EvolutionLogRow(Answer):
    """A round of a species, or something that happened to a run."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ts": 1_767_225_600_000,
                    "run_id": "20260314-092653-k7qz",
                    "generation": 12,
                    "round": 3,
                    "species": "momentum|BTC/USDT:USDT|1h",
                    "evaluations": 12_544,
                    "best_scs": 71.4,
                    "q25": 22.5,
                    "median_scs": 38.1,
                    "q75": 52.0,
                    "diversity": 0.84,
                    "coverage": 0.31,
                    "event": None,
                    "message": None,
                    "strategy_id": None,
                    "source": "history",
                }
            ]
        }
    )

    ts: Milliseconds
    run_id: str
    generation: int | None
    round: int | None
    species: str | None
    evaluations: int | None
    best_scs: BestFitness
    q25: float | None
    median_scs: MedianFitness
    q75: float | None
    diversity: float | None
    coverage: float | None
    event: str | None
    message: str | None
    strategy_id: str | None
    source: str = Field(description="history, or optimizer for what the algorithm did")


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "ts": milliseconds(row["ts"])}


@router.get("", response_model=ListAnswer[EvolutionLogRow], summary="How runs went, the newest first")
def list_evolution(context: Context, parameters: Annotated[EvolutionLogParameters, Query()]) -> dict[str, Any]:
    """Return a page of the evolution log."""
    page = context.evolution_log.page(**parameters.asked())
    return list_answer(page, context.clock.now_ms(), _row)
