"""The list of strategies, and one of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

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


@router.get("", response_model=ListAnswer[StrategySummary], summary="List strategies, the best evidence first")
def list_strategies(context: Context, parameters: Annotated[StrategyParameters, Query()]) -> dict[str, Any]:
    """Return a page of strategies; by default sorted by `-oos_scs`, and what has no value comes last."""
    page = context.strategies.page(**parameters.asked())
    sparks = context.sparks.of([(row["id"], row["version"]) for row in page.items])
    return list_answer(page, context.clock.now_ms(), lambda row: strategy_summary(row, sparks.get(row["id"])))


@router.get("/{id}", response_model=StrategyDetail, summary="Everything about a strategy")
def show_strategy(context: Context, strategy: StrategyId) -> dict[str, Any]:
    """Return one strategy."""
    row = context.strategies.get(strategy)
    return strategy_detail(row, context.sparks.of([(row["id"], row["version"])]).get(row["id"]))
