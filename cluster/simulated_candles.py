"""The simulated market that is evolved on where no candles are given; always labelled."""

from collections.abc import Sequence
from pathlib import Path

from market import CandleStore, synthetic_candles

__all__ = ["simulated_files"]

SYMBOLS = ("BTC/USDT:USDT", "ETH/USDT:USDT")
TIMEFRAME = "1m"
BARS = 90 * 24 * 60


def simulated_files(
    folder: Path, seed: int, symbols: Sequence[str] = SYMBOLS, timeframe: str = TIMEFRAME, bars: int = BARS
) -> list[Path]:
    """Write the simulated market of a seed, and return its files.

    Parameters
    ----------
    folder : Path
        A candle store.
    seed : int
        The same seed gives the same candles.
    symbols : sequence of str
        Unified symbols.
    timeframe : str
        A known timeframe.
    bars : int
        Candles of each symbol.

    Returns
    -------
    list of Path
        One Parquet file a symbol; candles read from them have the origin ``simulated:SEED``.
    """
    store = CandleStore(folder)
    files = []
    for symbol in symbols:
        candles = synthetic_candles(symbol=symbol, timeframe=timeframe, bars=bars, seed=seed)
        store.add(candles)
        files.append(store.path(candles.venue, candles.symbol, candles.timeframe, candles.origin))
    return files
