"""Any venue that ccxt knows, as a source of candles: names are checked, waiting and retrying are bounded."""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from market.clock import Clock
from market.errors import BrokenPageError, UnknownNameError
from market.pages import Expectation, Page, checked_page
from market.timeframe import canonical, parse_timeframe
from market.venue_requests import ATTEMPTS, VenueRequests, ccxt_library

USUAL_PAGE = 500
"""Candles asked for at once where ccxt does not know what the venue allows."""

SMALLEST_PAGE = 50
"""Fewest candles asked for at once."""


class Exchange(Protocol):
    """The part of a ccxt exchange that candles need; `has`, `fetch_time` and `feature_value` are used where present."""

    id: str
    timeframes: Mapping[str, Any]

    def load_markets(self) -> Mapping[str, Any]:
        """Return the markets by unified symbol."""
        ...

    def fetch_ohlcv(
        self, symbol: str, timeframe: str, since: int | None, limit: int | None, params: dict[str, Any]
    ) -> list[list[Any]]:
        """Return candles from `since` on, oldest first."""
        ...


def open_exchange(venue: str, timeout_s: float = 20.0) -> Exchange:
    """Return ccxt's client of a venue, without keys, that keeps to the venue's rate limit.

    Parameters
    ----------
    venue : str
        ccxt's id, such as "binance".
    timeout_s : float
        Seconds after which a request counts as not answered.

    Returns
    -------
    Exchange
        Nothing is sent yet.

    Raises
    ------
    UnknownNameError
        If ccxt knows no such venue; the nearest names are given.
    """
    ccxt = ccxt_library()
    if venue not in ccxt.exchanges:
        raise UnknownNameError(f"venue must be one that ccxt knows, was {venue!r}{_nearest(venue, ccxt.exchanges)}")
    exchange: Exchange = getattr(ccxt, venue)({"enableRateLimit": True, "timeout": round(timeout_s * 1000)})
    return exchange


class CandleSource:
    """Candles of one symbol and timeframe at one venue, a checked page at a time.

    Parameters
    ----------
    exchange : Exchange
        A ccxt exchange or something like it.
    symbol : str
        Unified symbol.
    timeframe : str
        A known timeframe that the venue offers.
    clock : Clock
        Decides, together with the venue's own time, which candles are closed; waits between attempts.
    attempts : int
        How often one request is made before it counts as failed.

    Attributes
    ----------
    limit : int
        Candles asked for at once; lowered when the venue turns out to give fewer.
    anchor : int or None
        A bar open known to lie on the venue's grid, ms UTC.
    ahead_ms : int
        By how much our clock is ahead of the venue's; 0 where the venue does not tell the time.

    Raises
    ------
    UnknownNameError
        If the venue does not list the symbol or does not offer the timeframe.
    """

    def __init__(self, exchange: Exchange, symbol: str, timeframe: str, clock: Clock, attempts: int = ATTEMPTS) -> None:
        self._exchange = exchange
        self._clock = clock
        self._requests = VenueRequests(exchange.id, clock, attempts)
        self.symbol = symbol
        self.timeframe = canonical(timeframe)
        self.length_ms = parse_timeframe(timeframe)
        self.anchor: int | None = None
        if not getattr(exchange, "has", {}).get("fetchOHLCV", True):
            raise UnknownNameError(f"{exchange.id} offers no candles; choose another venue")
        if self.timeframe not in exchange.timeframes:
            offered = ", ".join(exchange.timeframes)
            raise UnknownNameError(f"{exchange.id} offers the timeframes {offered}; was {self.timeframe}")
        markets = self._requests.answer("its markets", lambda: _some(exchange.load_markets()))
        if symbol not in markets:
            raise UnknownNameError(f"{exchange.id} does not list {symbol}{_nearest_symbol(symbol, markets)}")
        feature = getattr(exchange, "feature_value", None)
        allowed = feature(symbol, "fetchOHLCV", "limit", None) if feature else None
        self.limit = int(allowed or USUAL_PAGE)
        self.honours_until = _reads_until(exchange)
        self.ahead_ms = 0
        self.synchronise()

    @property
    def venue_id(self) -> str:
        """The id by which ccxt knows the venue."""
        return self._exchange.id

    def now(self) -> int:
        """Return the time in ms UTC by our clock or the venue's, whichever is behind: no open candle seems closed."""
        return self._clock.now_ms() - max(0, self.ahead_ms)

    def ask(self, since: int, until: int | None) -> Page:
        """Return one page of closed candles that open at `since` or later.

        Parameters
        ----------
        since : int
            ms UTC.
        until : int, optional
            ms UTC, excluded; a venue that does not know such an end may answer candles beyond it.

        Returns
        -------
        Page
            Possibly none.
        """
        params = {"until": until - 1} if until is not None and self.honours_until else {}

        def once() -> Page:
            rows = self._exchange.fetch_ohlcv(self.symbol, self.timeframe, since, self.limit, params)
            if not rows:
                self._check_readable()
            now = self.now()
            latest = now + abs(self.ahead_ms) + self.length_ms
            return checked_page(rows, Expectation(self.timeframe, since, now, latest, self.anchor, self.limit))

        page = self._requests.answer(f"{self.symbol} {self.timeframe}", once)
        if len(page) and self.anchor is None:
            self.anchor = page.first
        return page

    def _check_readable(self) -> None:
        """Refuse an empty answer that ccxt made of HTML, of half a message or of nothing at all."""
        text = getattr(self._exchange, "last_http_response", None)
        if isinstance(text, str):
            try:
                json.loads(text)
            except ValueError:
                raise BrokenPageError(f"an answer must be JSON, was {text[:80]!r}") from None

    def synchronise(self) -> None:
        """Compare our clock with the venue's again, where the venue tells the time."""
        if getattr(self._exchange, "has", {}).get("fetchTime"):
            told = self._requests.answer("its time", self._exchange.fetch_time)  # type: ignore[attr-defined]
            self.ahead_ms = self._clock.now_ms() - int(told) if told else 0


def _some(markets: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the markets of a venue; an outage that is answered with none is no list of markets."""
    if not markets:
        raise BrokenPageError("a venue must list at least one market, it listed none")
    return markets


def _reads_until(exchange: Exchange) -> bool:
    """Return whether the venue's `fetch_ohlcv` knows ccxt's unified parameter "until"."""
    # ccxt has no flag for it, so its code is asked: it names the parameter itself or leaves it to handle_until_option.
    code = getattr(exchange.fetch_ohlcv, "__code__", None)
    return code is not None and ("until" in code.co_consts or "handle_until_option" in code.co_names)


def _nearest_symbol(symbol: str, markets: Iterable[str]) -> str:
    plain = {_letters(listed): listed for listed in sorted(markets, reverse=True)}
    alike = plain.get(_letters(symbol))
    return f"; did you mean {alike}?" if alike else _nearest(symbol, list(plain.values()))


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else "; check the name"


def _letters(symbol: str) -> str:
    return "".join(letter for letter in symbol.partition(":")[0].upper() if letter.isalnum())
