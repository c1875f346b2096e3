"""The list of strategies, and one of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

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
from cluster.api.unchanged import UNCHANGED, IfNoneMatch, unchanged
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
    retired: bool | None = Field(None, description="false leaves out those that are retired, true all others")
    q: str | None = Field(
        None, max_length=200, description="words that are each in its id, type, symbol, timeframe or venue"
    )


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


class FacetValue(Answer):
    """A value, and how many strategies have it."""

    value: str
    count: int


class StrategyFacets(Answer):
    """What strategies can be filtered by, as far as there are any: retired ones count too."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": [{"value": "breakout", "count": 210}, {"value": "momentum", "count": 824}],
                    "symbol": [{"value": "BTC/USDT:USDT", "count": 1034}],
                    "timeframe": [{"value": "1h", "count": 1034}],
                    "grade": [{"value": "C", "count": 1034}],
                    "state": [{"value": "candidate", "count": 1014}, {"value": "enabled", "count": 20}],
                    "version": "1034-5391",
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

    type: list[FacetValue]
    symbol: list[FacetValue]
    timeframe: list[FacetValue]
    grade: list[FacetValue]
    state: list[FacetValue]
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
    responses=UNCHANGED,
)
def show_map(
    context: Context,
    response: Response,
    parameters: Annotated[MapParameters, Query()],
    if_none_match: IfNoneMatch = None,
) -> Any:
    """Return every strategy as a point, unless the caller holds the present answer."""
    version = context.overview.map_version(retired=parameters.retired)
    if (same := unchanged(response, if_none_match, version)) is not None:
        return same
    columns = context.overview.map(retired=parameters.retired)
    return {**columns, "version": version, "as_of": context.clock.now_ms()}


@router.get(
    "/facets",
    response_model=StrategyFacets,
    summary="What strategies can be filtered by",
    responses=UNCHANGED,
)
def show_facets(context: Context, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """Return the values there are with their counts, unless the caller holds the present answer."""
    version = context.overview.map_version(retired=True)
    if (same := unchanged(response, if_none_match, version)) is not None:
        return same
    facets = {
        name: [{"value": value, "count": count} for value, count in counted]
        for name, counted in context.overview.facets().items()
    }
    return {**facets, "version": version, "as_of": context.clock.now_ms()}


@router.get("/{id}", response_model=StrategyDetail, summary="Everything about a strategy")
def show_strategy(context: Context, strategy: StrategyId) -> dict[str, Any]:
    """Return one strategy."""
    row = context.strategies.get(strategy)
    spark = context.sparks.of([(row["id"], row["version"])]).get(row["id"])
    return strategy_detail(row, spark, context.config.get())
