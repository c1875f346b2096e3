"""From raw sides to target sides: stops first, then the sides the market allows."""

import numpy as np
from numba import njit

__all__ = ["target_sides"]


@njit(cache=True, nogil=True)
def _long_only(raw: np.ndarray, out: np.ndarray) -> None:
    for t in range(raw.size):
        out[t] = max(raw[t], 0)


@njit(cache=True, nogil=True, error_model="numpy")
def _with_stops(
    raw: np.ndarray,
    open_: np.ndarray,
    close: np.ndarray,
    slippage: float,
    stop_loss: float,
    take_profit: float,
    long_only: bool,
    out: np.ndarray,
) -> None:
    """Follow the raw side until the open position hits a stop; then stay flat until the raw side changes."""
    held = 0
    entry = np.nan
    blocked = 0
    for t in range(raw.size):
        if t > 0 and out[t - 1] != held:
            wanted = out[t - 1]
            entry = open_[t] * (1.0 + slippage) if wanted > held else open_[t] * (1.0 - slippage)
            held = wanted
        side = raw[t]
        if blocked != 0 and side == blocked:
            out[t] = 0
            continue
        blocked = 0
        target = max(side, 0) if long_only else side
        if held != 0 and side == held:
            move = held * (close[t] / entry - 1.0)
            if (stop_loss > 0.0 and move <= -stop_loss) or (take_profit > 0.0 and move >= take_profit):
                target = 0
                blocked = side
        out[t] = target


def target_sides(
    raw: np.ndarray,
    open_: np.ndarray,
    close: np.ndarray,
    slippage: float,
    stop_loss: float,
    take_profit: float,
    long_only: bool,
    out: np.ndarray,
) -> None:
    """Write the target side of every bar: what is traded at the next open.

    Parameters
    ----------
    raw : ndarray of int8, shape (n_bars,)
        Raw sides of the signal.
    open_, close : ndarray of float64, shape (n_bars,)
        Prices; a stop compares the close with the fill at the entry's open.
    slippage : float
        Fraction by which the entry fill is worse than the open.
    stop_loss, take_profit : float
        Fractions of the entry fill, 0 for off.
    long_only : bool
        Whether short targets become flat.
    out : ndarray of int8, shape (n_bars,)
        Receives the targets; may be `raw` itself.
    """
    if stop_loss > 0.0 or take_profit > 0.0:
        _with_stops(raw, open_, close, slippage, stop_loss, take_profit, long_only, out)
    elif long_only:
        _long_only(raw, out)
    elif out is not raw:
        out[:] = raw
