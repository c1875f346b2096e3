"""Where a price is while its candle is still open: a path from open to close by way of both extremes."""

from itertools import pairwise

SPREAD = 1e-4
"""Distance of the ask from the bid around a made-up last price, as a share of it."""


def price_inside(bar: tuple[float, float, float, float], share: float) -> float:
    """Return the price at a moment of a bar that has been thought up to its end.

    Parameters
    ----------
    bar : tuple of float
        Open, high, low and close.
    share : float
        How much of the bar has passed, 0..1.

    Returns
    -------
    float
        On the way from the open by the extreme that lies behind it to the other one and to the close, at an even pace:
        the open at 0, the close at 1, and never outside the bar.
    """
    opening, high, low, close = bar
    stops = (opening, low, high, close) if close >= opening else (opening, high, low, close)
    legs = [abs(after - before) for before, after in pairwise(stops)]
    left = max(share, 0.0) * sum(legs)
    for (before, after), leg in zip(pairwise(stops), legs, strict=True):
        if share < 1.0 and left < leg:
            return min(max(before + (after - before) * (left / leg), low), high)
        left -= leg
    return close


def quote_around(price: float) -> tuple[float, float]:
    """Return a bid and an ask around a price, to nine significant digits."""
    return float(f"{price * (1.0 - SPREAD / 2.0):.9g}"), float(f"{price * (1.0 + SPREAD / 2.0):.9g}")
