"""Prices: the candles that the desk keeps, and what its markets would pay and take just now."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from cluster.api.condition import FEED
from cluster.api.context import Context
from cluster.api.feed_clock import FeedClock, FeedState
from cluster.api.lists import ListAnswer, ListParameters
from cluster.api.problems import Problem
from cluster.api.span import LATEST_MS, Span
from cluster.api.values import Answer, Milliseconds, Money, money
from cluster.feed import Coverage, FeedReader
from market.errors import UnknownNameError
from storage import StorageError

router = APIRouter(prefix="/api/market", tags=["market"])

_FEED: dict[str, Any] = {
    "origin": "simulated:7",
    "simulated": True,
    "speed": 20.0,
    "next_close_ts": 1_767_225_603_000,
    "state": "running",
    "symbols": [
        {
            "symbol": "BTC/USDT:USDT",
            "venue": "simulated",
            "timeframe": "1m",
            "origin": "simulated:7",
            "followed": True,
            "first_time": 1_766_025_600_000,
            "last_time": 1_767_225_540_000,
            "n_candles": 19_998,
            "n_gaps": 1,
            "n_missing": 2,
            "gaps": [{"from": 1_766_030_000_000, "to": 1_766_030_120_000, "missing": 2}],
            "age_s": 1.2,
            "next_close_ts": 1_767_225_603_000,
        }
    ],
    "as_of": 1_767_225_600_000,
}


class TickerParameters(ListParameters):
    """Which markets are meant; in the order of venue and symbol."""

    sort: Literal["symbol"] | None = None
    venue: str | None = Field(None, max_length=200)
    symbol: str | None = Field(None, max_length=200, description="such as BTC/USDT:USDT")
    timeframe: str | None = Field(None, max_length=10, description="of the candles beside it")


class CandleParameters(Span):
    """Which candles are meant."""

    venue: str | None = Field(None, max_length=200)
    symbol: str | None = Field(
        None, max_length=200, description="such as BTC/USDT:USDT; needed where there are several"
    )
    timeframe: str | None = Field(None, max_length=10, description="such as 1m")
    points: int = Field(500, ge=1, le=5_000, description="most points")


class CandlesAnswer(Answer):
    """Candles of one market, in columns."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "venue": "simulated",
                    "symbol": "BTC/USDT:USDT",
                    "timeframe": "1m",
                    "origin": "simulated:7",
                    "bars_per_point": 1,
                    "time": [1_767_225_480_000, 1_767_225_540_000],
                    "open": [84_000.5, 84_010.0],
                    "high": [84_020.0, 84_033.5],
                    "low": [83_990.0, 84_001.0],
                    "close": [84_010.0, 84_030.5],
                    "volume": [12.4, 9.8],
                    "age_s": 1.2,
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "venue": "simulated",
                    "symbol": "BTC/USDT:USDT",
                    "timeframe": "1m",
                    "origin": "simulated:7",
                    "bid": "84030",
                    "ask": "84030.5",
                    "last": "84030.5",
                    "receive_ts": 1_767_225_599_000,
                    "venue_ts": 1_767_225_598_900,
                    "age_s": 1.0,
                }
            ]
        }
    )

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


class GapAnswer(Answer):
    """Candles that are missing between two that are there."""

    since: Milliseconds = Field(alias="from", description="open of the first missing candle, ms UTC")
    until: Milliseconds = Field(alias="to", description="open of the first candle that is there again, ms UTC")
    missing: int


class FedMarket(Answer):
    """What is there of a market."""

    symbol: str
    venue: str
    timeframe: str
    origin: str
    followed: bool = Field(description="whether the feed brings new candles of it")
    first_time: Milliseconds
    last_time: Milliseconds = Field(description="open of the newest candle")
    n_candles: int
    n_gaps: int
    n_missing: int
    gaps: list[GapAnswer] = Field(description="the latest 200, oldest first")
    age_s: float = Field(description="since the newest candle was stored")
    next_close_ts: Milliseconds | None = Field(description="by our clock; null where the feed does not follow it")


class FeedAnswer(FeedState):
    """What the feed brings, and what is missing."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FEED]})

    state: str | None = Field(description="as the feed says; null while it has told nothing")
    symbols: list[FedMarket]
    as_of: Milliseconds


@router.get("/feed", response_model=FeedAnswer, summary="What the feed brings, and what is missing")
def show_feed(context: Context) -> dict[str, Any]:
    """Return every market that has candles, with its gaps; answered without a database too, and then without times."""
    try:
        told = context.measured.latest(FEED)
    except StorageError:
        told = None
    now = context.clock.now_ms()
    clock = FeedClock(told, now)
    markets = [_fed(one, clock) for one in context.prices.coverage()]
    state = None if told is None else told.data.get("state")
    return {**clock.answer(), "state": state, "symbols": markets, "as_of": now}


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


def _fed(coverage: Coverage, clock: FeedClock) -> dict[str, Any]:
    """Return a market in the form of an answer."""
    market = coverage.market
    followed = clock.follows(market.venue, market.symbol, market.timeframe)
    return {
        **{name: getattr(market, name) for name in ("symbol", "venue", "timeframe", "origin")},
        **{name: getattr(coverage, name) for name in ("first_time", "last_time", "n_candles", "n_gaps", "n_missing")},
        "gaps": [{"from": gap.start, "to": gap.end, "missing": gap.bars} for gap in coverage.gaps],
        "age_s": coverage.age_s,
        "followed": followed,
        "next_close_ts": clock.next_close(market.timeframe) if followed else None,
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
