"""The list of strategies, and one of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from starlette.status import HTTP_304_NOT_MODIFIED

from cluster.api.context import Context
from cluster.api.lists import ListAnswer, ListParameters, list_answer
from cluster.api.strategy_answers import (
    Grade,
    Kind,
    State,
    StrategyDetail,
    StrategyId,
    StrategySummary,
    strategy_detail,
    strategy_summary,
)
from cluster.api.unchanged import IfNoneMatch, etag_of, is_held
from cluster.api.values import Answer, Body, Milliseconds

router = APIRouter(prefix="/api/quantitative/strategies", tags=["strategies"])


class StrategyParameters(ListParameters):
    """What the list of strategies takes."""

    type: str | None = Field(None, description="such as momentum")
    symbol: str | None = Field(None, description="such as BTC/USDT:USDT")
    timeframe: str | None = Field(None, description="such as 1h")
    venue: str | None = None
    grade: Grade | None = None
    state: State | None = None
    enabled: bool | None = None
    money: Kind | None = None
    q: str | None = Field(None, max_length=200, description="text in its id, type, symbol, timeframe or venue")


class MapParameters(Body):
    """What the map takes."""

    retired: bool = Field(False, description="whether retired strategies are on it")


class StrategyMap(Answer):
    """All strategies as points, in columns of the same length."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": ["kq3v7mzc2hda"],
                    "type": ["momentum"],
                    "symbol": ["BTC/USDT:USDT"],
                    "timeframe": ["1h"],
                    "scs": [71.4],
                    "oos_scs": [58.9],
                    "grade": ["C"],
                    "state": ["candidate"],
                    "n_trades": [412],
                    "version": "1-5391",
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

    id: list[str]
    type: list[str]
    symbol: list[str]
    timeframe: list[str]
    scs: list[float | None]
    oos_scs: list[float | None]
    grade: list[Grade]
    state: list[State]
    n_trades: list[int | None]
    version: str = Field(description="also the ETag: another one as soon as any strategy changes")
    as_of: Milliseconds


@router.get("", response_model=ListAnswer[StrategySummary], summary="List strategies, the best evidence first")
def list_strategies(context: Context, parameters: Annotated[StrategyParameters, Query()]) -> dict[str, Any]:
    """Return a page of strategies; by default sorted by `-oos_scs`, and what has no value comes last."""
    page = context.strategies.page(**parameters.asked())
    sparks = context.sparks.of([(row["id"], row["version"]) for row in page.items])
    return list_answer(page, context.clock.now_ms(), lambda row: strategy_summary(row, sparks.get(row["id"])))


@router.get(
    "/map",
    response_model=StrategyMap,
    summary="All strategies as points",
    responses={304: {"description": "Nothing has changed since the answer with this ETag"}},
)
def show_map(
    context: Context,
    response: Response,
    parameters: Annotated[MapParameters, Query()],
    if_none_match: IfNoneMatch = None,
) -> Any:
    """Return every strategy as a point, unless the caller holds the present answer."""
    version = context.overview.map_version(retired=parameters.retired)
    if is_held(if_none_match, version):
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers={"ETag": etag_of(version)})
    response.headers["ETag"] = etag_of(version)
    columns = context.overview.map(retired=parameters.retired)
    return {**columns, "version": version, "as_of": context.clock.now_ms()}


@router.get("/{id}", response_model=StrategyDetail, summary="Everything about a strategy")
def show_strategy(context: Context, strategy: StrategyId) -> dict[str, Any]:
    """Return one strategy."""
    row = context.strategies.get(strategy)
    spark = context.sparks.of([(row["id"], row["version"])]).get(row["id"])
    return strategy_detail(row, spark, context.config.get())
