"""The markets a run is trained on: candle files read, checked against each other, and named by what they are."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cluster.errors import UserError
from market import Candles, read_candles

__all__ = ["Markets", "data_hash_of", "read_markets"]

FEWEST_CANDLES = 100


@dataclass(frozen=True)
class Markets:
    """Candle sets of different markets, all real or all simulated.

    Attributes
    ----------
    candles : tuple of Candles
        One set a market, sorted by symbol and timeframe.
    files : mapping of (symbol, timeframe) to Path
        Where they were read from.
    """

    candles: tuple[Candles, ...]
    files: Mapping[tuple[str, str], Path]

    @property
    def origin(self) -> str:
        """Where all prices come from: "real:binance", "real:binance+kraken" or "simulated:7"."""
        kinds = sorted({candles.origin for candles in self.candles})
        kind = kinds[0].partition(":")[0]
        return f"{kind}:{'+'.join(origin.partition(':')[2] for origin in kinds)}"

    @property
    def simulated(self) -> bool:
        """Whether the prices never happened."""
        return self.origin.startswith("simulated:")

    @property
    def data_hash(self) -> str:
        """SHA-256 (hex) over the hashes of all candle sets: what the scores were computed on."""
        return data_hash_of(self.candles)

    def closed(self, now_ms: int) -> "Markets":
        """Return the markets without candles that are still open: the exchange may yet change them.

        Parameters
        ----------
        now_ms : int
            Present time, ms UTC.

        Returns
        -------
        Markets
            At most the last candle of each is left out.
        """
        closed = (one[:-1] if one.close_time > now_ms and len(one) > 1 else one for one in self.candles)
        return replace(self, candles=tuple(closed))


def data_hash_of(candles: Iterable[Candles]) -> str:
    """Return the identity of several candle sets together.

    Parameters
    ----------
    candles : iterable of Candles
        In any order.

    Returns
    -------
    str
        SHA-256 (hex) over their hashes.
    """
    return hashlib.sha256("\n".join(sorted(one.data_hash for one in candles)).encode()).hexdigest()


def read_markets(paths: Sequence[Path], symbol: str | None = None, timeframe: str | None = None) -> Markets:
    """Read candle files that one run can be trained on together.

    Parameters
    ----------
    paths : sequence of Path
        Parquet, CSV or Feather files, one a market.
    symbol, timeframe : str, optional
        For a single file that does not say.

    Returns
    -------
    Markets
        At least one.

    Raises
    ------
    UserError
        If a market comes twice, is too short, is not named, or simulated and real prices are mixed.
    """
    if len(paths) > 1 and (symbol or timeframe):
        raise UserError(f"--symbol and --timeframe go with one candle file, there are {len(paths)}; name the files")
    found: dict[tuple[str, str], tuple[Path, Candles]] = {}
    for path in paths:
        candles = read_candles(path, symbol=symbol, timeframe=timeframe)
        market = (candles.symbol, candles.timeframe)
        if market in found:
            raise UserError(
                f"{path} and {found[market][0]} are both {candles.symbol} {candles.timeframe}; give each market once"
            )
        if candles.symbol == "unknown":
            raise UserError(
                f"{path} does not say its symbol; add --symbol BTC/USDT or name it like binance__BTC-USDT__1h.parquet"
            )
        if len(candles) < FEWEST_CANDLES:
            raise UserError(
                f"evolution needs at least {FEWEST_CANDLES} candles of a market, {path} has {len(candles)}; "
                "use a longer file"
            )
        found[market] = (path, candles)
    markets = Markets(
        tuple(found[market][1] for market in sorted(found)), {market: path for market, (path, _) in found.items()}
    )
    _refuse_mixed(markets.candles)
    return markets


def _refuse_mixed(candles: Iterable[Candles]) -> None:
    kinds = {one.origin.partition(":")[0] for one in candles}
    if len(kinds) > 1:
        raise UserError("real and simulated candles cannot be mixed in one run; evolve on each alone")
