"""Folds: how a strategy did in each part of the candles it is trained on."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from backtest.costs import Costs, checked_costs
from backtest.errors import BacktestError
from backtest.prepared import PreparedCandles, prepare, sides_allowed
from backtest.unit_pass import checked_specs, decide, measure
from market import Candles
from strategies import StrategySpec, get

__all__ = ["fold_scores", "fold_spans"]

_EMBARGO = 0.01


def fold_spans(spec: StrategySpec, n_bars: int, n_folds: int) -> list[tuple[int, int]]:
    """Return the bars on which each fold of a strategy is scored.

    Parameters
    ----------
    spec : StrategySpec
        The strategy: its lookback is the purge.
    n_bars : int
        Bars of the candles.
    n_folds : int
        Parts of equal length, at least 1 and at most a fourth of the bars (otherwise a `BacktestError`).

    Returns
    -------
    list of (start, stop)
        ``start <= t < stop``. Each part begins with a gap: the strategy's lookback, in which its signals still stand on
        prices of the part before, at most half of the part; and an embargo of one per cent of it.

    Notes
    -----
    The holding time needs no gap of its own: a trade that crosses an edge belongs to neither part (`run_spans`).

    References
    ----------
    Lopez de Prado, M. (2018). "Advances in Financial Machine Learning", chapter 7: purging and embargo.
    """
    spans = []
    for start, stop in pairwise(_edges(n_bars, n_folds)):
        length = stop - start
        purge = min(get(spec.type).warm_up(spec.parameters), length // 2)
        spans.append((start + purge + int(_EMBARGO * length), stop))
    return spans


def fold_scores(
    specs: Iterable[StrategySpec],
    candles: Candles | PreparedCandles,
    n_folds: int = 4,
    costs: Costs | None = None,
    sides: str | None = None,
) -> np.ndarray:
    """Return the SCS of strategies on purged, embargoed parts of a candle set, and on the whole of it.

    Parameters
    ----------
    specs : iterable of StrategySpec
        The strategies. Their signals and positions continue from part to part, as they do in live trading.
    candles : Candles or PreparedCandles
        What they are trained on.
    n_folds : int
        Parts, at least 1 and at most a fourth of the bars (otherwise a `BacktestError`).
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    sides : {"both", "long"}, optional
        Sides that are traded; what the market allows unless given.

    Returns
    -------
    ndarray of float64, shape (n_specs, n_folds + 1)
        SCS of each part, and last that of all bars, 0..100, always finite; where nothing was traded it is 0. The last
        one knows what the parts do not: trades that cross their edges.

    Examples
    --------
    >>> from market import synthetic_candles
    >>> candles = synthetic_candles(bars=2_000, seed=7)
    >>> fold_scores([StrategySpec("momentum", {"lookback_period": 24, "threshold": 0.01})], candles).shape
    (1, 5)
    """
    listed, prepared, costs = checked_specs(specs), prepare(candles), checked_costs(costs)
    _edges(len(prepared), n_folds)  # checks
    long_only = sides_allowed(prepared.candles, sides) == "long"
    target = np.empty(len(prepared), np.int8)
    scores = np.empty((len(listed), n_folds + 1))
    for i, spec in enumerate(listed):
        decide(spec, prepared, costs, long_only, target)
        spans = [*fold_spans(spec, len(prepared), n_folds), (0, len(prepared))]
        for j, span in enumerate(spans):
            scores[i, j] = measure(target, prepared, costs, span=span)[0]
    return scores


def _edges(n_bars: int, n_folds: int) -> list[int]:
    if not 1 <= n_folds <= n_bars // 4:
        raise BacktestError(
            f"folds must be in [1, a fourth of the {n_bars} bars], were {n_folds}; give more candles or fewer folds"
        )
    return [i * n_bars // n_folds for i in range(n_folds + 1)]
