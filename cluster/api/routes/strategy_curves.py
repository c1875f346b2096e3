"""What a strategy's curve looks like, where it comes from, and the scores around it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from cluster.api.ancestry import Lineage, lineage_answer
from cluster.api.context import Context
from cluster.api.curves import Equity, equity_answer, thinned
from cluster.api.heavy_work import content_key
from cluster.api.problems import Problem
from cluster.api.scored_again import curve_again, neighbourhood_again, subject_of
from cluster.api.strategy_answers import StrategyId
from cluster.api.surroundings import Surroundings
from cluster.api.values import Body

router = APIRouter(prefix="/api/quantitative/strategies/{id}", tags=["strategies"])


class EquityParameters(Body):
    """What a curve takes."""

    source: Literal["backtest", "oos", "paper", "live"] = Field("backtest", description="which course of the strategy")
    points: int = Field(2_000, ge=4, le=2_000, description="most points; extremes are kept")


class LineageParameters(Body):
    """What a lineage takes."""

    depth: int = Field(5, ge=0, le=50, description="generations back")


class NeighbourhoodParameters(Body):
    """What a neighbourhood takes."""

    x: str | None = Field(None, max_length=64, description="a parameter of the type; its first one by default")
    y: str | None = Field(None, max_length=64, description="another parameter; its second one by default")


@router.get("/equity", response_model=Equity, summary="How a strategy fared, against buy-and-hold")
async def show_equity(
    context: Context, strategy: StrategyId, parameters: Annotated[EquityParameters, Query()]
) -> dict[str, Any]:
    """Return the curve of a strategy: stored for finalists, computed for the others."""
    row = await run_in_threadpool(context.strategies.get, strategy)
    curve = await run_in_threadpool(context.evidence.curve, strategy, parameters.source)
    if curve is None:
        if parameters.source in ("paper", "live"):
            raise Problem(
                404, "not_there_yet", f"this desk has no trading yet: the {parameters.source} curve comes with it"
            )
        subject = await run_in_threadpool(subject_of, context, row)
        key = content_key("curve", parameters.source, parameters.points, *subject.identity)
        shown = await context.work.answer(
            key, lambda: thinned(curve_again(subject, parameters.source), parameters.points)
        )
    else:
        shown = await run_in_threadpool(thinned, curve, parameters.points)
    return equity_answer(strategy, parameters.source, shown, context.clock.now_ms())


@router.get("/lineage", response_model=Lineage, summary="Who a strategy descends from")
def show_lineage(
    context: Context, strategy: StrategyId, parameters: Annotated[LineageParameters, Query()]
) -> dict[str, Any]:
    """Return a strategy and its ancestors, the nearest first and at most 500."""
    row = context.strategies.get(strategy)
    found = context.trials.lineage(row["run_id"], row["species"], row["child"], parameters.depth)
    return lineage_answer(row, found, context.overview.present)


@router.get("/neighbourhood", response_model=Surroundings, summary="The scores around a strategy")
async def show_neighbourhood(
    context: Context,
    strategy: StrategyId,
    parameters: Annotated[NeighbourhoodParameters, Query()],
) -> dict[str, Any]:
    """Return the SCS on a grid around a strategy: a plateau, or a lonely peak."""
    row = await run_in_threadpool(context.strategies.get, strategy)
    subject = await run_in_threadpool(subject_of, context, row)
    key = content_key("neighbourhood", parameters.x, parameters.y, *subject.identity)
    return await context.work.answer(key, lambda: neighbourhood_again(subject, parameters.x, parameters.y))
