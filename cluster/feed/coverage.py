"""Coverage: which candles of a market are there, and which are missing."""

from dataclasses import dataclass

from cluster.feed.feed_market import FeedMarket
from market import Candles
from market.candles import Gap

__all__ = ["Coverage", "coverage_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is there of a market.

    Attributes
    ----------
    market : FeedMarket
        The market.
    first_time, last_time : int
        Opens of the first and the last candle, ms UTC.
    n_candles : int
        Candles present.
    n_gaps, n_missing : int
        Runs of missing candles between them, and how many candles these lack together.
    gaps : tuple of Gap
        The latest of these runs, oldest first.
    age_s : float
        Seconds since the newest candle was stored.
    """

    market: FeedMarket
    first_time: int
    last_time: int
    n_candles: int
    n_gaps: int
    n_missing: int
    gaps: tuple[Gap, ...]
    age_s: float


def coverage_of(market: FeedMarket, candles: Candles, age_s: float, most_gaps: int) -> Coverage:
    """Return what is there of a market.

    Parameters
    ----------
    market : FeedMarket
        The market.
    candles : Candles
        Its candles.
    age_s : float
        Seconds since the newest one was stored.
    most_gaps : int
        How many gaps to tell of, at most.

    Returns
    -------
    Coverage
        All gaps are counted, the latest are told.
    """
    gaps = candles.gaps
    return Coverage(
        market=market,
        first_time=int(candles.timestamp[0]),
        last_time=int(candles.timestamp[-1]),
        n_candles=len(candles),
        n_gaps=len(gaps),
        n_missing=sum(gap.bars for gap in gaps),
        gaps=gaps[-most_gaps:],
        age_s=age_s,
    )
