"""Markets with an edge that is known: an edge-less market, and a component that one kind of strategy can harvest."""

import dataclasses
import math
from types import MappingProxyType

import numpy as np
from campaigns.edgeless import edgeless_candles

from market import Candles
from market.randomness import Floats, Stream, autoregressive
from market.timeframe import YEAR_MS, parse_timeframe

__all__ = [
    "CALIBRATED_TIMEFRAME",
    "KINDS",
    "STRENGTHS",
    "VOLATILITY",
    "displaced",
    "planted_candles",
    "strength_of",
    "unit_component",
]

KINDS = ("trend", "reversion")
VOLATILITY = 0.60
"""Annual volatility the edge-less part is scaled to, so that costs weigh the same on every source."""

SPELL_DAYS = 5.0
"""Mean length of a spell of "trend"; lengths are geometric, so that many last hours, and some weeks."""

MEMORY_DAYS = 0.5
"""Time after which 1/e of the displacement of "reversion" is left."""

CALIBRATED_TIMEFRAME = "1h"
STRENGTHS = MappingProxyType(
    {
        "trend": MappingProxyType({1.0: 0.296, 2.0: 0.398, 3.0: 0.482, 4.0: 0.558}),
        "reversion": MappingProxyType({1.0: 0.315, 2.0: 0.406, 3.0: 0.494, 4.0: 0.589}),
    }
)
"""Strength, in daily standard deviations, at which the best harvester has that annual net Sharpe ratio.

Found by `python benchmarks/calibrate_planted.py` on hourly candles, at the default costs.
"""

_DAY_MS = 86_400_000
_VERSION = "evoq planted edge 1"


def planted_candles(
    kind: str, sharpe: float, years: float, timeframe: str = "1h", seed: int = 0, source: Candles | None = None
) -> Candles:
    """Return candles on which the best of a few known strategies is expected to have a given Sharpe ratio.

    Parameters
    ----------
    kind : {"trend", "reversion"}
        "trend": a hidden drift that changes its side every few days; momentum, trend following and breakouts harvest
        it. "reversion": a displacement from the edge-less price that is always on its way back (an Ornstein-Uhlenbeck
        process); mean reversion harvests it.
    sharpe : float
        Annual Sharpe ratio, net of the default costs, expected of the best strategy of `campaigns.calibration`;
        a sample of a few years shows more or less.
    years : float
        Length, in years of 365 days.
    timeframe : str
        Only "1h" is calibrated.
    seed : int
        Chooses the edge-less market and the edge; not negative.
    source : Candles or None
        Where the edge-less bars are from; None takes a synthetic market.

    Returns
    -------
    Candles
        With origin "simulated:SEED".

    Raises
    ------
    ValueError
        If `kind`, `sharpe` or `timeframe` is not one that was calibrated, or `years` holds no bar.
    """
    strength = strength_of(kind, sharpe)
    if timeframe != CALIBRATED_TIMEFRAME:
        raise ValueError(f"planted edges are calibrated for {CALIBRATED_TIMEFRAME} candles, timeframe was {timeframe}")
    bars = round(years * YEAR_MS / parse_timeframe(timeframe))
    edgeless = edgeless_candles(source, seed, bars, timeframe, volatility=VOLATILITY)
    return displaced(edgeless, strength * unit_component(kind, seed, bars, timeframe))


def strength_of(kind: str, sharpe: float) -> float:
    """Return the strength that gives a Sharpe ratio, between calibrated ones by straight lines.

    Parameters
    ----------
    kind : {"trend", "reversion"}
        What is planted.
    sharpe : float
        Annual net Sharpe ratio.

    Returns
    -------
    float
        In daily standard deviations of the edge-less market.

    Raises
    ------
    ValueError
        If `kind` is unknown, or `sharpe` beyond what was calibrated.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, was {kind!r}")
    known = STRENGTHS[kind]
    if not min(known) <= sharpe <= max(known):
        raise ValueError(f"sharpe must be in [{min(known):g}, {max(known):g}], was {sharpe}; calibrate others first")
    return float(np.interp(sharpe, list(known), list(known.values())))


def unit_component(kind: str, seed: int, bars: int, timeframe: str) -> Floats:
    """Return what is added to the log price at strength 1.

    Parameters
    ----------
    kind : {"trend", "reversion"}
        What is planted.
    seed : int
        Of the random numbers.
    bars : int
        How many.
    timeframe : str
        Of the candles.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Component of the log close. Its drift ("trend"), or its standard deviation ("reversion"), is one daily standard
        deviation of a market of the volatility `VOLATILITY`.
    """
    days = parse_timeframe(timeframe) / _DAY_MS
    daily = VOLATILITY / math.sqrt(365.0)
    if kind == "trend":
        ended = Stream(_VERSION, kind, seed).uniforms(bars) < days / SPELL_DAYS
        first = Stream(_VERSION, kind, seed, "first side").uniforms(1) < 0.5
        side = np.where((first + np.cumsum(ended)) % 2, -1.0, 1.0)
        return np.cumsum(side) * days * daily
    return autoregressive(Stream(_VERSION, kind, seed).normals(bars), MEMORY_DAYS / days) * daily


def displaced(candles: Candles, component: Floats) -> Candles:
    """Return candles whose log price has a component added.

    Parameters
    ----------
    candles : Candles
        The market without it.
    component : ndarray of float64, shape (n_bars,)
        What is added to each log close. A bar opens with the component of the close before it: what it changes by
        belongs to the bar, not to the gap before it.

    Returns
    -------
    Candles
        With the same labels.
    """
    before = np.exp(np.concatenate((component[:1], component[:-1])))
    open_, close = candles.open * before, candles.close * np.exp(component)
    return dataclasses.replace(
        candles,
        open=open_,
        high=np.maximum(candles.high * before, np.maximum(open_, close)),
        low=np.minimum(candles.low * before, np.minimum(open_, close)),
        close=close,
    )
