"""What luck alone finds: random strategies on an edge-less market, the best of them, and what it does next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

import backtest
import strategies
from evolution import Space
from market import Candles
from market.randomness import Stream

__all__ = ["Luck", "lucky_run", "random_specs"]

_VERSION = "evoq random strategies 1"


@dataclass(frozen=True, eq=False)
class Luck:
    """What a run of random strategies on one edge-less market found.

    Attributes
    ----------
    scores : ndarray of float64, shape (n_specs,)
        SCS of each in the first part of the market, net of costs.
    later : float
        SCS of the best of them in the part that follows.
    sharpes : ndarray of float64, shape (n_specs,)
        Annual Sharpe ratio of each in the first part, without costs; NaN for one that never traded.
    psr : float
        Probabilistic Sharpe ratio of the best of `sharpes`.
    dsr : float
        The same, deflated by the number of strategies that traded.
    """

    scores: np.ndarray
    later: float
    sharpes: np.ndarray
    psr: float
    dsr: float


def random_specs(count: int, seed: int) -> tuple[strategies.StrategySpec, ...]:
    """Return random strategies: the types in turn, parameters uniform in the space that evolution searches.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        Of the random numbers.

    Returns
    -------
    tuple of StrategySpec
        Like the initial sample of an evolution run.
    """
    names = strategies.available()
    spaces = {name: Space.of(name) for name in names}
    widest = max(len(space) for space in spaces.values())
    genes = Stream(_VERSION, seed).uniforms(count * widest).reshape(count, widest).tolist()
    specs = []
    for n in range(count):
        name = names[n % len(names)]
        space = spaces[name]
        values = dict(zip(space.names, space.decode(genes[n][: len(space)]), strict=True))
        specs.append(strategies.StrategySpec(name, values))
    return tuple(specs)


def lucky_run(candles: Candles, bars: int, specs: Sequence[strategies.StrategySpec]) -> Luck:
    """Return what strategies find in the first part of a market, and what becomes of their best.

    Parameters
    ----------
    candles : Candles
        An edge-less market.
    bars : int
        Length of the part that the best is selected on; fewer than there are.
    specs : sequence of StrategySpec
        The strategies.

    Returns
    -------
    Luck
        Scores net of the default costs, Sharpe ratios without any.
    """
    first = backtest.prepare(candles[:bars])
    scores = backtest.score_many(specs, first)
    best = specs[int(np.argmax(scores))]
    (after,) = backtest.run_spans([best], candles, [(bars, len(candles))])
    free = backtest.run_many(specs, first, backtest.Costs(0.0, 0.0))
    psr, dsr = _probabilities(free, first.candles)
    return Luck(scores, float(after["scs"].iloc[0]), free["sharpe"].to_numpy(), psr, dsr)


def _probabilities(metrics: pd.DataFrame, candles: Candles) -> tuple[float, float]:
    """Return PSR and DSR of the highest Sharpe ratio."""
    traded = metrics[metrics["sharpe"].notna()]
    best = traded.loc[traded["sharpe"].idxmax()]
    per_bar = 1.0 / candles.bars_per_year**0.5
    moments = backtest.ReturnMoments(len(candles), best["sharpe"] * per_bar, best["skewness"], best["kurtosis"])
    variance = float(traded["sharpe"].var()) * per_bar**2
    return (
        backtest.probabilistic_sharpe_ratio(moments),
        backtest.deflated_sharpe_ratio(moments, len(traded), variance),
    )
