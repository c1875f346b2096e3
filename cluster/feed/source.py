"""Where candles come from: the small protocol that a simulated market and a venue share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cluster.feed.feed_market import FeedMarket
from market import Candles, Ticker
from market.spans import Span

__all__ = ["Arrival", "FeedSource"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """Closed candles that have come in: new ones, and some that were there before.

    Attributes
    ----------
    market : FeedMarket
        Whose.
    candles : Candles
        One or more.
    asked : tuple of (int, int)
        Spans that are now complete, ms UTC, end excluded: a bar missing there does not exist.
    """

    market: FeedMarket
    candles: Candles
    asked: tuple[Span, ...]


class FeedSource(Protocol):
    """Something that candles come from, asked again and again."""

    @property
    def markets(self) -> Sequence[FeedMarket]:
        """The markets it knows."""
        ...

    def begin(self, stored: Mapping[FeedMarket, Candles]) -> None:
        """Start, or start over, behind what is stored; a market that is not in `stored` has nothing yet."""
        ...

    def poll(self) -> Iterable[Arrival | Ticker]:
        """Do one small thing that is due, such as one request, and return what came of it."""
        ...

    def wait_s(self) -> float:
        """Return how many seconds of ours it will be until something is due."""
        ...

    def report(self) -> Mapping[str, Any]:
        """Return how it is, as JSON values, with at least state, market_ms, speed, skew_ms and latency_ms."""
        ...
