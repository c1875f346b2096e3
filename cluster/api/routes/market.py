"""Prices: the candles that the desk keeps, and what its markets would pay and take just now."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from pydantic import Field

from cluster.api.context import Context
from cluster.api.lists import ListAnswer
from cluster.api.values import Answer, Body, Milliseconds, Money, money
from market import Ticker

router = APIRouter(prefix="/api/market", tags=["market"])

_LATEST_MS = 253_402_300_799_999


class MarketParameters(Body):
    """Which market is meant."""

    venue: str | None = Field(None, max_length=200)
    symbol: str | None = Field(None, max_length=200, description="such as BTC/USDT:USDT")
    timeframe: str | None = Field(None, max_length=10, description="such as 1m")
    points: int = Field(500, ge=1, le=5_000, description="candles at most, the latest ones")
    since: int | None = Field(None, alias="from", ge=0, le=_LATEST_MS, description="from this time on, ms UTC")
    until: int | None = Field(None, alias="to", ge=0, le=_LATEST_MS, description="before this time, ms UTC")


class CandlesAnswer(Answer):
    """Candles of one market, in columns."""

    venue: str
    symbol: str
    timeframe: str
    origin: str
    time: list[Milliseconds] = Field(description="when each candle opens")
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
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
def show_candles(context: Context, parameters: Annotated[MarketParameters, Query()]) -> dict[str, Any]:
    """Return the latest candles, or the latest of a span."""
    candles = context.prices.candles(parameters.venue, parameters.symbol, parameters.timeframe)
    start = 0 if parameters.since is None else int(np.searchsorted(candles.timestamp, parameters.since))
    stop = len(candles) if parameters.until is None else int(np.searchsorted(candles.timestamp, parameters.until))
    kept = slice(max(start, stop - parameters.points), max(stop, start))
    return {
        "venue": candles.venue,
        "symbol": candles.symbol,
        "timeframe": candles.timeframe,
        "origin": candles.origin,
        "time": candles.timestamp[kept].tolist(),
        **{name: getattr(candles, name)[kept].tolist() for name in ("open", "high", "low", "close", "volume")},
        "as_of": context.clock.now_ms(),
    }


@router.get("/tickers", response_model=ListAnswer[TickerAnswer], summary="What markets would pay and take")
def list_tickers(context: Context, parameters: Annotated[MarketParameters, Query()]) -> dict[str, Any]:
    """Return the last price of every market, with its age."""
    now = context.clock.now_ms()
    tickers = context.prices.tickers(parameters.venue, parameters.symbol, parameters.timeframe)
    items = [_shown(ticker, now) for ticker in tickers]
    return {"items": items, "next_cursor": None, "total": len(items), "as_of": now}


def _shown(ticker: Ticker, now: int) -> dict[str, Any]:
    prices = {name: getattr(ticker, name) for name in ("bid", "ask", "last")}
    labels = ("venue", "symbol", "timeframe", "origin", "receive_ts", "venue_ts")
    return {
        **{name: getattr(ticker, name) for name in labels},
        **{name: None if price is None else money(price) for name, price in prices.items()},
        "age_s": max(0.0, (now - ticker.receive_ts) / 1000.0),
    }
