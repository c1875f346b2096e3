"""A folder of candles: one Parquet file for each venue, symbol and timeframe, which only ever grows or is corrected.

Whole histories are added, single new candles appended to the small tail of their file (`market.tail`). The files are
named so that `read_candles` understands them, and state their labels in their metadata too: what was written as
simulated cannot be read back as real, whatever it is renamed to.
"""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from market.candles import Candles
from market.errors import CandleError, CandleFileError, MarketError
from market.names import file_stem
from market.reading import METADATA_PREFIX, read_candles
from market.replacement import disk_errors, locked, replace_file
from market.spans import Span, union
from market.symbols import UNKNOWN, real_origin, simulated_origin, unified_symbol
from market.tail import MOST_RECORDS, drop_tail, extend_tail, file_stamp, read_tail, tail_path
from market.validation import COLUMNS

_ASKED = METADATA_PREFIX + "asked"


@dataclass(frozen=True, slots=True)
class StoredCandles:
    """What a store holds of one venue, symbol and timeframe.

    Attributes
    ----------
    path : Path
        Its file.
    venue, symbol, timeframe, market_type, origin : str
        As on `Candles`; empty where `problem` says that the file cannot be read.
    bars : int
        Bars present.
    first, last : int
        Opens of the first and the last bar, ms UTC.
    gaps, missing : int
        Runs of missing bars between them, and how many bars these lack together.
    problem : str or None
        Why the file cannot be read.
    """

    path: Path
    venue: str = ""
    symbol: str = ""
    timeframe: str = ""
    market_type: str = ""
    origin: str = ""
    bars: int = 0
    first: int = 0
    last: int = 0
    gaps: int = 0
    missing: int = 0
    problem: str | None = None


class CandleStore:
    """A folder of candles.

    Parameters
    ----------
    root : str or Path
        The folder; made when something is first added.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def path(self, venue: str, symbol: str, timeframe: str, origin: str | None = None) -> Path:
        """Return the file that holds, or would hold, such candles.

        Parameters
        ----------
        venue : str
            Such as "binance"; "simulated-7" names the market of seed 7.
        symbol : str
            Unified symbol.
        timeframe : str
            A known timeframe.
        origin : str, optional
            By default "real:VENUE", or "simulated:SEED" for a venue "simulated-SEED".

        Returns
        -------
        Path
            Different for candles that differ in any of these.
        """
        if origin is None:
            _, simulated, seed = venue.partition("simulated-")
            origin = simulated_origin(seed.partition("-")[0]) if simulated else real_origin(venue)
        return self.root / f"{file_stem(venue, unified_symbol(symbol, venue), timeframe, origin)}.parquet"

    def add(self, candles: Candles, asked: Iterable[Span] | None = None) -> Candles:
        """Add candles; where a bar is stored already, the new one replaces it.

        Adding the same candles again changes nothing. Writers at the same time wait for each other, and the file is
        replaced in one step.

        Parameters
        ----------
        candles : Candles
            Of a known symbol.
        asked : iterable of (int, int), optional
            Spans that the venue has been asked for in full, ms UTC, end excluded: bars missing there do not exist.
            By default from the first bar to the last.

        Returns
        -------
        Candles
            Everything that is now stored under these labels; `CandleError` where the symbol is unknown, or the stored
            bars lie on another grid.
        """
        path, spans = self._place(candles, asked)
        with disk_errors(path):
            self.root.mkdir(parents=True, exist_ok=True)
            with locked(path):
                return self._added(path, candles, spans)

    def append(self, candles: Candles, asked: Iterable[Span] | None = None) -> None:
        """Add a few new or corrected candles at the cost of a few, however many are stored; durable on return.

        The errors are those of `add`.

        Parameters
        ----------
        candles : Candles
            As for `add`, which they are handed to where there are very many, or none stored yet.
        asked : iterable of (int, int), optional
            As for `add`.
        """
        path, spans = self._place(candles, asked)
        with disk_errors(path):
            self.root.mkdir(parents=True, exist_ok=True)
            with locked(path):
                if len(candles) + len(spans) > MOST_RECORDS or not path.exists():
                    self._added(path, candles, spans)
                    return
                _check_grid(_first_open(path), candles)
                if extend_tail(path, candles, spans) > MOST_RECORDS:
                    with contextlib.suppress(OSError):  # what was appended is safe, and the next one tries again
                        self._merge_tail(path)

    def _place(self, candles: Candles, asked: Iterable[Span] | None) -> tuple[Path, tuple[Span, ...]]:
        if candles.symbol == UNKNOWN:
            raise CandleError("candles to be stored must have a symbol, had none; read them with symbol='BTC/USDT'")
        path = self.path(candles.venue, candles.symbol, candles.timeframe, candles.origin)
        return path, ((int(candles.timestamp[0]), candles.close_time),) if asked is None else tuple(asked)

    def _added(self, path: Path, candles: Candles, spans: tuple[Span, ...]) -> Candles:
        if not path.exists():
            drop_tail(path)  # of a file that somebody took away
        stored, known = self._load(path)
        merged = candles if stored is None else _merged(stored, candles)
        asked_now = union([*known, *spans])
        if merged != stored or asked_now != known:
            replace_file(path, _parquet(merged, asked_now))
            drop_tail(path)
        return merged

    def _merge_tail(self, path: Path) -> None:
        stored, known = self._load(path)
        assert stored is not None
        replace_file(path, _parquet(stored, known))
        drop_tail(path)

    def read(self, venue: str, symbol: str, timeframe: str, origin: str | None = None) -> Candles:
        """Return the candles stored under such labels.

        Parameters
        ----------
        venue, symbol, timeframe, origin
            As for `path`.

        Returns
        -------
        Candles
            All of them.

        Raises
        ------
        CandleFileError
            If there are none, with what there is; or if the file is damaged.
        """
        path = self.path(venue, symbol, timeframe, origin)
        if not path.exists():
            held = ", ".join(sorted(file.stem for file in self.files())) or "nothing"
            raise CandleFileError(f"{self.root} holds no {path.stem}; fetch it first; it holds {held}")
        return read_candles(path)

    def asked(self, venue: str, symbol: str, timeframe: str, origin: str | None = None) -> tuple[Span, ...]:
        """Return the spans that the venue has been asked for in full.

        Parameters
        ----------
        venue, symbol, timeframe, origin
            As for `path`.

        Returns
        -------
        tuple of (int, int)
            ms UTC, end excluded, sorted; empty where nothing is stored.
        """
        return self._load(self.path(venue, symbol, timeframe, origin))[1]

    def list(self) -> tuple[StoredCandles, ...]:
        """Return what the store holds, by file name; a file that cannot be read is listed with its problem."""
        return tuple(_described(path) for path in self.files())

    def files(self) -> tuple[Path, ...]:
        """Return the files of the store by name, whether or not they can be read."""
        return tuple(sorted(path for path in self.root.glob("*.parquet") if not path.name.startswith(".")))

    def changed_ms(self, path: Path) -> int:
        """Return when something was last stored in a file of the store, ms UTC by the clock of the file system.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        int
            0 where there is none.
        """
        stamps = [file_stamp(each) for each in (path, tail_path(path))]
        return max((stamp[1] // 1_000_000 for stamp in stamps if stamp), default=0)

    def _load(self, path: Path) -> tuple[Candles | None, tuple[Span, ...]]:
        if not path.exists():
            return None, ()
        try:
            stored = read_candles(path)
        except MarketError as error:
            raise CandleFileError(f"{error}, after moving this file away") from None
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
        spans = json.loads(metadata.get(_ASKED.encode(), b"[]"))
        own = (int(stored.timestamp[0]), stored.close_time)
        return stored, union([*([(start, end) for start, end in spans] or [own]), *read_tail(path).asked])


def _described(path: Path) -> StoredCandles:
    try:
        candles = read_candles(path)
    except MarketError as error:
        return StoredCandles(path, problem=str(error))
    gaps = candles.gaps
    return StoredCandles(
        path=path,
        venue=candles.venue,
        symbol=candles.symbol,
        timeframe=candles.timeframe,
        market_type=candles.market_type,
        origin=candles.origin,
        bars=len(candles),
        first=int(candles.timestamp[0]),
        last=int(candles.timestamp[-1]),
        gaps=len(gaps),
        missing=sum(gap.bars for gap in gaps),
    )


def _first_open(path: Path) -> int:
    """Return the first bar open of a file of ours, from its footer alone."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            group = file.metadata.row_group(0)
            columns = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}
            return int(columns["timestamp"].statistics.min)
    except (pa.ArrowException, KeyError, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CandleFileError(f"{path}: is no file of ours ({reason}); fetch it again, after moving it away") from None


def _check_grid(first_open: int, new: Candles) -> None:
    offset = (int(new.timestamp[0]) - first_open) % new.timeframe_ms
    if offset:
        raise CandleError(
            f"new candles must lie on the grid of those stored, were {offset / 1000:g} s off it; "
            f"move the stored file of {new.symbol} away to start anew"
        )


def _merged(stored: Candles, new: Candles) -> Candles:
    _check_grid(int(stored.timestamp[0]), new)
    kept = ~np.isin(stored.timestamp, new.timestamp)
    times = np.concatenate([stored.timestamp[kept], new.timestamp])
    order = np.argsort(times)
    columns = {name: np.concatenate([getattr(stored, name)[kept], getattr(new, name)])[order] for name in COLUMNS}
    return Candles(
        timestamp=times[order],
        **columns,
        symbol=new.symbol,
        timeframe=new.timeframe,
        venue=new.venue,
        market_type=new.market_type,
        origin=new.origin,
    )


def _parquet(candles: Candles, asked: tuple[Span, ...]) -> memoryview:
    labels = {name: getattr(candles, name) for name in ("venue", "symbol", "timeframe", "market_type", "origin")}
    metadata = {METADATA_PREFIX + name: value for name, value in labels.items()} | {_ASKED: json.dumps(asked)}
    table = pa.table({name: getattr(candles, name) for name in ("timestamp", *COLUMNS)}, metadata=metadata)
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return memoryview(sink.getvalue())
