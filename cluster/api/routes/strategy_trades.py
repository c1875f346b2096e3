"""What a strategy did: its trades, the price it traded, and what it returned."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from cluster.api.context import Context
from cluster.api.heavy_work import content_key
from cluster.api.lists import ListAnswer, ListParameters, list_answer
from cluster.api.price_chart import PriceChart, chart_answer
from cluster.api.return_table import ReturnTable, returns_answer
from cluster.api.scored_again import evidence_start, report_again, subject_of
from cluster.api.span import Span
from cluster.api.strategy_answers import Kind, StrategyId
from cluster.api.trade_answers import Trade, report_trades, stored_trade, trade_page
from cluster.api.values import Body

router = APIRouter(prefix="/api/quantitative/strategies/{id}", tags=["strategies"])


class TradeParameters(ListParameters):
    """What the list of trades takes; `from` and `to` speak of exits."""

    source: Literal["backtest", "paper", "live"] | None = Field(
        None, description="paper: simulated money too; backtest by default, or where `money` says"
    )
    money: Kind | None = Field(None, description="real for live, others for paper")


class ChartParameters(Span):
    """What a chart takes."""

    points: int = Field(1_000, ge=4, le=2_000, description="most points; extremes are kept")


class ReturnParameters(Body):
    """What returns take."""

    source: Literal["backtest", "oos"] = Field("backtest", description="oos: from the end of its selection on")
    of: Literal["trades", "days"] = Field("trades", description="what the distribution is of")


@router.get("/trades", response_model=ListAnswer[Trade], summary="Trades of a strategy, the latest first")
async def list_trades(
    context: Context, strategy: StrategyId, parameters: Annotated[TradeParameters, Query()]
) -> dict[str, Any]:
    """Return a page of the closed trades of a strategy: of its backtest, or those that were stored as it traded."""
    row = await run_in_threadpool(context.strategies.get, strategy)
    asked = parameters.asked()
    source, kind = asked.pop("source"), asked.pop("money")
    if source is None:
        source = "backtest" if kind is None else "live" if kind == "real" else "paper"
    if source == "backtest":
        subject = await run_in_threadpool(subject_of, context, row)
        key = content_key("trades", *subject.identity)
        trades = await context.work.answer(key, lambda: report_trades(report_again(subject), row))
        return {**trade_page(trades, asked), "as_of": context.clock.now_ms()}
    page = await run_in_threadpool(lambda: context.trades.page(strategy, real=source == "live", money=kind, **asked))
    return list_answer(page, context.clock.now_ms(), stored_trade)


@router.get("/chart", response_model=PriceChart, summary="The price a strategy traded, and what it did")
async def show_chart(
    context: Context, strategy: StrategyId, parameters: Annotated[ChartParameters, Query()]
) -> dict[str, Any]:
    """Return the candles of a range with the side held, entries, exits and test spans of a strategy's backtest."""
    row = await run_in_threadpool(context.strategies.get, strategy)
    subject = await run_in_threadpool(subject_of, context, row)
    span = parameters.since, parameters.until, parameters.points
    key = content_key("chart", *span, *subject.identity)
    shown = await context.work.answer(key, lambda: chart_answer(report_again(subject), row, *span))
    return {**shown, "as_of": context.clock.now_ms()}


@router.get("/returns", response_model=ReturnTable, summary="What a strategy returned")
async def show_returns(
    context: Context, strategy: StrategyId, parameters: Annotated[ReturnParameters, Query()]
) -> dict[str, Any]:
    """Return the monthly returns of a strategy, and the distribution of those of its trades or days."""
    row = await run_in_threadpool(context.strategies.get, strategy)
    subject = await run_in_threadpool(subject_of, context, row)

    def compute() -> dict[str, Any]:
        report = report_again(subject)
        start = 0 if parameters.source == "backtest" else evidence_start(subject, report.candles)
        return returns_answer(report, start, parameters.of)

    key = content_key("returns", parameters.source, parameters.of, *subject.identity)
    shown = await context.work.answer(key, compute)
    told = {"strategy_id": strategy, "source": parameters.source, "of": parameters.of}
    return {**told, **shown, "as_of": context.clock.now_ms()}
