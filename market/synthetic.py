"""A market that does not exist, from a seed: regimes, clustered volatility, plausible bars, modest drift.

For tests, demonstrations and the simulator. Its candles carry the origin "simulated:SEED" for ever, so no evidence from
them can reach real money. A seed gives the same candles on every machine, and more bars only ever append to fewer.
"""

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from market.candles import Candles
from market.errors import MarketError
from market.instants import Instant, instant_ms
from market.planted_edge import PlantedEdge, edge_spells, hidden_drift
from market.randomness import Floats, Stream, autoregressive, exponential
from market.regimes import REGIME_NAMES, REGIMES, Regime, mean_drift_per_bar, regimes_named, walk
from market.symbols import UNKNOWN, market_type_of, simulated_origin
from market.timeframe import canonical, floor_time, parse_timeframe

DAILY_VOLATILITY = 0.028
"""Standard deviation of a day's return where regime and clustering are neutral, dimensionless."""

COMMON_SHARE = 0.85
"""Correlation of a symbol's shocks with those that all symbols of a seed share; two correlate by its square."""

_VERSION = "evoq synthetic market 1"
_DAY_MS = 86_400_000
_HOUR_DAYS = 1 / 24
_DAILY_TURNOVER = 5.0e7  # quote currency
_PRICES = MappingProxyType({"BTC": 40_000.0, "ETH": 2_500.0, "BNB": 300.0, "SOL": 100.0, "LTC": 70.0, "XRP": 0.6})


@dataclass(frozen=True, slots=True)
class SyntheticMarket:
    """Synthetic candles and the regimes behind them.

    Attributes
    ----------
    candles : Candles
        What a strategy sees.
    regime : ndarray of int8, shape (n_bars,)
        What it does not see: the position in `market.regimes.REGIMES` of each bar's regime. Read-only.
    has_edge : ndarray of bool, shape (n_bars,)
        Nor this: in which bars the planted edge is there. Read-only.
    """

    candles: Candles
    regime: npt.NDArray[np.int8]
    has_edge: npt.NDArray[np.bool_]


def synthetic_candles(
    *,
    symbol: str = "BTC/USDT",
    timeframe: str = "1h",
    bars: int = 8760,
    seed: int = 0,
    start: Instant = "2023-01-01",
    regimes: Iterable[str] = REGIME_NAMES,
    venue: str | None = None,
    price: float | None = None,
    tick: float | None = None,
    drift_per_year: float = 0.10,
    edge: PlantedEdge | None = None,
) -> Candles:
    """Return candles of a synthetic market.

    Parameters
    ----------
    symbol : str
        Unified symbol. Symbols of one seed share the regimes and most shocks, so they fall together.
    timeframe : str
        A known timeframe. Each is a market of its own: hours are not sums of minutes.
    bars : int
        How many, at least 1.
    seed : int
        Not negative; becomes part of the origin.
    start : int, str or datetime
        Open of the first bar; rounded down to the grid.
    regimes : iterable of str
        Some of "trend", "mean_reversion" and "crash".
    venue : str, optional
        By default "simulated-SEED". The prices do not depend on it.
    price : float, optional
        First open, in quote currency; by default near that of the base currency early in 2023, else 100.
    tick : float, optional
        Step of prices, in quote currency; by default a power of ten of about a millionth of the price.
    drift_per_year : float
        Mean log return of a year, dimensionless.
    edge : PlantedEdge, optional
        A predictable drift that comes and goes, for each symbol on its own; by default there is none.

    Returns
    -------
    Candles
        With origin "simulated:SEED" and no gaps; every argument out of range is a `MarketError`.
    """
    return synthetic_market(
        symbol=symbol,
        timeframe=timeframe,
        bars=bars,
        seed=seed,
        start=start,
        regimes=regimes,
        venue=venue,
        price=price,
        tick=tick,
        drift_per_year=drift_per_year,
        edge=edge,
    ).candles


def synthetic_market(
    *,
    symbol: str = "BTC/USDT",
    timeframe: str = "1h",
    bars: int = 8760,
    seed: int = 0,
    start: Instant = "2023-01-01",
    regimes: Iterable[str] = REGIME_NAMES,
    venue: str | None = None,
    price: float | None = None,
    tick: float | None = None,
    drift_per_year: float = 0.10,
    edge: PlantedEdge | None = None,
) -> SyntheticMarket:
    """Return a synthetic market: what `synthetic_candles` returns, and the regime of every bar.

    Parameters
    ----------
    symbol, timeframe, bars, seed, start, regimes, venue, price, tick, drift_per_year, edge
        As for `synthetic_candles`.

    Returns
    -------
    SyntheticMarket
        Candles, regimes, and where the edge is.

    Raises
    ------
    MarketError
        If an argument is out of range.
    """
    bars, seed = operator.index(bars), operator.index(seed)
    if bars < 1:
        raise MarketError(f"bars must be at least 1, was {bars}")
    if seed < 0:
        raise MarketError(f"seed must not be negative, was {seed}")
    chosen = regimes_named(regimes)
    first_price = _PRICES.get(symbol.partition("/")[0], 100.0) if price is None else price
    step = _usual_tick(first_price) if tick is None else tick
    if not (0 < step <= first_price / 100 and first_price < 1e12):
        raise MarketError(f"tick must be positive and at most a hundredth of the price, was {step} of {first_price}")
    name = canonical(timeframe)
    length = parse_timeframe(name)
    opens = floor_time(instant_ms(start), name) + length * np.arange(bars, dtype=np.int64)
    shocks = _Shocks(seed, symbol, name, bars)
    labels, volatility, returns, has_edge = _returns(shocks, chosen, opens, length, drift_per_year, edge)
    prices = _bars(shocks, returns, volatility, first_price, step)
    candles = Candles(
        timestamp=opens,
        **prices,
        volume=_volume(shocks, prices["close"], returns, volatility, _season(opens, length), length / _DAY_MS),
        symbol=symbol,
        timeframe=name,
        venue=f"simulated-{seed}" if venue is None else venue,
        market_type=market_type_of(symbol, UNKNOWN),
        origin=simulated_origin(seed),
    )
    positions = np.array([REGIMES.index(regime) for regime in chosen], dtype=np.int8)
    regime = positions[labels]
    for hidden in (regime, has_edge):
        hidden.setflags(write=False)
    return SyntheticMarket(candles, regime, has_edge)


@dataclass(frozen=True, slots=True)
class _Shocks:
    """The random numbers of one market by purpose, so that no purpose disturbs another."""

    seed: int
    symbol: str
    timeframe: str
    bars: int

    def shared(self, purpose: str) -> Stream:
        return Stream(_VERSION, self.seed, self.timeframe, purpose)

    def own(self, purpose: str) -> Stream:
        return Stream(_VERSION, self.seed, self.timeframe, purpose, self.symbol)


def _returns(
    shocks: _Shocks,
    regimes: tuple[Regime, ...],
    opens: npt.NDArray[np.int64],
    length: int,
    drift_per_year: float,
    edge: PlantedEdge | None,
) -> tuple[npt.NDArray[np.int8], Floats, Floats, npt.NDArray[np.bool_]]:
    """Return the regime, the volatility and the return of every bar, dimensionless, and whether it has the edge."""
    bars, days = len(opens), length / _DAY_MS
    chain = (shocks.shared(purpose).uniforms(bars) for purpose in ("leave", "choose", "side"))
    labels, drift = walk(regimes, days, *chain)
    slow = autoregressive(shocks.shared("slow volatility").normals(bars), 6.0 / days)
    fast = autoregressive(shocks.own("fast volatility").normals(bars), 5.0 * _HOUR_DAYS / days)
    mood = np.array([regime.volatility for regime in regimes])[labels]
    clustering = exponential(0.30 * slow + 0.25 * fast - (0.30**2 + 0.25**2))
    season = 0.8 + 0.2 * _season(opens, length)
    volatility = DAILY_VOLATILITY * np.sqrt(days) * mood * clustering * season
    common = shocks.shared("return").normals(bars)
    own = shocks.own("return").normals(bars)
    shock = COMMON_SHARE * common + np.sqrt(1.0 - COMMON_SHARE**2) * own
    share = np.array([regime.reversion for regime in regimes])[labels]
    shock = np.sqrt(1.0 - share * share) * shock + share * _undone(shocks, bars, 12.0 * _HOUR_DAYS / days)
    has_edge = np.zeros(bars, dtype=bool)
    if edge is not None:
        has_edge = edge_spells(edge, days, shocks.own("edge spells").uniforms(bars))
        shock = shock + has_edge * hidden_drift(edge, days, shocks.own("edge drift").normals(bars))
    steady = drift_per_year * days / 365.0 - mean_drift_per_bar(regimes, days)
    returns = steady + drift + volatility * volatility / 2.0 + volatility * shock
    return labels, volatility, np.clip(returns, -0.4, 0.6), has_edge


def _undone(shocks: _Shocks, bars: int, memory_bars: float) -> Floats:
    """Return changes, of variance 1, of a displacement that is always on its way back to nothing."""
    displacement = autoregressive(shocks.own("displacement").normals(bars), memory_bars)
    keep = 1.0 / (1.0 + 1.0 / memory_bars)
    changes: Floats = np.diff(displacement, prepend=0.0) / np.sqrt(2.0 * (1.0 - keep))
    return changes


def _bars(shocks: _Shocks, returns: Floats, volatility: Floats, price: float, tick: float) -> dict[str, Floats]:
    """Return open, high, low and close, with the extremes of a Brownian path between open and close."""
    # Given its ends a and b, such a path has the maximum (a + b + sqrt((b - a)^2 + 2 v X)) / 2, X exponential of mean 1
    # and v the variance (the minimum likewise): Karatzas & Shreve (1991), Brownian Motion and Stochastic Calculus, 2.8.
    bars = len(returns)
    close = price * np.multiply.accumulate(1.0 + returns)
    hop = 1.0 + 0.02 * volatility * shocks.own("open").normals(bars)
    previous = np.concatenate(([price], close[:-1]))
    opening: Floats = previous * hop
    opening[0] = price
    spread = 2.0 * (volatility * previous) ** 2
    change = (close - opening) ** 2
    reach_up = np.sqrt(change + spread * shocks.own("high").exponentials(bars))
    reach_down = np.sqrt(change + spread * shocks.own("low").exponentials(bars))
    high = (opening + close + reach_up) / 2.0
    low = np.maximum((opening + close - reach_down) / 2.0, 0.5 * np.minimum(opening, close))
    ticks = {"open": opening, "high": high, "low": low, "close": close}
    rounded = {name: np.maximum(np.rint(values / tick), 1.0) for name, values in ticks.items()}
    per_unit = np.rint(1.0 / tick)
    if per_unit * tick == 1.0:  # dividing by a whole number gives the decimal that a venue would print
        return {name: values / per_unit for name, values in rounded.items()}
    return {name: values * tick for name, values in rounded.items()}


def _volume(shocks: _Shocks, close: Floats, returns: Floats, volatility: Floats, season: Floats, days: float) -> Floats:
    """Return volume in base currency: more at the ends of the day, in turmoil, and in a bar that moves far."""
    usual = DAILY_VOLATILITY * np.sqrt(days)
    activity = 0.3 + 0.4 * volatility / usual + 0.3 * np.abs(returns) / volatility
    noise = autoregressive(shocks.own("volume").normals(len(close)), 3.0)
    turnover = _DAILY_TURNOVER * days * season * activity * exponential(0.5 * noise - 0.125)
    lots: Floats = np.rint(turnover / close * 1e5) + 1.0
    return lots / 1e5


def _season(opens: npt.NDArray[np.int64], length: int) -> Floats:
    """Return the U shape of activity over a day UTC, of mean 1; flat for bars of a day and more."""
    if length >= _DAY_MS:
        return np.ones(len(opens))
    of_day = ((opens % _DAY_MS) + length / 2) / _DAY_MS
    season: Floats = 1.0 + 0.6 * ((2.0 * of_day - 1.0) ** 2 - 1.0 / 3.0)
    return season


def _usual_tick(price: float) -> float:
    if not 1e-12 <= price < 1e12:
        raise MarketError(f"price must be positive, from 1e-12 to 1e12, was {price}")
    tenths = 2  # a tick of 0.01 suits 10,000 to 100,000
    while price * 10**tenths < 1_000_000:
        tenths += 1
    return 1.0 / float(10**tenths)
