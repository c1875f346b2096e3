"""A market that does not exist and never ends: candle k is a function of the seed, whoever asks, whenever.

A synthetic market is generated from its first bar on, so the longer it runs, the dearer its next bar becomes. This one
is a chain of blocks, each a synthetic market of its own whose first price is the last close of the block before. Making
a candle costs one block, however long the market has been running. Its time starts in the year 2000, when none of its
symbols existed: nobody can take its prices for real ones.
"""

import hashlib
import json
import operator

import numpy as np

from market.candles import Candles
from market.errors import MarketError
from market.instants import instant_ms
from market.planted_edge import PlantedEdge
from market.symbols import simulated_origin
from market.synthetic import SyntheticMarket, synthetic_market
from market.timeframe import canonical, floor_time, parse_timeframe
from market.validation import COLUMNS

FIRST_DAY = "2000-01-01"
"""When every endless market begins."""

BLOCK_BARS = 32_768
"""Bars of a block; another number makes another market."""

ENDLESS_VENUE = "simulated"
"""Venue of its candles."""

_VERSION = "evoq endless market 1"
_KEPT_BLOCKS = 2


class EndlessMarket:
    """One symbol of the endless market of a seed.

    Symbols of one seed share regimes and most shocks; each has a planted edge of its own, which comes and goes.

    Parameters
    ----------
    symbol : str
        Unified symbol.
    timeframe : str
        A known timeframe; each is a market of its own.
    seed : int
        Not negative; becomes part of the origin.
    edge : PlantedEdge, optional
        What can be found in it; None for the usual one.

    Raises
    ------
    MarketError
        If an argument is out of range.
    """

    def __init__(self, symbol: str, timeframe: str, seed: int, edge: PlantedEdge | None = None) -> None:
        self.symbol = symbol
        self.timeframe = canonical(timeframe)
        self.length_ms = parse_timeframe(timeframe)
        self.seed = operator.index(seed)
        if self.seed < 0:
            raise MarketError(f"seed must not be negative, was {seed}")
        self.edge = PlantedEdge() if edge is None else edge
        self.start_ms = floor_time(instant_ms(FIRST_DAY) + self.length_ms - 1, self.timeframe)
        self._openings: dict[int, float | None] = {0: None}
        self._blocks: dict[int, SyntheticMarket] = {}
        self._block(0)

    @property
    def origin(self) -> str:
        """What its candles say they are: "simulated:SEED"."""
        return simulated_origin(self.seed)

    def closed_at(self, time_ms: int) -> int:
        """Return how many of its candles are closed at a time of its own, ms UTC."""
        return max(0, (time_ms - self.start_ms) // self.length_ms)

    def candles(self, first: int, stop: int) -> Candles:
        """Return candles by number.

        Parameters
        ----------
        first, stop : int
            From `first`, 0 being the oldest, up to `stop`, excluded.

        Returns
        -------
        Candles
            Closed or not, as they will have been.

        Raises
        ------
        MarketError
            If there is none.
        """
        if not 0 <= first < stop:
            raise MarketError(f"candles must be asked for from 0 on, at least one, was {first} to {stop}")
        found = []
        for block in range(first // BLOCK_BARS, (stop - 1) // BLOCK_BARS + 1):
            start = block * BLOCK_BARS
            found.append(self._block(block).candles[max(0, first - start) : stop - start])
        if len(found) == 1:
            return found[0]
        return Candles(
            timestamp=np.concatenate([part.timestamp for part in found]),
            **{name: np.concatenate([getattr(part, name) for part in found]) for name in COLUMNS},
            symbol=self.symbol,
            timeframe=self.timeframe,
            venue=found[0].venue,
            market_type=found[0].market_type,
            origin=self.origin,
        )

    def has_edge(self, number: int) -> bool:
        """Return whether the planted edge is there in a candle; strategies do not see it."""
        return bool(self._block(number // BLOCK_BARS).has_edge[number % BLOCK_BARS])

    def recall(self, candles: Candles) -> None:
        """Learn first prices of blocks from candles that were made before, so that they need not be made again.

        Parameters
        ----------
        candles : Candles
            Of this market.
        """
        numbers = (candles.timestamp - self.start_ms) // self.length_ms
        for row in np.flatnonzero((numbers + 1) % BLOCK_BARS == 0).tolist():
            self._openings[int(numbers[row] + 1) // BLOCK_BARS] = float(candles.close[row])

    def _block(self, number: int) -> SyntheticMarket:
        if number not in self._blocks:
            known = max(block for block in self._openings if block <= number)
            for block in range(known, number + 1):
                made = self._made(block)
                self._openings.setdefault(block + 1, float(made.candles.close[-1]))
                self._blocks[block] = made
                while len(self._blocks) > _KEPT_BLOCKS:
                    del self._blocks[next(iter(self._blocks))]
        return self._blocks[number]

    def _made(self, block: int) -> SyntheticMarket:
        key = json.dumps([_VERSION, self.seed, block]).encode()
        made = synthetic_market(
            symbol=self.symbol,
            timeframe=self.timeframe,
            bars=BLOCK_BARS,
            seed=int.from_bytes(hashlib.sha256(key).digest()[:8], "big"),
            start=self.start_ms + block * BLOCK_BARS * self.length_ms,
            venue=ENDLESS_VENUE,
            price=self._openings[block],
            edge=self.edge,
        )
        candles = made.candles
        labelled = Candles(
            timestamp=candles.timestamp,
            **{name: getattr(candles, name) for name in COLUMNS},
            symbol=candles.symbol,
            timeframe=candles.timeframe,
            venue=candles.venue,
            market_type=candles.market_type,
            origin=self.origin,
        )
        return SyntheticMarket(labelled, made.regime, made.has_edge)
