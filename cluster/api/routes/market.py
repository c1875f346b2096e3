"""Prices: the candles that the desk keeps, and what its markets would pay and take just now."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from cluster.api.context import Context
from cluster.api.lists import LATEST_MS, ListAnswer, ListParameters
from cluster.api.problems import Problem
from cluster.api.values import Answer, Body, Milliseconds, Money, money
from cluster.feed import FeedReader
from market.errors import UnknownNameError

router = APIRouter(prefix="/api/market", tags=["market"])


class TickerParameters(ListParameters):
    """Which markets are meant; in the order of venue and symbol."""

    sort: Literal["symbol"] | None = None
    venue: str | None = Field(None, max_length=200)
    symbol: str | None = Field(None, max_length=200, description="such as BTC/USDT:USDT")
    timeframe: str | None = Field(None, max_length=10, description="of the candles beside it")


class CandleParameters(Body):
    """Which candles are meant."""

    venue: str | None = Field(None, max_length=200)
    symbol: str | None = Field(
        None, max_length=200, description="such as BTC/USDT:USDT; needed where there are several"
    )
    timeframe: str | None = Field(None, max_length=10, description="such as 1m")
    points: int = Field(500, ge=1, le=5_000, description="most points")
    since: int | None = Field(None, alias="from", ge=0, le=LATEST_MS, description="from this time on, ms UTC")
    until: int | None = Field(None, alias="to", ge=0, le=LATEST_MS, description="before this time, ms UTC")


class CandlesAnswer(Answer):
    """Candles of one market, in columns."""

    venue: str
    symbol: str
    timeframe: str
    origin: str
    bars_per_point: int = Field(description="candles merged into each point; extremes are kept")
    time: list[Milliseconds] = Field(description="when each point opens")
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    age_s: float = Field(description="since the newest candle was stored")
    as_of: Milliseconds


class TickerAnswer(Answer):
    """What a market would pay and take."""

    venue: str
    symbol: str
    timeframe: str
    origin: str
    bid: Money | None
    ask: Money | None
    last: Money
    receive_ts: Milliseconds
    venue_ts: Milliseconds | None
    age_s: float = Field(description="since it was received")


@router.get("/candles", response_model=CandlesAnswer, summary="Candles of one market")
def show_candles(context: Context, parameters: Annotated[CandleParameters, Query()]) -> dict[str, Any]:
    """Return the latest candles, or all of a span, merged where there are more than `points`."""
    try:
        series = context.prices.candles(
            parameters.symbol or _only_symbol(context.prices),
            parameters.timeframe,
            parameters.venue,
            start=parameters.since,
            stop=parameters.until,
            points=parameters.points,
        )
    except UnknownNameError as error:
        raise Problem(404, "no_candles", str(error)) from error
    return {**series.as_json(), "as_of": context.clock.now_ms()}


@router.get("/tickers", response_model=ListAnswer[TickerAnswer], summary="What markets would pay and take")
def list_tickers(context: Context, parameters: Annotated[TickerParameters, Query()]) -> dict[str, Any]:
    """Return the last price of every market, with its age."""
    readings = [reading.as_json() for reading in context.prices.tickers(parameters.venue, parameters.symbol)]
    since, until = parameters.since or 0, LATEST_MS if parameters.until is None else parameters.until
    wanted = [
        one
        for one in readings
        if parameters.timeframe in (None, one["timeframe"]) and since <= one["receive_ts"] < until
    ]
    left = [one for one in wanted if parameters.cursor is None or _place(one) > parameters.cursor]
    shown = left[: parameters.limit]
    return {
        "items": [_shown(one) for one in shown],
        "next_cursor": _place(shown[-1]) if len(left) > len(shown) else None,
        "total": len(wanted),
        "as_of": context.clock.now_ms(),
    }


def _place(ticker: dict[str, Any]) -> str:
    """Return where a ticker stands in the list."""
    return f"{ticker['venue']} {ticker['symbol']}"


def _only_symbol(prices: FeedReader) -> str:
    """Return the symbol where there is but one."""
    symbols = sorted({market.symbol for market in prices.markets()})
    if not symbols:
        raise Problem(404, "no_candles", "there are no candles yet: the feed brings them")
    if len(symbols) > 1:
        raise Problem(422, "invalid_value", f"parameter symbol is needed, one of {', '.join(symbols[:10])}")
    return symbols[0]


def _shown(ticker: dict[str, Any]) -> dict[str, Any]:
    prices = {name: ticker[name] for name in ("bid", "ask", "last")}
    return ticker | {name: None if price is None else money(price) for name, price in prices.items()}
