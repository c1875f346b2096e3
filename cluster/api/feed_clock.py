"""What time it is in the market, as the feed has told last: a simulated one runs faster than ours."""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from cluster.api.values import Answer, Milliseconds
from market import MarketError
from market.symbols import is_simulated
from market.timeframe import floor_time, parse_timeframe
from storage import StatusRecord

__all__ = ["FeedClock", "FeedState"]

_STALE_S = 60.0


class FeedState(Answer):
    """Where candles come from, and when the next one closes."""

    origin: str | None = Field(description="real:VENUE or simulated:SEED; null while no feed has told of itself")
    simulated: bool | None
    speed: float | None = Field(description="seconds of the market in one of ours")
    next_close_ts: Milliseconds | None = Field(description="when the next candle closes, by our clock")


class FeedClock:
    """The market's time at a moment of ours.

    Parameters
    ----------
    told : StatusRecord or None
        What the feed told last; what is old says nothing about the time.
    now_ms : int
        The present, ms UTC.
    """

    def __init__(self, told: StatusRecord | None, now_ms: int) -> None:
        data: Mapping[str, Any] = {} if told is None else told.data
        self._now_ms = now_ms
        self._data = data
        self._market_ms: float | None = None
        speed = data.get("speed")
        self.speed = float(speed) if isinstance(speed, int | float) and speed > 0 else None
        fresh = told is not None and told.age_s <= _STALE_S
        if told is not None and fresh and self.speed is not None and isinstance(data.get("market_ms"), int):
            self._market_ms = data["market_ms"] + 1_000.0 * told.age_s * self.speed

    @property
    def origin(self) -> str | None:
        """Of all candles of the feed."""
        origin = self._data.get("origin")
        return None if origin is None else str(origin)

    def next_close(self, timeframe: str) -> int | None:
        """Return when the next candle closes.

        Parameters
        ----------
        timeframe : str
            Such as "1m".

        Returns
        -------
        int or None
            ms UTC by our clock; None where the market's time is not known.
        """
        if self._market_ms is None or self.speed is None:
            return None
        try:
            closes = floor_time(math.floor(self._market_ms), timeframe) + parse_timeframe(timeframe)
        except MarketError:
            return None
        return self._now_ms + round((closes - self._market_ms) / self.speed)

    def follows(self, venue: str, symbol: str, timeframe: str) -> bool:
        """Return whether candles of a market still come in."""
        wanted = (venue, symbol, timeframe)
        return any((one.get("venue"), one.get("symbol"), one.get("timeframe")) == wanted for one in self._markets())

    def answer(self) -> dict[str, Any]:
        """Return what `FeedState` says."""
        closes = [self.next_close(str(one.get("timeframe"))) for one in self._markets()]
        return {
            "origin": self.origin,
            "simulated": None if self.origin is None else is_simulated(self.origin),
            "speed": self.speed,
            "next_close_ts": min((close for close in closes if close is not None), default=None),
        }

    def _markets(self) -> list[Mapping[str, Any]]:
        told = self._data.get("markets")
        return [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
