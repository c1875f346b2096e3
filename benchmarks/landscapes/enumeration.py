"""Enumeration: scores every grid point of a strategy type on a window of candles, once."""

import hashlib
import itertools
import json
import os
from functools import cache as remembered
from pathlib import Path

import numpy as np
from landscapes.axis import Axis
from landscapes.landscape import Landscape
from landscapes.market_windows import SETS, MarketWindow, read_window

import backtest
import strategies
from market import Candles

__all__ = ["axes_of", "default_cache", "enumerate_landscape", "landscapes_of"]

_SOURCES = ("strategies", "backtest")


def default_cache() -> Path:
    """Return the folder of enumerated landscapes, in the user's cache.

    Returns
    -------
    Path
        It need not exist.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evoq" / "landscapes"


def axes_of(strategy_type: str, points: tuple[int, int]) -> tuple[Axis, ...]:
    """Return the grid of a strategy type.

    Parameters
    ----------
    strategy_type : str
        Name of the type.
    points : tuple of (int, int)
        Values of a parameter, and of a stop ("off" included).

    Returns
    -------
    tuple of Axis
        One a searched parameter, over the range that evolution searches.
    """
    return tuple(
        Axis.of(
            parameter.name,
            parameter.search_low,
            parameter.search_high,
            points[parameter.off],
            integer=parameter.integer,
            log=parameter.log,
            off=parameter.off,
        )
        for parameter in strategies.get(strategy_type).parameters
        if parameter.name != "quantity"
    )


def enumerate_landscape(
    window: MarketWindow, candles: Path, cache: Path | None, points: tuple[int, int] = (24, 13)
) -> Landscape:
    """Return the landscape of a window, from the cache if it is there.

    Parameters
    ----------
    window : MarketWindow
        Strategy type, market and bars.
    candles : Path
        Folder of candle files.
    cache : Path or None
        Folder of scored grids; None keeps none. The key covers candles, grid, costs and the sources of the score.
    points : tuple of (int, int)
        Values of a parameter, and of a stop.

    Returns
    -------
    Landscape
        Every grid point scored with its SCS, the default costs included.
    """
    bars = read_window(window, candles)
    axes = axes_of(window.strategy_type, points)
    name = (
        f"{window.strategy_type} on {bars.venue} {bars.symbol} {bars.timeframe}, {len(bars):,} bars to {window.end:g}"
    )
    path = None if cache is None else cache / f"{_key(window.strategy_type, bars, axes)}.npy"
    if path is not None and path.exists():
        return Landscape(name, axes, np.load(path))
    scores = _scored(window.strategy_type, bars, axes)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part.npy")
        np.save(part, scores)
        part.replace(path)
    return Landscape(name, axes, scores)


@remembered
def landscapes_of(
    kind: str, candles: Path, cache: Path | None, points: tuple[int, int], count: int
) -> tuple[Landscape, ...]:
    """Return the landscapes of a set.

    Parameters
    ----------
    kind : str
        Name of the set.
    candles : Path
        Folder of candle files.
    cache : Path or None
        Folder of scored grids; None keeps none.
    points : tuple of (int, int)
        Values of a parameter, and of a stop.
    count : int
        How many windows of the set.

    Returns
    -------
    tuple of Landscape
        One without a hill (a coarse grid on which nothing earns) has no optimum, and is left out.
    """
    found = (enumerate_landscape(window, candles, cache, points) for window in SETS[kind][:count])
    return tuple(landscape for landscape in found if landscape.optimum > landscape.middle)


def _scored(strategy_type: str, candles: Candles, axes: tuple[Axis, ...]) -> np.ndarray:
    prepared = backtest.prepare(candles)
    names = [axis.name for axis in axes]
    first, *others = axes
    layers = []
    for value in first.values:  # a layer at a time: the specs of a whole grid would take much memory
        specs = [
            strategies.StrategySpec(strategy_type, dict(zip(names, (value, *rest), strict=True)))
            for rest in itertools.product(*(axis.values for axis in others))
        ]
        layers.append(backtest.score_many(specs, prepared))
    return np.concatenate(layers).reshape([len(axis.values) for axis in axes])


def _key(strategy_type: str, candles: Candles, axes: tuple[Axis, ...]) -> str:
    values = [(axis.name, axis.values) for axis in axes]
    digest = hashlib.sha256(json.dumps([strategy_type, candles.data_hash, repr(backtest.Costs()), values]).encode())
    for package in _SOURCES:
        for path in sorted((Path(__file__).resolve().parents[2] / package).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:32]
