"""File names that say whose candles a file holds: `VENUE__SYMBOL__TIMEFRAME.parquet`.

========================================  =================  ==============================
name                                      symbol             origin
========================================  =================  ==============================
`binance__BTC-USDT__1h.parquet`           BTC/USDT           real:binance
`binance__BTC-USDT__1h_202303.csv`        BTC/USDT           real:binance (suffix allowed)
`binance__BTC-USDT-USDT__1h.parquet`      BTC/USDT:USDT      real:binance
`binanceusdm__BTC-USDT__1h.parquet`       BTC/USDT:USDT      real:binanceusdm
`simulated-7__BTC-USDT__1h.parquet`       BTC/USDT           simulated:7
`simulated-7-binance__BTC-USDT__1h.csv`   BTC/USDT           simulated:7, at venue binance
========================================  =================  ==============================

A dash separates base, quote and settlement; whatever else a symbol holds (a dash of its own, an underscore, letters
outside ASCII) is percent-encoded, so every symbol survives the way to a name and back.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from market.errors import UnknownNameError
from market.symbols import UNKNOWN, is_simulated, real_origin, simulated_origin, unified_symbol
from market.timeframe import canonical

_NAME = re.compile(
    r"(?P<venue>[A-Za-z0-9.]+(?:-[A-Za-z0-9.]+)*)__(?P<symbol>[^_/-]+(?:-[^_/-]+)+)__(?P<timeframe>[0-9]+[A-Za-z]+)(?:_.*)?"
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Whose candles a file says it holds.

    Attributes
    ----------
    venue, symbol, origin : str
        As on `Candles`.
    timeframe : str or None
        Canonical name; None where the file states none that is known.
    """

    venue: str
    symbol: str
    timeframe: str | None
    origin: str


def file_stem(venue: str, symbol: str, timeframe: str, origin: str) -> str:
    """Return the name, without suffix, of the file that holds such candles.

    Parameters
    ----------
    venue, symbol, timeframe, origin : str
        As on `Candles`.

    Returns
    -------
    str
        A name from which `labels_of_name` reads the same labels.
    """
    if is_simulated(origin):
        own = origin.replace(":", "-")
        venue = own if venue == own else f"{own}-{venue}"
    pair, _, settle = symbol.partition(":")
    parts = [*pair.split("/"), settle] if settle else pair.split("/")
    encoded = (quote(part, safe="").replace("-", "%2D").replace("_", "%5F") for part in parts)
    return f"{venue}__{'-'.join(encoded)}__{canonical(timeframe)}"


def labels_of_name(stem: str) -> Labels | None:
    """Return what a file name, without suffix, says.

    Parameters
    ----------
    stem : str
        Such as "binance__BTC-USDT__1h".

    Returns
    -------
    Labels or None
        None where the name does not have the form.
    """
    match = _NAME.fullmatch(stem)
    if match is None:
        return None
    venue = match["venue"].lower()
    base, second, *settle = (unquote(part) for part in match["symbol"].split("-"))
    symbol = f"{base}/{second}:{'-'.join(settle)}" if settle else f"{base}/{second}"
    try:
        timeframe = canonical(match["timeframe"])
    except UnknownNameError:
        timeframe = None
    origin = real_origin(venue)
    if venue.partition("-")[0] == "simulated":
        seed, _, at = match["venue"].partition("-")[2].partition("-")
        origin = simulated_origin(seed or UNKNOWN)
        venue = at.lower() or venue
    return Labels(venue, unified_symbol(symbol, venue), timeframe, origin)
