"""Downloading candles from any venue that ccxt knows into a store: paged, resumable, and sceptical.

Venues differ in which end of a range a short answer is cut at, cap pages below what they promise, and answer an outage
with an empty list. So a stretch without candles is believed only when the venue is asked for exactly that stretch
twice, shows candles beyond it in between, and has none both times.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from market.candles import Candles
from market.clock import Clock, SystemClock
from market.errors import BrokenPageError, MarketError, NoCandlesError, VenueRefusedError
from market.instants import Instant, instant_ms, iso
from market.pages import Page
from market.spans import Span, without
from market.store import CandleStore
from market.symbols import market_type_of, real_origin, unified_symbol
from market.timeframe import KNOWN, canonical
from market.validation import COLUMNS
from market.venues import SMALLEST_PAGE, CandleSource, Exchange, open_exchange

PAGES_PER_WRITE = 20
"""Pages kept in memory before they are stored; an interruption stores what is there."""

MOST_EMPTY_PAGES = 5_000
"""Pages without a candle, in a row, after which a search is given up."""

MOST_PASSES = 60
"""How often a stretch is asked for anew before the venue's answers to it count as broken."""


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far a download is.

    Attributes
    ----------
    done, total : int
        Bars' worth of time that has been asked for, and that is to be asked for.
    bars : int
        Candles received.
    at : int
        The time up to which the history is complete, ms UTC.
    """

    done: int
    total: int
    bars: int
    at: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span of time and every candle in it."""

    span: Span
    page: Page


def fetch_candles(
    venue: str,
    symbol: str,
    timeframe: str,
    *,
    since: Instant,
    until: Instant | None = None,
    store: CandleStore,
    exchange: Exchange | None = None,
    clock: Clock | None = None,
    progress: Callable[[FetchProgress], None] | None = None,
    origin: str | None = None,
    refresh: bool = False,
) -> Candles:
    """Download candles into a store and return them; what the store has been asked for before is not asked again.

    Parameters
    ----------
    venue : str
        ccxt's id, such as "binance".
    symbol : str
        Unified symbol.
    timeframe : str
        A known timeframe that the venue offers.
    since : int, str or datetime
        From when on.
    until : int, str or datetime, optional
        Up to when, excluded; by default now. A candle that is still open is never stored.
    store : CandleStore
        Where they go, some pages at a time: an interruption loses nothing that was received.
    exchange : Exchange, optional
        By default ccxt's client of `venue`, without keys.
    clock : Clock, optional
        By default the machine's.
    progress : callable, optional
        Called after every page.
    origin : str, optional
        By default "real:VENUE"; prices of a simulator that speaks the venue's dialect need "simulated:SEED".
    refresh : bool
        Ask for everything again and correct what is stored.

    Returns
    -------
    Candles
        Everything stored from `since` to `until`; `NoCandlesError` where that is nothing.

    Raises
    ------
    MarketError
        If `since` is not before `until` and now.
    """
    clock = SystemClock() if clock is None else clock
    symbol, timeframe = unified_symbol(symbol, venue), canonical(timeframe)
    origin = real_origin(venue) if origin is None else origin
    now = clock.now_ms()
    start, end = instant_ms(since), now if until is None else instant_ms(until)
    if not start < min(end, now):
        raise MarketError(f"since must be before until and before now, was {iso(start)}; until was {iso(end)}")
    known = store.asked(venue, symbol, timeframe, origin)
    anchor = int(store.read(venue, symbol, timeframe, origin).timestamp[0]) if known else None
    missing = tuple(
        span
        for span in without((start, min(end, now)), () if refresh else known)
        if _may_hold_closed(span, anchor, KNOWN[timeframe], now)
    )
    if missing:
        client = open_exchange(venue) if exchange is None else exchange
        source = CandleSource(client, symbol, timeframe, clock)
        source.anchor = anchor
        writer = _Writer(store, venue, origin, source, progress, missing)
        for span in _reaching_stored(missing, min(end, now), source.length_ms):
            writer.save(stretches(source, span))
    return _stored(store, venue, symbol, timeframe, origin, (start, end))


def stretches(source: CandleSource, span: Span) -> Iterator[Stretch]:
    """Walk through a span of history.

    Parameters
    ----------
    source : CandleSource
        Where the candles come from.
    span : (int, int)
        ms UTC, end excluded.

    Yields
    ------
    Stretch
        One after the other without a break, so that a bar missing inside does not exist at the venue. The last one ends
        with the last candle: what follows is not known yet.

    Raises
    ------
    BrokenPageError
        If the venue keeps changing its answer.
    VenueRefusedError
        If it answers nothing for too long.
    """
    cursor, end = span
    clear = once = cursor  # nothing was found from cursor to clear in two passes, from clear to once in one
    scan = hole_end = cursor  # a pass asks from clear on; the last one found a candle at hole_end
    empty = passes = found = 0
    while scan < end:
        bound = hole_end if scan < hole_end else end
        window_end = min(scan + source.limit * source.length_ms, bound)
        answer = source.ask(scan, window_end)
        page = answer.before(bound)
        if not len(page):
            empty += 1
            if empty > MOST_EMPTY_PAGES:
                raise VenueRefusedError(
                    f"{source.venue_id} has no {source.symbol} from {iso(cursor)} to {iso(scan)}; choose a later start"
                )
            scan = _next_candle(source, answer, scan, window_end, bound) if empty == 1 else window_end
            continue
        if scan < hole_end:  # so the page before had left out candles: it was cut at its start, to a size of its own
            source.limit = min(source.limit, max(SMALLEST_PAGE, found))
        clear, once = min(once, scan), max(once, scan)
        empty, found = 0, len(page)
        if page.first - clear >= source.length_ms:
            passes += 1
            if passes > MOST_PASSES:
                raise BrokenPageError(
                    f"{source.venue_id} keeps changing its answer for {source.symbol} from {iso(cursor)}; try later"
                )
            hole_end, scan = page.first, clear
            continue
        after = page.last + source.length_ms
        yield Stretch((cursor, after), page)
        cursor = clear = once = scan = hole_end = after
        passes = 0


def _next_candle(source: CandleSource, answer: Page, scan: int, window_end: int, bound: int) -> int:
    """Return a time up to `bound` before which, from `scan` on, there is no candle."""
    if window_end >= bound:
        return bound
    probe = source.ask(scan, None) if source.honours_until else answer
    # Without an end, a full page is either the oldest candles from `scan` on, and then nothing lies before it, or the
    # newest ones. It is the oldest where it stops short of now and there are candles after it.
    if len(probe) and probe.full and probe.last < source.now() - 3 * source.length_ms:
        following = source.ask(probe.last + source.length_ms, None)
        if len(following):
            return min(max(window_end, probe.first), bound)
    return window_end


def _may_hold_closed(span: Span, anchor: int | None, length_ms: int, now: int) -> bool:
    """Return whether a bar that is closed by now can open in a span."""
    start, stop = span
    first = start if anchor is None else start + (anchor - start) % length_ms
    return first < stop and first + length_ms <= now


def _reaching_stored(missing: tuple[Span, ...], end: int, length_ms: int) -> tuple[Span, ...]:
    """Return spans that reach one bar into what is stored after them, so that a hole before it can be confirmed."""
    return tuple((start, stop if stop == end else stop + length_ms) for start, stop in missing)


class _Writer:
    """Collects stretches and stores them some pages at a time."""

    def __init__(
        self,
        store: CandleStore,
        venue: str,
        origin: str,
        source: CandleSource,
        progress: Callable[[FetchProgress], None] | None,
        missing: tuple[Span, ...],
    ) -> None:
        self._store, self._venue, self._origin, self._source = store, venue, origin, source
        self._progress = progress
        self._total = sum(stop - start for start, stop in missing) // source.length_ms
        self._done = self._bars = 0
        self._held: list[Stretch] = []

    def save(self, history: Iterator[Stretch]) -> None:
        """Store a history; whatever interrupts it, what was received is stored first."""
        try:
            for stretch in history:
                self._held.append(stretch)
                self._report(stretch)
                if len(self._held) >= PAGES_PER_WRITE:
                    self._flush()
        finally:
            self._flush()

    def _report(self, stretch: Stretch) -> None:
        start, stop = stretch.span
        self._done = min(self._total, self._done + (stop - start) // self._source.length_ms)
        self._bars += len(stretch.page)
        if self._progress is not None:
            self._progress(FetchProgress(self._done, self._total, self._bars, stop))

    def _flush(self) -> None:
        held, self._held = self._held, []
        if not held:
            return
        values = np.concatenate([stretch.page.values for stretch in held])
        candles = Candles(
            timestamp=np.concatenate([stretch.page.timestamp for stretch in held]),
            **dict(zip(COLUMNS, values.T, strict=True)),
            symbol=self._source.symbol,
            timeframe=self._source.timeframe,
            venue=self._venue,
            market_type=market_type_of(self._source.symbol, self._venue),
            origin=self._origin,
        )
        self._store.add(candles, asked=[stretch.span for stretch in held])


def _stored(store: CandleStore, venue: str, symbol: str, timeframe: str, origin: str, span: Span) -> Candles:
    start, end = span
    if store.asked(venue, symbol, timeframe, origin):
        candles = store.read(venue, symbol, timeframe, origin)
        first, after = np.searchsorted(candles.timestamp, [start, end]).tolist()
        if first < after:
            return candles[first:after]
    raise NoCandlesError(
        f"{venue} has no closed {KNOWN[timeframe] // 1000} s candle of {symbol} from {iso(start)} to {iso(end)}; "
        "choose a range in which the market existed"
    )
