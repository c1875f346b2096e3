"""Whose prices they are: symbol, venue, market type, origin, and the rules that tie them together.

Symbols are ccxt's unified ones: "BTC/USDT" is spot, "BTC/USDT:USDT" a linear perpetual settled in USDT. An origin is
"real:VENUE" or "simulated:SEED", and decides whether money may ever depend on the prices.
"""

import re
from typing import Literal

from market.errors import CandleError

MarketType = Literal["spot", "swap"]

UNKNOWN = "unknown"
"""Symbol or venue of candles that do not say."""

_SYMBOL = re.compile(r"[^\s/:]+/[^\s/:]+(:[^\s/:]+)?")
_VENUE = re.compile(r"[a-z0-9][a-z0-9.]*(-[a-z0-9.]+)*")
_ORIGIN = re.compile(r"real:(?P<venue>.+)|simulated:(?P<seed>[A-Za-z0-9.]+)")
_SIMULATED = "simulated"


def unified_symbol(symbol: str, venue: str) -> str:
    """Return the unified symbol of what a venue calls by a pair.

    Parameters
    ----------
    symbol : str
        "BTC/USDT", "BTC/USDT:USDT" or "unknown".
    venue : str
        Its venue. One whose name contains "usdm" lists linear perpetuals only, so its "BTC/USDT" is "BTC/USDT:USDT".

    Returns
    -------
    str
        The symbol in ccxt's unified form.
    """
    if "usdm" in venue and symbol != UNKNOWN and ":" not in symbol:
        return f"{symbol}:{symbol.partition('/')[2]}"
    return symbol


def market_type_of(symbol: str, venue: str) -> MarketType:
    """Return the market type that a symbol, or else its venue, implies.

    Parameters
    ----------
    symbol : str
        Unified symbol or "unknown".
    venue : str
        Venue or "unknown".

    Returns
    -------
    str
        "swap" for a settled symbol, for a venue whose name contains "usdm", and where nothing says; else "spot".
    """
    return "swap" if symbol == UNKNOWN or ":" in symbol or "usdm" in venue else "spot"


def real_origin(venue: str) -> str:
    """Return the origin of prices that a venue published."""
    return f"real:{venue}"


def simulated_origin(seed: int | str) -> str:
    """Return the origin of prices that a seed made."""
    return f"simulated:{seed}"


def is_simulated(origin: str) -> bool:
    """Return whether an origin says that nobody ever traded at these prices."""
    return not origin.startswith("real:")


def check_identity(symbol: str, venue: str, market_type: str, origin: str) -> None:
    """Refuse labels that contradict one another.

    Parameters
    ----------
    symbol, venue, market_type, origin : str
        As on `Candles`.

    Raises
    ------
    CandleError
        If one of them is malformed or two of them contradict each other.
    """
    if symbol != UNKNOWN and not _SYMBOL.fullmatch(symbol):
        raise CandleError(
            f"symbol must be a pair such as BTC/USDT (spot) or BTC/USDT:USDT (linear perpetual), was {symbol!r}"
        )
    if not _VENUE.fullmatch(venue):
        raise CandleError(
            f"venue must be lower-case letters, digits, dots and single dashes, such as binance, was {venue!r}"
        )
    if market_type not in {"spot", "swap"}:
        raise CandleError(f"market_type must be 'spot' or 'swap', was {market_type!r}")
    if symbol != UNKNOWN and market_type != market_type_of(symbol, ""):
        cure = "a spot symbol has no settlement currency, a swap's has one, as in BTC/USDT:USDT"
        raise CandleError(f"symbol {symbol} must not be labelled {market_type}: {cure}")
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        raise CandleError(f"origin must be real:VENUE or simulated:SEED (letters, digits, dots), was {origin!r}")
    if match["venue"] is not None and match["venue"] != venue:
        raise CandleError(f"real candles of venue {venue} must have origin real:{venue}, was {origin!r}")
    if not is_simulated(origin) and venue.split("-")[0] == _SIMULATED:
        raise CandleError(f"candles of venue {venue} are simulated: origin must be simulated:SEED, was {origin!r}")
