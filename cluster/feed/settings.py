"""What the feed follows, out of the environment; a mistake in it is one clear line."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import SettingError
from cluster.feed.feed_market import FeedMarket
from market import CandleStore, MarketError
from market.endless import ENDLESS_VENUE
from market.symbols import check_identity, market_type_of, real_origin, simulated_origin, unified_symbol
from market.timeframe import canonical
from storage import home

__all__ = ["FeedSettings", "candle_folder"]

SYMBOLS = ("BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT")
TIMEFRAME = "1m"
SPEED = 20.0
SEED = 7
HISTORY = 20_000
_FORM = (
    "EVOQ_FEED must be simulated or VENUE:SYMBOL,SYMBOL:TIMEFRAME such as binance:BTC/USDT,ETH/USDT:1h"
    " or simulated:BTC/USDT:USDT:5m"
)


def candle_folder(folder: Path) -> Path:
    """Return where the candles of a desk are, a `market.CandleStore`, in its EVOQ_HOME."""
    return folder / "candles"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """What is followed, and how.

    Attributes
    ----------
    venue : str
        "simulated", or ccxt's id of a venue.
    symbols : tuple of str
        Unified symbols, each once.
    timeframe : str
        A known timeframe.
    history : int
        Candles of each market that are there from the beginning.
    seed : int
        Of the simulated market.
    speed : float
        Seconds that pass in the simulated market during one of ours.
    """

    venue: str = ENDLESS_VENUE
    symbols: tuple[str, ...] = SYMBOLS
    timeframe: str = TIMEFRAME
    history: int = HISTORY
    seed: int = SEED
    speed: float = SPEED

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "FeedSettings":
        """Return the settings of an environment.

        ====================  ===========================================================================  ==========
        variable              meaning                                                                      default
        ====================  ===========================================================================  ==========
        `EVOQ_FEED`           simulated, simulated:SYMBOL,SYMBOL:TIMEFRAME or VENUE:SYMBOL,SYMBOL:TIMEFRAME  simulated
        `EVOQ_SEED`           seed of the simulated market                                                 7
        `EVOQ_FEED_SPEED`     how many times as fast as ours its time runs, 0.01..10000                    20
        `EVOQ_FEED_HISTORY`   candles of each market to begin with, 100..1000000                           20000
        ====================  ===========================================================================  ==========

        Parameters
        ----------
        environ : mapping of str to str
            Variables by name.

        Returns
        -------
        FeedSettings
            What a variable does not say is as by default.
        """
        venue, symbols, timeframe = _followed(environ.get("EVOQ_FEED", "").strip() or ENDLESS_VENUE)
        return cls(
            venue=venue,
            symbols=symbols,
            timeframe=timeframe,
            history=int(_number(environ, "EVOQ_FEED_HISTORY", HISTORY, 100, 1_000_000, whole=True)),
            seed=int(_number(environ, "EVOQ_SEED", SEED, 0, 2**53, whole=True)),
            speed=_number(environ, "EVOQ_FEED_SPEED", SPEED, 0.01, 10_000),
        )

    @property
    def is_simulated(self) -> bool:
        """Whether nobody ever traded at these prices."""
        return self.venue == ENDLESS_VENUE

    @property
    def origin(self) -> str:
        """What every candle of the desk says it is: "simulated:SEED" or "real:VENUE"."""
        return simulated_origin(self.seed) if self.is_simulated else real_origin(self.venue)

    @property
    def markets(self) -> tuple[FeedMarket, ...]:
        """The markets that are followed."""
        return tuple(FeedMarket(self.venue, symbol, self.timeframe, self.origin) for symbol in self.symbols)

    def paths(self, folder: Path | None = None) -> list[Path]:
        """Return where the candles of each market are, or will be.

        Parameters
        ----------
        folder : Path, optional
            EVOQ_HOME; by default that of this process.

        Returns
        -------
        list of Path
            For `market.read_candles`, in the order of the symbols.
        """
        store = CandleStore(candle_folder(home() if folder is None else folder))
        return [market.path(store) for market in self.markets]


def _followed(text: str) -> tuple[str, tuple[str, ...], str]:
    """Return venue, symbols and timeframe of EVOQ_FEED.

    Parameters
    ----------
    text : str
        Its value.

    Returns
    -------
    tuple
        Checked as far as that can be done without asking the venue.

    Raises
    ------
    SettingError
        If it has another form, or one of the three cannot be.
    """
    if text == ENDLESS_VENUE:
        return ENDLESS_VENUE, SYMBOLS, TIMEFRAME
    venue, _, rest = text.partition(":")
    listed, _, timeframe = rest.rpartition(":")
    symbols = tuple(unified_symbol(each.strip(), venue) for each in listed.split(",") if each.strip())
    if not venue or not symbols:
        raise SettingError(f"{_FORM}, was {text!r}")
    if len(set(symbols)) != len(symbols):
        raise SettingError(f"EVOQ_FEED must name each symbol once, was {text!r}")
    try:
        for symbol in symbols:
            check_identity(symbol, venue, market_type_of(symbol, venue), _origin_at(venue))
        return venue, symbols, canonical(timeframe)
    except MarketError as error:
        raise SettingError(f"{_FORM}, was {text!r}: {error}") from None


def _origin_at(venue: str) -> str:
    return simulated_origin(SEED) if venue == ENDLESS_VENUE else real_origin(venue)


def _number(
    environ: Mapping[str, str], name: str, default: float, least: float, most: float, *, whole: bool = False
) -> float:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        raise SettingError(f"{name} must be {kind} from {least:g} to {most:g}, was {text!r}")
    return value
