"""Which landscapes there are: strategy types on windows of markets, some for tuning and others for the verdict."""

from dataclasses import dataclass
from pathlib import Path

from market import Candles, read_candles, synthetic_candles

__all__ = ["SETS", "MarketWindow", "read_window"]

_TUNING = ("binanceusdm__BTC-USDT__1h", "binanceusdm__ETH-USDT__30m", "binanceusdm__BNB-USDT__1h")
_HELD_OUT = ("binanceusdm__SOL-USDT__30m", "binanceusdm__XRP-USDT__1h", "coinbase__BTC-USD__1h",
             "binanceusdm__DOGE-USDT__1h")  # fmt: skip
_TYPES = ("breakout", "high_frequency", "mean_reversion", "momentum", "trend_following")


@dataclass(frozen=True)
class MarketWindow:
    """A strategy type on consecutive candles of a file.

    Attributes
    ----------
    strategy_type : str
        Name of the type.
    file : str
        Name of the candle file without its suffix.
    end : float
        Where the window ends, as a share of the file.
    bars : int
        How many bars it has; fewer in a short file.
    """

    strategy_type: str
    file: str
    end: float
    bars: int = 4_000


def _windows(files: tuple[str, ...], ends: tuple[float, ...]) -> tuple[MarketWindow, ...]:
    """Return every type twice or more, on markets and ends in turn."""
    count = max(len(files), 2) * len(_TYPES) // 2
    return tuple(
        MarketWindow(_TYPES[n % len(_TYPES)], files[(n + n // len(_TYPES)) % len(files)], ends[n % len(ends)])
        for n in range(count)
    )


SETS: dict[str, tuple[MarketWindow, ...]] = {
    "tuning": _windows((*_TUNING, _TUNING[0]), (0.4, 0.7, 1.0)),
    "held-out": _windows(_HELD_OUT, (0.5, 0.75, 1.0)),
}
"""Landscapes for choosing defaults, and others, on other markets, for the verdict."""


def read_window(window: MarketWindow, folder: Path) -> Candles:
    """Return the candles of a window.

    Parameters
    ----------
    window : MarketWindow
        Which.
    folder : Path
        Where the candle files are. Without the file a simulated market of the same name takes its place.

    Returns
    -------
    Candles
        Its bars.
    """
    path = folder / f"{window.file}.parquet"
    if not path.exists():
        seed = sum(window.file.encode())
        return synthetic_candles(bars=window.bars, seed=seed)
    candles = read_candles(path)
    last = max(int(len(candles) * window.end), min(window.bars, len(candles)))
    return candles[max(last - window.bars, 0) : last]
