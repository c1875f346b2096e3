"""What a strategy did, as a desk tells of it: trades, the price it traded, and what it returned."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ui.frames import times_of
from ui.page import Milliseconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Histogram", "Mark", "Month", "PriceChart", "ReturnTable", "TestSpan", "Trade"]


@dataclass(frozen=True, kw_only=True)
class Trade:
    """A closed trade; amounts in quote currency, the quantity in base units.

    Attributes
    ----------
    side : int
        1 long, -1 short.
    fees : Decimal
        Of both legs.
    pnl, net_return : Decimal, float or None
        Net; the return is over the entry notional.
    internal : bool
        Whether the other side was another strategy of the desk.
    """

    id: int
    side: int
    entry_time: Milliseconds
    exit_time: Milliseconds
    entry_price: Decimal
    exit_price: Decimal
    quantity: Decimal
    fees: Decimal
    pnl: Decimal
    net_return: Annotated[float | None, Field(alias="return")]
    money: str
    venue: str
    internal: bool


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A fill that began or ended a trade; `net_return` of the trade stands at its exit."""

    time: Milliseconds
    price: float
    side: int
    net_return: Annotated[float | None, Field(alias="return")] = None


@dataclass(frozen=True, kw_only=True)
class TestSpan:
    """A span after a selection: a walk-forward test."""

    __test__ = False

    since: Annotated[Milliseconds, Field(alias="from")]
    until: Annotated[Milliseconds, Field(alias="to")]


@dataclass(frozen=True, kw_only=True)
class PriceChart:
    """The price that a strategy has traded, in columns, with its trades.

    Attributes
    ----------
    bars_per_point : int
        Candles merged into each point; extremes are kept.
    side : tuple of int
        Held during the last candle of each point: 1 long, 0 flat, -1 short.
    entries, exits : tuple of Mark
        Of at most 500 trades, evenly chosen where there are more.
    n_trades_in_range : int
        Trades that were entered in the range.
    selected_until : int or None
        Close of the last candle that its selection saw.
    """

    strategy_id: str
    bars_per_point: int
    time: tuple[Milliseconds, ...]
    open: tuple[float, ...]
    high: tuple[float, ...]
    low: tuple[float, ...]
    close: tuple[float, ...]
    side: tuple[int, ...]
    entries: tuple[Mark, ...]
    exits: tuple[Mark, ...]
    n_trades_in_range: int
    test_spans: tuple[TestSpan, ...]
    selected_until: Milliseconds | None
    as_of: Milliseconds

    def frame(self) -> "pd.DataFrame":
        """Return candles and side as a table, by time."""
        import pandas as pd

        columns = {name: list(getattr(self, name)) for name in ("open", "high", "low", "close", "side")}
        return pd.DataFrame(columns).set_index(times_of(list(self.time))).rename_axis("time")


@dataclass(frozen=True, kw_only=True)
class Month:
    """What a month returned, UTC; None after the index has fallen to 0."""

    year: int
    month: int
    net_return: Annotated[float | None, Field(alias="return")]


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How many values lie between two edges; there is one more edge than counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ReturnTable:
    """What a strategy returned, net.

    Attributes
    ----------
    source : str
        backtest or oos.
    of : str
        What the distribution is of: trades or days.
    n : int
        Values in the histogram.
    """

    strategy_id: str
    source: str
    of: str
    monthly: tuple[Month, ...]
    histogram: Histogram
    n: int
    worst: float | None
    best: float | None
    mean: float | None
    median: float | None
    as_of: Milliseconds
