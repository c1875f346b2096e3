"""How strong a planted edge must be: the best of a few known strategies on a long sample, and bisection."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from campaigns.edgeless import edgeless_candles
from campaigns.planted import CALIBRATED_TIMEFRAME, KINDS, VOLATILITY, displaced, unit_component

from backtest import run_many
from market import Candles
from market.timeframe import YEAR_MS, parse_timeframe
from strategies import StrategySpec

__all__ = ["Sample", "best_harvester", "calibrated_strength", "harvesters", "measured", "sharpe_ratios"]

_LOWEST, _HIGHEST = 0.05, 2.0


@dataclass(frozen=True)
class Sample:
    """Which markets an edge is measured on.

    Attributes
    ----------
    seeds : tuple of int
        One market each.
    years : float
        Length of each.
    source : Candles or None
        Where the edge-less bars are from; None takes synthetic markets.
    """

    seeds: tuple[int, ...]
    years: float
    source: Candles | None = None

    def markets(self, kind: str, strength: float) -> Iterator[Candles]:
        """Yield the markets, with an edge of that kind and strength."""
        for seed in self.seeds:
            edgeless, component = _parts(kind, seed, self.years, self.source)
            yield displaced(edgeless, strength * component)


@cache
def harvesters(kind: str) -> tuple[StrategySpec, ...]:
    """Return the strategies that can harvest an edge on hourly candles: a coarse grid, without stops.

    Parameters
    ----------
    kind : {"trend", "reversion"}
        What is planted.

    Returns
    -------
    tuple of StrategySpec
        Momentum, trend following and breakouts, or mean reversion.
    """
    hours = (12, 18, 24, 36, 48, 72, 96, 144, 192)
    grids = {
        "trend": (
            ("momentum", "threshold", (0.001, 0.01, 0.02, 0.03, 0.05)),
            ("trend_following", "trend_threshold", (0.003, 0.01, 0.02, 0.03, 0.05, 0.1)),
            ("breakout", "breakout_threshold", (0.0, 0.002, 0.005, 0.01)),
        ),
        "reversion": (("mean_reversion", "std_multiplier", (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)),),
    }
    return tuple(
        StrategySpec(strategy_type, {"lookback_period": lookback, name: value})
        for strategy_type, name, values in grids[kind]
        for lookback, value in product(hours, values)
    )


def sharpe_ratios(kind: str, strength: float, sample: Sample) -> np.ndarray:
    """Return the annual net Sharpe ratio of every harvester on every market.

    Parameters
    ----------
    kind : {"trend", "reversion"}
        What is planted.
    strength : float
        How much of it.
    sample : Sample
        Where it is measured.

    Returns
    -------
    ndarray of float64, shape (n_markets, n_harvesters)
        NaN for one that never traded.
    """
    family = harvesters(kind)
    return np.array([run_many(family, market)["sharpe"] for market in sample.markets(kind, strength)])


def best_harvester(kind: str, strength: float, sample: Sample) -> tuple[StrategySpec, float]:
    """Return the harvester with the highest mean Sharpe ratio over the markets, and that mean.

    Parameters
    ----------
    kind : {"trend", "reversion"}
        What is planted.
    strength : float
        How much of it.
    sample : Sample
        Where it is measured.

    Returns
    -------
    tuple of (StrategySpec, float)
        One strategy for all markets, and its Sharpe ratio.
    """
    means = sharpe_ratios(kind, strength, sample).mean(axis=0)
    best = int(np.nanargmax(means))
    return harvesters(kind)[best], float(means[best])


def calibrated_strength(kind: str, sharpe: float, sample: Sample, steps: int = 9) -> float:
    """Return the strength at which the best harvester has a Sharpe ratio, by bisection.

    Parameters
    ----------
    kind : {"trend", "reversion"}
        What is planted.
    sharpe : float
        Annual net Sharpe ratio wanted.
    sample : Sample
        Long enough that chance plays no part: the standard error is about one over the root of its years.
    steps : int
        Halvings of the interval from 0.05 to 2; nine leave 0.004 of it.

    Returns
    -------
    float
        In daily standard deviations.
    """
    assert kind in KINDS
    low, high = _LOWEST, _HIGHEST
    for _ in range(steps):
        middle = 0.5 * (low + high)
        if best_harvester(kind, middle, sample)[1] < sharpe:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def measured(spec: StrategySpec, kind: str, strength: float, sample: Sample) -> pd.DataFrame:
    """Return the metrics of one strategy on every market.

    Parameters
    ----------
    spec : StrategySpec
        The strategy.
    kind : {"trend", "reversion"}
        What is planted.
    strength : float
        How much of it.
    sample : Sample
        Where it is measured.

    Returns
    -------
    DataFrame
        One row a market, the columns of `backtest.run_many`.
    """
    frames = [run_many([spec], market) for market in sample.markets(kind, strength)]
    return pd.concat(frames, ignore_index=True)


@cache
def _parts(kind: str, seed: int, years: float, source: Candles | None) -> tuple[Candles, np.ndarray]:
    """Return the edge-less market and the component at strength 1, kept: a bisection asks for them again and again."""
    bars = round(years * YEAR_MS / parse_timeframe(CALIBRATED_TIMEFRAME))
    edgeless = edgeless_candles(source, seed, bars, CALIBRATED_TIMEFRAME, volatility=VOLATILITY)
    return edgeless, unit_component(kind, seed, bars, CALIBRATED_TIMEFRAME)
