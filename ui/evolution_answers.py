"""Evolution as a desk tells of it: generations, the archive, leaders, luck and runs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ui.frames import times_of
from ui.page import Milliseconds

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BehaviourMap",
    "Generation",
    "Leader",
    "Leaders",
    "Luck",
    "MapCell",
    "NullScores",
    "OperatorCount",
    "Overfitting",
    "Populations",
    "Run",
    "RunSettings",
    "Runs",
    "Survivors",
]


@dataclass(frozen=True, kw_only=True)
class OperatorCount:
    """What an operator did in a generation: its children, those that displaced a member, those that found room."""

    tried: int
    accepted: int
    founded: int = 0


@dataclass(frozen=True, kw_only=True)
class Generation:
    """How a run stood after a generation; quartiles, diversity and coverage are means over the species.

    Attributes
    ----------
    members, operators : mapping or None
        By species, and by name; None where that was not written down.
    """

    generation: int
    ts: Milliseconds
    evaluations: int
    best_scs: float | None
    q25: float | None
    median_scs: float | None
    q75: float | None
    diversity: float | None
    coverage: float | None
    members: Mapping[str, int] | None
    operators: Mapping[str, OperatorCount] | None


@dataclass(frozen=True, kw_only=True)
class Populations:
    """The generations of a run, oldest first; the last one may be under way."""

    run_id: str
    generations: tuple[Generation, ...]
    as_of: Milliseconds

    def frame(self) -> "pd.DataFrame":
        """Return the numbers of the generations as a table, by generation."""
        import pandas as pd

        names = ("generation", "ts", "evaluations", "best_scs", "q25", "median_scs", "q75", "diversity", "coverage")
        table = pd.DataFrame([[getattr(one, name) for name in names] for one in self.generations], columns=list(names))
        table["ts"] = times_of(table["ts"])
        return table.set_index("generation")


@dataclass(frozen=True, kw_only=True)
class MapCell:
    """A way of trading that somebody has found: its bins, and the best who trades like this."""

    holding: int
    exposure: int
    correlation: int
    best_scs: float
    species: str
    held: int


@dataclass(frozen=True, kw_only=True)
class BehaviourMap:
    """The archive of a run.

    Attributes
    ----------
    holding_bars : tuple of int
        Least bars of each bin of the holding time; the last one is open.
    exposure_edges, correlation_edges : tuple of float
        One more than bins.
    coverage : float
        Share of all cells that are held, 0..1; not all can be reached.
    """

    run_id: str
    generation: int
    holding_bars: tuple[int, ...]
    exposure_edges: tuple[float, ...]
    correlation_edges: tuple[float, ...]
    cells: tuple[MapCell, ...]
    coverage: float
    as_of: Milliseconds

    def frame(self) -> "pd.DataFrame":
        """Return the cells as a table."""
        import pandas as pd

        names = ["holding", "exposure", "correlation", "best_scs", "species", "held"]
        return pd.DataFrame([asdict(cell) for cell in self.cells], columns=names)


@dataclass(frozen=True, kw_only=True)
class Leader:
    """A strategy with out-of-sample evidence; `dsr` counts effective trials, `dsr_raw` all of them."""

    id: str
    type: str
    symbol: str
    timeframe: str
    state: str
    scs: float | None
    oos_scs: float | None
    oos_trades: int | None
    psr: float | None
    dsr: float | None
    dsr_raw: float | None
    n_trials: int | None
    n_trials_effective: float | None
    excess_return: float | None
    grade: str
    grade_reason: str | None


@dataclass(frozen=True, kw_only=True)
class Overfitting:
    """How likely the choice of a market's strategies is overfitted (PBO), and how many were tried there."""

    symbol: str
    timeframe: str
    pbo: float | None
    n_trials: int | None
    n_trials_effective: float | None


@dataclass(frozen=True, kw_only=True)
class Leaders:
    """The best evidence of the desk, the best first; `overfitting` is of the run, empty until that was measured."""

    items: tuple[Leader, ...]
    run_id: str | None
    overfitting: tuple[Overfitting, ...]
    threshold: float
    as_of: Milliseconds


@dataclass(frozen=True, kw_only=True)
class NullScores:
    """Scores without an edge; quantiles by share, such as 0.95."""

    n: int
    counts: tuple[int, ...]
    highest: float
    quantiles: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Survivors:
    """Scores of the strategies of the desk."""

    n: int
    counts: tuple[int, ...]
    best: float | None


@dataclass(frozen=True, kw_only=True)
class Luck:
    """What luck alone brings about, beside what the desk has.

    Attributes
    ----------
    edges : tuple of float
        Of the bins of all histograms, one more than counts.
    markets, strategies, bars : int
        Markets without an edge, strategies tried on each, candles of each.
    single, best, later : NullScores
        SCS of every strategy, of the best one of each market, and of that best one on later candles.
    scs, oos_scs : Survivors
        Of the desk.
    """

    edges: tuple[float, ...]
    markets: int
    strategies: int
    bars: int
    single: NullScores
    best: NullScores
    later: NullScores
    scs: Survivors
    oos_scs: Survivors
    threshold: float
    as_of: Milliseconds


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What a run was asked to do; None where it does not say."""

    population: int | None
    seed: int | None
    generations: int | None
    generations_per_window: int | None
    fee_bps: float | None
    slippage_bps: float | None
    forever: bool | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of evolution; state is running (also after a kill), done, interrupted or failed."""

    id: str
    started_at: Milliseconds
    updated_at: Milliseconds
    state: str
    origin: str
    engine_version: str
    settings: RunSettings
    generation: int
    round: int
    evaluations: int
    seconds: float | None
    best_scs: float | None
    population_hash: str | None


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The latest runs, the newest first."""

    items: tuple[Run, ...]
    as_of: Milliseconds
