"""Markets without any edge: the bars of a real market, each turned upside down or not by the toss of a coin."""

import math
from typing import NamedTuple

import numpy as np

from market import Candles, synthetic_candles
from market.instants import instant_ms
from market.randomness import Floats, Stream
from market.symbols import simulated_origin
from market.timeframe import YEAR_MS, parse_timeframe

__all__ = ["SYMBOL", "LogBars", "edgeless_candles", "log_bars"]

SYMBOL = "BTC/USDT:USDT"
"""A swap, so that both sides are traded."""

_VERSION = "evoq edge-less market 1"
_START = "2023-01-01"
_PRICE = 40_000.0


class LogBars(NamedTuple):
    """Bars as logarithms of their prices over the close before, and their volumes; each of shape (n_bars,)."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def rows(self, rows: np.ndarray) -> "LogBars":
        """Return the bars of those rows."""
        return LogBars(*(column[rows] for column in self))

    def scaled(self, factor: float) -> "LogBars":
        """Return bars that move that many times as far, with the same volumes."""
        return LogBars(*(column * factor for column in self[:4]), self.volume)

    def reflected(self, sign: Floats) -> "LogBars":
        """Return the bars, upside down where the sign is -1: high and low change places there."""
        up = sign > 0.0
        high, low = np.where(up, self.high, -self.low), np.where(up, self.low, -self.high)
        return LogBars(sign * self.open, high, low, sign * self.close, self.volume)


def edgeless_candles(
    source: Candles | None, seed: int, bars: int, timeframe: str = "1h", *, volatility: float | None = None
) -> Candles:
    """Return candles on which nothing can be earned but by luck, with the volatility clustering of real ones.

    Each bar of a window of the source, as it moved from the close before, is reflected or not by a fair coin. Sizes of
    moves, shapes of bars, volumes, quiet nights and storms stay as they were; where it goes next is unknowable.

    Parameters
    ----------
    source : Candles or None
        Where the bars are from; None takes those of a synthetic market, whose volatility is clustered too.
    seed : int
        Chooses the window and tosses the coins; not negative.
    bars : int
        How many, at least 1. Where the source has fewer, it is gone through again from its beginning, with new coins.
    timeframe : str
        That of the source.
    volatility : float, optional
        Annual volatility the source as a whole is scaled to, 0.6 for 60 %; its own unless given.

    Returns
    -------
    Candles
        With origin "simulated:SEED", a swap, without gaps.

    Raises
    ------
    ValueError
        If the source has another timeframe or fewer than two bars, or a number is out of bounds.

    Notes
    -----
    Given all sizes of moves, open and close of the next bar are expected at the last close *exactly*: a move of log
    size c is divided by ``cosh(c)``, the mean of ``exp(c)`` and ``exp(-c)``. So prices are a martingale under what any
    strategy can know when it decides, its knowledge of volatility included, and every fill at an open is fair. A mean
    in the source plays no part: the coins take it away.
    """
    if seed < 0:
        raise ValueError(f"seed must not be negative, was {seed}")
    if bars < 1:
        raise ValueError(f"bars must be at least 1, was {bars}")
    if volatility is not None and not 0.0 < volatility < 10.0:
        raise ValueError(f"volatility must be in (0, 10) a year, was {volatility}; 0.6 is 60 %")
    if source is None:
        source = synthetic_candles(symbol=SYMBOL, timeframe=timeframe, bars=bars + 1, seed=seed)
    if source.timeframe != timeframe:
        raise ValueError(f"the source must have the timeframe {timeframe}, had {source.timeframe}")
    moves = log_bars(source)
    if volatility is not None:
        moves = moves.scaled(volatility / _annual_volatility(moves, timeframe))
    choose, toss = (Stream(_VERSION, seed, timeframe, purpose) for purpose in ("window", "sign"))
    room = len(moves.close) - bars
    first = int(choose.uniforms(1)[0] * (room + 1 if room >= 0 else len(moves.close)))
    moves = moves.rows((first + np.arange(bars)) % len(moves.close))
    sign = np.where(toss.uniforms(bars) < 0.5, -1.0, 1.0)
    return _candles(moves.reflected(sign), seed, timeframe)


def log_bars(candles: Candles) -> LogBars:
    """Return what each bar did, as logarithms relative to the close before it.

    Parameters
    ----------
    candles : Candles
        At least two bars.

    Returns
    -------
    LogBars
        The first bar, and those after a gap, have no close before them and are left out.

    Raises
    ------
    ValueError
        If no bar is left.
    """
    rows = 1 + np.flatnonzero(np.diff(candles.timestamp) == candles.timeframe_ms)
    if not rows.size:
        raise ValueError(f"the source must have two bars in a row, had {len(candles)} bars; choose a longer one")
    before = candles.close[rows - 1]
    prices = (candles.open, candles.high, candles.low, candles.close)
    return LogBars(*(np.log(column[rows] / before) for column in prices), candles.volume[rows])


def _annual_volatility(moves: LogBars, timeframe: str) -> float:
    volatility = math.sqrt(float(np.mean(moves.close**2)) * YEAR_MS / parse_timeframe(timeframe))
    if volatility == 0.0:
        raise ValueError("the source must have prices that move; choose another one")
    return volatility


def _candles(moves: LogBars, seed: int, timeframe: str) -> Candles:
    close = _PRICE * np.cumprod(np.exp(moves.close) / np.cosh(moves.close))
    before = np.concatenate(([_PRICE], close[:-1]))
    open_ = before * np.exp(moves.open) / np.cosh(moves.open)
    high, low = (before * np.exp(column) / np.cosh(moves.close) for column in (moves.high, moves.low))
    length = parse_timeframe(timeframe)
    return Candles(
        timestamp=instant_ms(_START) + length * np.arange(len(close), dtype=np.int64),
        open=open_,
        high=np.maximum(high, np.maximum(open_, close)),
        low=np.minimum(low, np.minimum(open_, close)),
        close=close,
        volume=moves.volume,
        symbol=SYMBOL,
        timeframe=timeframe,
        venue=f"simulated-{seed}",
        market_type="swap",
        origin=simulated_origin(seed),
    )
