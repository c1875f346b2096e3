"""A curve to be drawn: an index over time and buy-and-hold beside it, thinned with its extremes kept."""

from backtest import OutOfSample
from backtest.downsample import downsample

__all__ = ["MOST_POINTS", "thin_curve"]

MOST_POINTS = 2000


def thin_curve(result: OutOfSample) -> dict[str, list[float]]:
    """Return the curve of a strategy, as `storage.EvidenceRepository.keep_curves` takes it.

    Parameters
    ----------
    result : OutOfSample
        A part or the whole of its course.

    Returns
    -------
    dict
        `times` (ms UTC), `index` and `buy_and_hold`, at most 2,000 points each.
    """
    kept = downsample(result.index, MOST_POINTS)
    return {
        "times": result.times[kept].tolist(),
        "index": result.index[kept].tolist(),
        "buy_and_hold": result.buy_and_hold[kept].tolist(),
    }
