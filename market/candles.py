"""Candles: immutable columns of open, high, low, close and volume, valid by construction."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from market.errors import CandleError, MarketError
from market.instants import Instant, instant_ms, iso
from market.symbols import UNKNOWN, MarketType, check_identity, market_type_of, real_origin, unified_symbol
from market.timeframe import KNOWN, YEAR_MS, canonical, infer_timeframe
from market.validation import COLUMNS, check_rows

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike | Iterable[float]


@dataclass(frozen=True, slots=True)
class Gap:
    """Bars that are missing between two that are present.

    Attributes
    ----------
    start : int
        Open of the first missing bar, ms UTC.
    end : int
        Open of the first bar present again, ms UTC.
    bars : int
        How many are missing.
    """

    start: int
    end: int
    bars: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candles:
    """Candles of one symbol at one venue in one timeframe; every one in existence obeys every rule.

    The columns are copied into memory that nobody can write to. Gaps are kept, not filled.

    Parameters
    ----------
    timestamp : array_like of int64, shape (n_bars,)
        Bar opens, ms UTC, strictly rising, on the grid of the timeframe anchored at the first one.
    open, high, low, close : array_like of float64, shape (n_bars,)
        Positive and finite prices, in quote currency; low and high enclose open and close.
    volume : array_like of float64, shape (n_bars,)
        Finite and not negative, in base currency.
    symbol : str
        Unified symbol, "BTC/USDT" or "BTC/USDT:USDT", or "unknown".
    timeframe : str
        A known timeframe, "1h".
    venue : str
        Lower-case name, "binance", or "unknown".
    market_type : str
        "spot" or "swap".
    origin : str
        "real:VENUE" or "simulated:SEED".

    Raises
    ------
    CandleError
        If a row breaks a rule (the first one is named), lengths differ, there is no row, or labels contradict.
    UnknownNameError
        If the timeframe is not a known one.

    See Also
    --------
    Candles.from_arrays : the same with the labels worked out.
    """

    timestamp: npt.NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    symbol: str
    timeframe: str
    venue: str
    market_type: MarketType
    origin: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "timestamp", _frozen_times(self.timestamp))
        for name in COLUMNS:
            object.__setattr__(self, name, _frozen_floats(name, getattr(self, name)))
        object.__setattr__(self, "timeframe", canonical(self.timeframe))
        lengths = {name: len(getattr(self, name)) for name in ("timestamp", *COLUMNS)}
        if len(set(lengths.values())) > 1:
            raise CandleError(f"columns must have one length, were {lengths}; cut them to the same rows")
        if not len(self.timestamp):
            raise CandleError("candles must have at least one row, had none; choose a range that holds some")
        check_rows(self.timestamp, self._columns(), self.timeframe, self.timeframe_ms)
        check_identity(self.symbol, self.venue, self.market_type, self.origin)

    @classmethod
    def from_arrays(
        cls,
        timestamp: Numbers,
        open: Numbers,  # noqa: A002  the field's name for it, as in the columns
        high: Numbers,
        low: Numbers,
        close: Numbers,
        volume: Numbers,
        *,
        symbol: str = UNKNOWN,
        timeframe: str | None = None,
        venue: str = UNKNOWN,
        market_type: MarketType | None = None,
        origin: str | None = None,
    ) -> Self:
        """Return candles from columns, with the labels that are not given worked out.

        Parameters
        ----------
        timestamp, open, high, low, close, volume : array_like, shape (n_bars,)
            The columns; they are copied.
        symbol : str
            Unified symbol; at a venue whose name contains "usdm", "BTC/USDT" means "BTC/USDT:USDT".
        timeframe : str, optional
            By default the smallest difference of the timestamps.
        venue : str
            Where the prices are from.
        market_type : str, optional
            By default what symbol and venue imply, "swap" where nothing says.
        origin : str, optional
            By default "real:VENUE".

        Returns
        -------
        Candles
            Valid candles; `CandleError` as on the class.
        """
        times = _frozen_times(timestamp)
        unified = unified_symbol(symbol, venue)
        return cls(
            timestamp=times,
            open=open,  # type: ignore[arg-type]  # __post_init__ turns whatever it is into a column
            high=high,  # type: ignore[arg-type]
            low=low,  # type: ignore[arg-type]
            close=close,  # type: ignore[arg-type]
            volume=volume,  # type: ignore[arg-type]
            symbol=unified,
            timeframe=resolve_timeframe(times, timeframe),
            venue=venue,
            market_type=market_type or market_type_of(unified, venue),
            origin=origin or real_origin(venue),
        )

    def __len__(self) -> int:
        return len(self.timestamp)

    def __getitem__(self, rows: slice) -> Self:
        """Return the candles of a range of rows, sharing memory; a step and an empty range are refused."""
        if not isinstance(rows, slice) or rows.step not in {None, 1}:
            raise CandleError(f"candles are indexed by a range of rows such as candles[10:20], was {rows!r}")
        if not len(self.timestamp[rows]):
            raise CandleError(f"rows {rows.start}:{rows.stop} of {len(self)} hold no candle; choose a range that does")
        arrays = {name: getattr(self, name)[rows] for name in ("timestamp", *COLUMNS)}
        return self._trusted(arrays | self._labels())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Candles):
            return NotImplemented
        return self._labels() == other._labels() and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in ("timestamp", *COLUMNS)
        )

    def __hash__(self) -> int:
        return hash((*self._labels().values(), len(self), int(self.timestamp[0])))

    def __repr__(self) -> str:
        span = f"{iso(int(self.timestamp[0]))} to {iso(self.close_time)}"
        return f"Candles({self.symbol} {self.timeframe} {self.origin}, {len(self)} bars, {span})"

    def __reduce__(self) -> tuple[object, ...]:
        arrays = {name: getattr(self, name) for name in ("timestamp", *COLUMNS)}
        return self._trusted, (arrays | self._labels(),)

    @property
    def timeframe_ms(self) -> int:
        """Length of a bar in ms."""
        return KNOWN[self.timeframe]

    @property
    def close_time(self) -> int:
        """When the last bar closes, ms UTC."""
        return int(self.timestamp[-1]) + self.timeframe_ms

    @property
    def bars_per_year(self) -> float:
        """Bars in 365 days, at the share of bars that is present from the first to the last."""
        spanned = (self.close_time - int(self.timestamp[0])) // self.timeframe_ms
        return YEAR_MS / self.timeframe_ms * (len(self) / spanned)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The runs of missing bars, oldest first."""
        steps = np.diff(self.timestamp)
        return tuple(
            Gap(
                start=int(self.timestamp[row]) + self.timeframe_ms,
                end=int(self.timestamp[row + 1]),
                bars=int(steps[row]) // self.timeframe_ms - 1,
            )
            for row in np.flatnonzero(steps > self.timeframe_ms)
        )

    @property
    def data_hash(self) -> str:
        """SHA-256, in hex, of every value and label: equal exactly where the candles are equal."""
        digest = hashlib.sha256(json.dumps([len(self), self._labels()], sort_keys=True).encode())
        digest.update(self.timestamp.astype("<i8").tobytes())
        for name in COLUMNS:
            digest.update(getattr(self, name).astype("<f8").tobytes())
        return digest.hexdigest()

    def split(self, *, at: Instant) -> tuple[Self, Self]:
        """Return the candles before a time and those from it on.

        Parameters
        ----------
        at : int, str or datetime
            ms UTC, ISO 8601 or a datetime; the second part starts at the first bar that opens then or later.

        Returns
        -------
        train : Candles
            Bars that open before `at`.
        holdout : Candles
            The others.

        Raises
        ------
        MarketError
            If one of the two would be empty.
        """
        row = int(np.searchsorted(self.timestamp, instant_ms(at), side="left"))
        if row in {0, len(self)}:
            first, last = iso(int(self.timestamp[0])), iso(int(self.timestamp[-1]))
            raise MarketError(
                f"a split must leave candles on both sides: at must be after {first} and at most {last}, "
                f"was {iso(instant_ms(at))}"
            )
        return self[:row], self[row:]

    def followed_by(self, later: "Candles") -> "Candles":
        """Return these candles and later ones of the same market as one set: what `split` took apart.

        Parameters
        ----------
        later : Candles
            The same symbol, timeframe, venue and origin, on the same grid; a gap between the two is kept.

        Returns
        -------
        Candles
            Both.

        Raises
        ------
        CandleError
            If they are of another market, begin before these end, or lie on another grid.
        """
        for name, value in self._labels().items():
            if getattr(later, name) != value:
                raise CandleError(
                    f"later candles must have the same {name} ({value}), had {getattr(later, name)}; "
                    "take both from the same source"
                )
        if int(later.timestamp[0]) <= int(self.timestamp[-1]):
            raise CandleError(
                f"later candles must begin after {iso(int(self.timestamp[-1]))}, where the others end, began at "
                f"{iso(int(later.timestamp[0]))}; cut them there"
            )
        offset = (int(later.timestamp[0]) - int(self.timestamp[0])) % self.timeframe_ms
        if offset:
            raise CandleError(f"later candles must lie on the grid of the others, were {offset / 1000:g} s off it")
        return self._trusted(
            {
                **self._labels(),
                "timestamp": np.concatenate([self.timestamp, later.timestamp]),
                **{name: np.concatenate([values, getattr(later, name)]) for name, values in self._columns().items()},
            }
        )

    @classmethod
    def _trusted(cls, fields: dict[str, Any]) -> Self:
        """Return candles from parts of valid ones (a slice, a pickle) without checking them again."""
        made = object.__new__(cls)
        for name, value in fields.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(made, name, value)
        return made

    def _columns(self) -> dict[str, Floats]:
        return {name: getattr(self, name) for name in COLUMNS}

    def _labels(self) -> dict[str, str]:
        return {
            "symbol": self.symbol,
            "timeframe": self.timeframe,
            "venue": self.venue,
            "market_type": self.market_type,
            "origin": self.origin,
        }


def resolve_timeframe(timestamp: npt.NDArray[np.int64], stated: str | None) -> str:
    """Return the timeframe of bar opens: the stated one, or the one they spell out.

    Parameters
    ----------
    timestamp : ndarray of int64, shape (n_bars,)
        Bar opens, ms UTC.
    stated : str, optional
        What the caller or the file says.

    Returns
    -------
    str
        Canonical name. Unsorted opens get one as well, so that the rules can name the row that is out of order.

    Raises
    ------
    CandleError
        If nothing is stated and the timestamps do not spell out a known timeframe.
    """
    if stated is not None:
        return canonical(stated)
    inferred = infer_timeframe(np.unique(timestamp))
    if inferred is not None:
        return inferred
    if len(timestamp) < 2:
        raise CandleError(
            "a single candle does not show its timeframe; state it, for example timeframe='1h' (option --timeframe 1h)"
        )
    steps, counts = np.unique(np.diff(np.unique(timestamp)), return_counts=True)
    if not len(steps):
        raise CandleError("row 1: timestamp must not occur twice; drop the duplicate row")
    # Some step does not fit: the commonest one tells which rows are off its grid, and check_rows names the first.
    commonest = int(steps[counts.argmax()])
    for name, length in KNOWN.items():
        if length == commonest:
            return name
    raise CandleError(
        f"the smallest step between timestamps must be a known timeframe ({', '.join(KNOWN)}), was "
        f"{int(steps[0]) / 1000:g} s; state the timeframe or resample the candles"
    )


def _array(values: Numbers) -> npt.NDArray[Any]:
    return np.asarray(values if hasattr(values, "__array__") or isinstance(values, Sequence) else list(values))  # type: ignore[arg-type]


def _frozen_times(values: Numbers) -> npt.NDArray[np.int64]:
    array = _array(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise CandleError(
            f"timestamp must be a column of integers, ms UTC, was {array.dtype} of shape {array.shape}; convert it"
        )
    return np.frombuffer(array.astype(np.int64).tobytes(), dtype=np.int64)


def _frozen_floats(name: str, values: Numbers) -> Floats:
    array = _array(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iuf"):
        raise CandleError(
            f"{name} must be a column of numbers, was {array.dtype} of shape {array.shape}; convert it to float"
        )
    # bytes are immutable, so nobody can make the column writable again; + 0.0 turns -0.0 into 0.0 (equal, one hash)
    return np.frombuffer((array.astype(np.float64) + 0.0).tobytes(), dtype=np.float64)
