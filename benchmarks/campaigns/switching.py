"""Markets whose planted edge changes its kind: until some bar one regime, from there another."""

import numpy as np
from campaigns.edgeless import edgeless_candles
from campaigns.planted import CALIBRATED_TIMEFRAME, VOLATILITY, displaced, strength_of, unit_component

from market import Candles

__all__ = ["switching_candles"]


def switching_candles(before: str, after: str, sharpe: float, bars: int, cut: int, seed: int) -> Candles:
    """Return hourly candles of one edge-less market, with one kind of edge planted before a bar and another from it on.

    Parameters
    ----------
    before, after : {"trend", "reversion"}
        The regimes, as `campaigns.planted.planted_candles` describes them.
    sharpe : float
        Annual Sharpe ratio expected of the best harvester of each.
    bars : int
        How many.
    cut : int
        First bar of the second regime, at least 1 and below `bars`.
    seed : int
        Chooses the edge-less market and both edges; not negative.

    Returns
    -------
    Candles
        With origin "simulated:SEED". The price does not jump where the regime changes.

    Raises
    ------
    ValueError
        If a kind or `sharpe` is not one that was calibrated, or `cut` is out of bounds.
    """
    if not 0 < cut < bars:
        raise ValueError(f"cut must be in [1, {bars - 1}], was {cut}")
    first, second = (
        strength_of(kind, sharpe) * unit_component(kind, seed, bars, CALIBRATED_TIMEFRAME) for kind in (before, after)
    )
    component = np.concatenate((first[:cut], first[cut - 1] + second[cut:] - second[cut - 1]))
    return displaced(edgeless_candles(None, seed, bars, CALIBRATED_TIMEFRAME, volatility=VOLATILITY), component)
