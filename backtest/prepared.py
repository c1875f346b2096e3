"""A candle set made ready once for many strategies."""

import numpy as np

from backtest.errors import BacktestError, FundingError
from backtest.funding import Funding
from market import Candles
from strategies import PriceColumns, get
from strategies.price_columns import frozen

__all__ = ["PreparedCandles", "prepare", "sides_allowed"]


class PreparedCandles:
    """Candles with every column that signals and accounting share; read-only and picklable.

    Use `prepare` to make one. Workers that receive it from an object store read the same memory.

    Attributes
    ----------
    candles : Candles
        The candles themselves.
    prices : PriceColumns
        Prices and the columns derived from them.
    hold_return : ndarray of float64, shape (n_bars,)
        Return of one unit held long through each bar, net of funding; 0 on the first bar.
    paid : ndarray of float64, shape (n_bars,), or None
        Funding one long unit pays in each bar, quote currency.
    no_volume : ndarray of bool, shape (n_bars,)
        Bars on which nothing was traded.
    """

    def __init__(self, candles: Candles, funding: Funding | None = None) -> None:
        self.candles = candles
        self.prices = PriceColumns(candles)
        close = self.prices.close
        change = np.zeros(close.size)
        change[1:] = np.diff(close)
        self.paid = None if funding is None else frozen(funding.per_bar(candles))
        if self.paid is not None:
            change[1:] -= self.paid[1:]
        change[1:] /= close[:-1]
        self.hold_return = frozen(change)
        self.no_volume = frozen(candles.volume == 0.0)
        self._columns: dict[str, tuple[np.ndarray, ...]] = {}

    def __len__(self) -> int:
        return len(self.candles)

    def columns_of(self, type_name: str) -> tuple[np.ndarray, ...]:
        """Return the columns the signals of a strategy type read, computing them on first use.

        Parameters
        ----------
        type_name : str
            Name of a strategy type.

        Returns
        -------
        tuple of ndarray
            Read-only columns.
        """
        if type_name not in self._columns:
            self._columns[type_name] = get(type_name).columns(self.prices)
        return self._columns[type_name]


def prepare(
    candles: Candles | PreparedCandles,
    types: tuple[str, ...] = (),
    funding: Funding | tuple[np.ndarray, np.ndarray] | None = None,
) -> PreparedCandles:
    """Make a candle set ready for many backtests.

    Parameters
    ----------
    candles : Candles or PreparedCandles
        Candles; what is prepared already is returned as it is.
    types : tuple of str
        Strategy types whose columns are computed now (before shipping it to workers); others follow on first use.
    funding : Funding or (timestamp, rate), optional
        Funding rates of a swap.

    Returns
    -------
    PreparedCandles
        Shared by `run`, `run_many` and `score_many`.

    Raises
    ------
    BacktestError
        If `candles` is neither, or prepared candles are given together with funding.
    FundingError
        If `funding` is neither.
    """
    if isinstance(funding, tuple) and len(funding) == 2:
        funding = Funding(*funding)
    if not (funding is None or isinstance(funding, Funding)):
        raise FundingError(
            f"funding must be Funding or a pair (timestamps, rates), was of type {type(funding).__name__}"
        )
    if isinstance(candles, PreparedCandles):
        if funding is not None:
            raise BacktestError("candles already prepared take no funding; pass it to prepare(candles, funding=...)")
        prepared = candles
    elif isinstance(candles, Candles):
        prepared = PreparedCandles(candles, funding)
    else:
        raise BacktestError(f"candles must be Candles, as read_candles returns, was of type {type(candles).__name__}")
    for type_name in types:
        prepared.columns_of(type_name)
    return prepared


def sides_allowed(candles: Candles, sides: str | None = None) -> str:
    """Return which sides are traded: what was asked for, else what the market allows.

    Parameters
    ----------
    candles : Candles
        The market: nothing can be sold short on spot.
    sides : {"both", "long"} or None
        The user's wish.

    Returns
    -------
    str
        ``"both"`` or ``"long"``.

    Raises
    ------
    BacktestError
        If `sides` is neither.
    """
    if sides is None:
        return "long" if candles.market_type == "spot" else "both"
    if sides not in ("both", "long"):
        raise BacktestError(f'sides must be "both" or "long", was {sides!r}')
    return sides
