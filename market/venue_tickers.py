"""Tickers of a venue that ccxt knows, checked before anybody sees them."""

import math
from collections.abc import Mapping
from typing import Any

from market.clock import Clock
from market.errors import BrokenPageError, CandleError, UnknownNameError
from market.instants import LAST_MS
from market.symbols import real_origin
from market.ticker import Ticker
from market.venue_requests import ATTEMPTS, VenueRequests
from market.venues import Exchange


class TickerSource:
    """Tickers of one symbol at one venue.

    Parameters
    ----------
    exchange : Exchange
        A ccxt exchange or something like it.
    symbol, timeframe : str
        Of the candles the tickers belong to.
    clock : Clock
        Tells when a ticker was received; waits between attempts.
    venue : str, optional
        By default the exchange's id.
    origin : str, optional
        By default "real:VENUE".
    attempts : int
        How often one request is made before it counts as failed.

    Raises
    ------
    UnknownNameError
        If the venue offers no tickers.
    """

    def __init__(
        self,
        exchange: Exchange,
        symbol: str,
        timeframe: str,
        clock: Clock,
        *,
        venue: str | None = None,
        origin: str | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        if not getattr(exchange, "has", {}).get("fetchTicker"):
            raise UnknownNameError(f"{exchange.id} offers no tickers; choose another venue")
        self._exchange: Any = exchange
        self._symbol, self._timeframe = symbol, timeframe
        self._clock = clock
        self._venue = exchange.id if venue is None else venue
        self._origin = real_origin(self._venue) if origin is None else origin
        self._requests = VenueRequests(exchange.id, clock, attempts)

    def ask(self) -> Ticker:
        """Return the ticker of now; errors are those of `VenueRequests.answer`."""
        return self._requests.answer(
            f"the ticker of {self._symbol}", lambda: self._checked(self._exchange.fetch_ticker(self._symbol))
        )

    def _checked(self, answer: object) -> Ticker:
        """Return an answer as a ticker.

        Parameters
        ----------
        answer : object
            What ccxt made of it. An outage shows as a ticker in which nothing is filled in.

        Returns
        -------
        Ticker
            Without bid and ask where the venue tells none, or tells a bid above its ask.

        Raises
        ------
        BrokenPageError
            If it is none.
        """
        if not isinstance(answer, Mapping):
            raise BrokenPageError(f"a ticker must be an object, was {answer!r:.80}")
        if answer.get("symbol") not in (None, self._symbol):
            raise BrokenPageError(f"a ticker of {self._symbol} was asked for, one of {answer['symbol']!r:.40} came")
        bid, ask = _price(answer.get("bid")), _price(answer.get("ask"))
        if bid is not None and ask is not None and bid > ask:
            bid = ask = None
        time = answer.get("timestamp")
        try:
            return Ticker(
                venue=self._venue,
                symbol=self._symbol,
                timeframe=self._timeframe,
                origin=self._origin,
                last=_price(answer.get("last")) or math.nan,
                bid=bid,
                ask=ask,
                receive_ts=self._clock.now_ms(),
                venue_ts=int(time) if isinstance(time, int | float) and 0 < time <= LAST_MS else None,
            )
        except CandleError as error:
            raise BrokenPageError(str(error)) from None


def _price(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return None
    return float(value)
