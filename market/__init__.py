"""Prices: candles as they were published or simulated, checked so strictly that everything after may trust them.

The noun is `Candles`: immutable columns of one symbol at one venue in one timeframe, with the origin that says whether
anybody ever traded at these prices. Files are read with `read_candles`. Everything raised on purpose is a
`MarketError`, drawn as a tree in `market.errors`.
"""

from market.candles import Candles, Gap
from market.clock import Clock, ManualClock, ScaledClock, SystemClock
from market.download import FetchProgress, fetch_candles
from market.endless import EndlessMarket
from market.errors import MarketError
from market.growing import GrowingFile
from market.planted_edge import PlantedEdge
from market.reading import read_candles
from market.store import CandleStore, StoredCandles
from market.synthetic import SyntheticMarket, synthetic_candles, synthetic_market
from market.ticker import Ticker

__all__ = [
    "CandleStore",
    "Candles",
    "Clock",
    "EndlessMarket",
    "FetchProgress",
    "Gap",
    "GrowingFile",
    "ManualClock",
    "MarketError",
    "PlantedEdge",
    "ScaledClock",
    "StoredCandles",
    "SyntheticMarket",
    "SystemClock",
    "Ticker",
    "fetch_candles",
    "read_candles",
    "synthetic_candles",
    "synthetic_market",
]
