"""Strategies as a desk tells of them: in a list, in full, and their curves, ancestors and surroundings."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ui.frames import times_of
from ui.page import Milliseconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Ancestor",
    "Condition",
    "Descent",
    "Equity",
    "Fold",
    "Lineage",
    "Neighbourhood",
    "Strategy",
    "StrategyDetail",
]


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A strategy in a list.

    Attributes
    ----------
    origin : str
        Of its candles: ``real:VENUE`` or ``simulated:SEED``.
    state : str
        candidate, enabled, live or retired.
    money : str
        simulated, paper or real.
    scs, oos_scs : float or None
        Score on all candles, those it was selected on included; and on candles after its selection, which is evidence.
        0..100.
    grade, grade_reason : str
        A, B or C, and the first thing that is missing for a better one.
    weight, pnl_day : float, Decimal or None
        None until there is trading.
    spark : tuple of float or None
        Its index in a few points.
    version : int
        Grows with every change; a command may ask for it.
    """

    id: str
    type: str
    symbol: str
    timeframe: str
    venue: str
    origin: str
    parameters: Mapping[str, float]
    generation: int
    round: int
    state: str
    enabled: bool
    money: str
    scs: float | None
    oos_scs: float | None
    grade: str
    grade_reason: str | None
    n_trades: int | None
    oos_trades: int | None
    win_rate: float | None
    sharpe: float | None
    profit_factor: float | None
    max_drawdown: float | None
    volatility: float | None
    weight: float | None
    pnl_day: Decimal | None
    spark: tuple[float, ...] | None
    version: int


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A span that a strategy was scored on: train, test, live or holdout."""

    kind: str
    start: Milliseconds
    stop: Milliseconds
    scs: float | None
    n_trades: int | None
    sharpe: float | None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One thing that grades ask for, and how a strategy stands to it.

    Attributes
    ----------
    name : str
        oos_trades, oos_scs, excess, psr or dsr.
    grades : str
        Which grades ask for it: AB, A or B.
    value : float or None
        What its evidence shows.
    needed : float
        The bound; excess must be above it, the others may equal it.
    """

    name: str
    grades: str
    value: float | None
    needed: float
    met: bool


@dataclass(frozen=True, kw_only=True)
class StrategyDetail(Strategy):
    """Everything about a strategy.

    Attributes
    ----------
    score_parts : mapping of str to float, or None
        The five parts of the SCS, 0..1.
    psr, dsr : float or None
        Probabilistic and deflated Sharpe ratio, 0..1.
    n_trials, n_trials_effective : int, float or None
        What was tried on its market until it was found: in all, and as independent ideas.
    excess_return : float or None
        Annual return beyond buy-and-hold at equal mean exposure.
    drift_bps, capacity, hurdle_rate
        None until there is trading, and the RWA hub.
    in_sample_scs : float or None
        On the candles that its selection saw, 0..100.
    dsr_raw : float or None
        Deflated with every trial counted as independent.
    total_return, buy_and_hold : float or None
        Of it and of holding, on all candles; fractions.
    exposure : float or None
        Share of the bars in which it held something.
    finalist : bool
        Whether later candles were looked at; only then there is evidence.
    selected_until : int or None
        Close of the last bar that its selection saw, ms UTC.
    conditions : tuple of Condition
        Everything that grades ask for by the present configuration, in the order of the obstacles.
    run_id, species, child, operator, seed, engine_version, data_hash, cost_hash
        Where it comes from, and what its scores depend on.
    """

    score_parts: Mapping[str, float | None] | None
    psr: float | None
    dsr: float | None
    n_trials: int | None
    n_trials_effective: float | None
    excess_return: float | None
    folds: tuple[Fold, ...] | None
    drift_bps: float | None
    capacity: Decimal | None
    hurdle_rate: float | None
    in_sample_scs: float | None
    dsr_raw: float | None
    total_return: float | None
    buy_and_hold: float | None
    exposure: float | None
    finalist: bool
    selected_until: Milliseconds | None
    conditions: tuple[Condition, ...]
    run_id: str
    species: str
    child: int
    operator: str | None
    seed: int | None
    engine_version: str
    data_hash: str
    cost_hash: str
    state_since: Milliseconds
    created_at: Milliseconds


@dataclass(frozen=True, kw_only=True)
class Equity:
    """The course of a strategy, in columns.

    Attributes
    ----------
    source : str
        backtest, oos, paper or live.
    time : tuple of int
        ms UTC.
    equity, buy_and_hold : tuple of (float or None)
        Compounded net return and the price, 1 at the start.
    drawdown : tuple of (float or None)
        0, or a negative fraction of the highest equity so far.
    """

    strategy_id: str
    source: str
    time: tuple[Milliseconds, ...]
    equity: tuple[float | None, ...]
    buy_and_hold: tuple[float | None, ...]
    drawdown: tuple[float | None, ...]
    as_of: Milliseconds

    def frame(self) -> "pd.DataFrame":
        """Return the curve as a table, by time."""
        import pandas as pd

        columns = {"equity": self.equity, "buy_and_hold": self.buy_and_hold, "drawdown": self.drawdown}
        table = pd.DataFrame({name: list(values) for name, values in columns.items()}, dtype=float)
        return table.set_index(times_of(list(self.time))).rename_axis("time")


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """A strategy or one of its ancestors; `alive` tells whether there is still a strategy with its id."""

    id: str
    alive: bool
    child: int
    operator: str
    fitness: float | None
    parameters: Mapping[str, float] | None
    batch: int
    depth: int


@dataclass(frozen=True, kw_only=True)
class Descent:
    """Who descends from whom."""

    parent: str
    child: str


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """A strategy and its ancestors, the nearest first."""

    nodes: tuple[Ancestor, ...]
    edges: tuple[Descent, ...]


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """The SCS around a strategy: a plateau, or a lonely peak.

    Attributes
    ----------
    x, y : str
        Two parameters.
    x_values, y_values : tuple of float
        The grid.
    scs : tuple of tuple of float
        One row for each of `y_values`.
    at : tuple of two float
        The strategy's own x and y.
    """

    x: str
    y: str
    x_values: tuple[float, ...]
    y_values: tuple[float, ...]
    scs: tuple[tuple[float | None, ...], ...]
    at: tuple[float, float]

    def frame(self) -> "pd.DataFrame":
        """Return the scores as a table: a row a value of y, a column a value of x."""
        import pandas as pd

        table = pd.DataFrame([list(row) for row in self.scs], list(self.y_values), list(self.x_values), float)
        return table.rename_axis(index=self.y, columns=self.x)
