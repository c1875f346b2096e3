"""What the live page shows: the desk, the way from a score to a trade, each type, the next candle, and the map."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.desk_answers import DeskCondition, EvolutionState
from ui.page import Milliseconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FacetValue",
    "FeedState",
    "Funnel",
    "Overview",
    "Pace",
    "Reason",
    "StrategyFacets",
    "StrategyMap",
    "TypeCounts",
]


@dataclass(frozen=True, kw_only=True)
class Pace(EvolutionState):
    """How evolution stands, and how fast it goes.

    Attributes
    ----------
    strategy_bars_per_s : float or None
        Evaluations a second times the bars of each.
    interval_s : float
        Pause after each generation, as configured.
    next_generation_ts : int or None
        When the present pause ends at the earliest; None while a generation is worked on.
    """

    strategy_bars_per_s: float | None
    interval_s: float
    next_generation_ts: Milliseconds | None


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why strategies fail, and how many."""

    reason: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """The way from a score to a trade; retired strategies do not count.

    Attributes
    ----------
    threshold : float
        `real_trading_threshold` of the configuration.
    above_threshold : int
        With an SCS at or above it: no evidence by itself.
    reasons : tuple of Reason
        Why those above have no grade A, the commonest first; else of the finalists, else of all.
    """

    strategies: int
    threshold: float
    above_threshold: int
    grade_a: int
    grade_b: int
    enabled: int
    live: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class TypeCounts:
    """What the strategies of a type have come to."""

    type: str
    count: int
    best_scs: float | None
    median_scs: float | None
    best_oos_scs: float | None


@dataclass(frozen=True, kw_only=True)
class FeedState:
    """Where candles come from, and when the next one closes; None while no feed has told of itself.

    Attributes
    ----------
    speed : float or None
        Seconds of the market in one of ours.
    next_close_ts : int or None
        ms UTC by the desk's clock.
    """

    origin: str | None
    simulated: bool | None
    speed: float | None
    next_close_ts: Milliseconds | None


@dataclass(frozen=True, kw_only=True)
class Overview(DeskCondition):
    """What the live page shows."""

    evolution: Pace
    funnel: Funnel
    per_type: tuple[TypeCounts, ...]
    feed: FeedState


@dataclass(frozen=True, kw_only=True)
class FacetValue:
    """A value, and how many strategies have it."""

    value: str
    count: int


@dataclass(frozen=True, kw_only=True)
class StrategyFacets:
    """What strategies can be filtered by, as far as there are any: retired ones count too.

    Attributes
    ----------
    version : str
        Another one as soon as any strategy changes.
    """

    type: tuple[FacetValue, ...]
    symbol: tuple[FacetValue, ...]
    timeframe: tuple[FacetValue, ...]
    grade: tuple[FacetValue, ...]
    state: tuple[FacetValue, ...]
    version: str
    as_of: Milliseconds


@dataclass(frozen=True, kw_only=True)
class StrategyMap:
    """All strategies as points, in columns of the same length.

    Attributes
    ----------
    version : str
        Another one as soon as any strategy changes.
    """

    id: tuple[str, ...]
    type: tuple[str, ...]
    symbol: tuple[str, ...]
    timeframe: tuple[str, ...]
    scs: tuple[float | None, ...]
    oos_scs: tuple[float | None, ...]
    grade: tuple[str, ...]
    state: tuple[str, ...]
    n_trades: tuple[int | None, ...]
    version: str
    as_of: Milliseconds

    def __len__(self) -> int:
        return len(self.id)

    def frame(self) -> "pd.DataFrame":
        """Return the points as a table, by id; absent numbers as NaN."""
        import pandas as pd

        names = ("type", "symbol", "timeframe", "scs", "oos_scs", "grade", "state", "n_trades")
        table = pd.DataFrame({name: list(getattr(self, name)) for name in names}, index=list(self.id))
        numbers = ["scs", "oos_scs", "n_trades"]
        return table.astype(dict.fromkeys(numbers, float)).rename_axis("id")
