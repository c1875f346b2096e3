"""The feed: new candles arrive while the desk runs, from one origin.

::

    SimulatedSource ──┐                      ┌──> CandleStore (the tail of each file) ──> evolution, FeedReader
                      ├── FeedSource ──> Feed├──> Bus (tickers, which expire)         ──> FeedReader
    VenueSource ──────┘                      └──> heartbeat (system status)

`python -m cluster.feed` runs it. Closed candles only; what a venue sends late, twice, corrected or not at all is told
apart and logged. The store may be read at any time, also after `kill -9`.
"""

from cluster.feed.coverage import Coverage
from cluster.feed.feed import Feed
from cluster.feed.feed_market import FeedMarket
from cluster.feed.reader import CandleSeries, FeedReader
from cluster.feed.settings import FeedSettings, candle_folder

__all__ = ["CandleSeries", "Coverage", "Feed", "FeedMarket", "FeedReader", "FeedSettings", "candle_folder"]
