"""Everything that is known of one run, gathered from the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backtest import GradeRule
from cluster.explanation.course import GenerationRow, course_of
from cluster.explanation.timeline import Timeline
from cluster.leaderboard import best_out_of_sample
from cluster.run_settings import RunSettings
from cluster.stored_evidence import configured_rule
from storage import (
    ConfigRepository,
    Database,
    EvidenceRepository,
    RunRecord,
    RunRepository,
    StrategyCounts,
    StrategyRepository,
)

__all__ = ["RunExplanation", "WindowRow"]

_PAGE = 500
_MOST_TOUCHES = 100_000


@dataclass(frozen=True, slots=True)
class WindowRow:
    """One window of a run, and what came of it.

    Attributes
    ----------
    window : int
        From 0.
    first, last : int
        Generations that searched it.
    selected_until : int or None
        Close of the last bar it sees, ms UTC; None without finalists.
    finalists : int
        How many it sent on.
    best_oos_scs : float or None
        Of its finalists; None without a score.
    """

    window: int
    first: int
    last: int
    selected_until: int | None
    finalists: int
    best_oos_scs: float | None


@dataclass(frozen=True, eq=False)
class RunExplanation:
    """All that is known of a run.

    Attributes
    ----------
    run : RunRecord
        The run, with its evidence.
    settings : RunSettings
        What it was asked to do.
    rule : GradeRule
        What grades ask for at present; strategies are counted by its score.
    markets : sequence of mapping
        Rows of the table `data_sets`: the candles that its strategies were scored on.
    counts : StrategyCounts
        Of its stored strategies.
    finalists : sequence of mapping
        Rows of the table `strategies`, the best evidence first.
    generations : sequence of GenerationRow
        How the search went.
    windows : sequence of WindowRow
        How it rolled.
    logs : sequence of mapping
        Rows of `strategy_optimization_logs`, the oldest first.
    touches : sequence of mapping
        Rows of `holdout_touches` of the run.
    """

    run: RunRecord
    settings: RunSettings
    rule: GradeRule
    markets: Sequence[Mapping[str, Any]]
    counts: StrategyCounts
    finalists: Sequence[Mapping[str, Any]]
    generations: Sequence[GenerationRow]
    windows: Sequence[WindowRow]
    logs: Sequence[Mapping[str, Any]]
    touches: Sequence[Mapping[str, Any]]

    @classmethod
    def gather(cls, database: Database, run_id: str) -> "RunExplanation":
        """Read what is stored of a run.

        Parameters
        ----------
        database : Database
            Where it is stored.
        run_id : str
            Its id.

        Returns
        -------
        RunExplanation
            As far as it has come.
        """
        runs, strategies = RunRepository(database.engine), StrategyRepository(database.engine)
        run = runs.get(run_id)
        settings = RunSettings.stored(run.settings)
        timeline = Timeline.of(runs, run_id)
        rule = configured_rule(ConfigRepository(database.engine).get())
        rows = _rows(strategies, run_id)
        finalists = best_out_of_sample(rows)
        evidence = EvidenceRepository(database.engine)
        touches = evidence.holdout_touches(run_id=run_id, limit=_MOST_TOUCHES)
        return cls(
            run=run,
            settings=settings,
            rule=rule,
            markets=_markets(evidence, rows),
            counts=strategies.counts(rule.oos_scs, run_id=run_id),
            finalists=finalists,
            generations=course_of(runs, run_id, timeline),
            windows=_windows(finalists, timeline, run.generation),
            logs=timeline.logs,
            touches=touches,
        )

    @property
    def simulated(self) -> bool:
        """Whether the prices never happened."""
        return self.run.origin.startswith("simulated:")

    @property
    def curve(self) -> Mapping[str, Any] | None:
        """What following the finalists of each test span would have earned; None where there is no such span."""
        found: Mapping[str, Any] | None = (self.run.evidence or {}).get("curve")
        return found

    @property
    def files(self) -> Mapping[str, bool]:
        """The candle files, the holdout's too, and whether each is still there."""
        return {path: Path(path).exists() for path in (*self.settings.candles, *self.settings.holdout)}

    def describe(self) -> dict[str, Any]:
        """Return everything as JSON values (`cluster.json_output` makes NaN null)."""
        return {
            "kind": "run",
            **{name: getattr(self.run, name) for name in RunRecord.__dataclass_fields__},
            "markets": [dict(market) for market in self.markets],
            "files": dict(self.files),
            "thresholds": asdict(self.rule),
            "counts": self.counts._asdict(),
            "windows": [asdict(row) for row in self.windows],
            "generations": [asdict(row) for row in self.generations],
            "logs": [dict(log) for log in self.logs],
            "holdout_touches": [dict(touch) for touch in self.touches],
            "finalists": [dict(row) for row in self.finalists],
        }


def _rows(strategies: StrategyRepository, run_id: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    while True:
        page = strategies.leaderboard(limit=_PAGE, offset=len(rows), sort="id", run_id=run_id)
        rows += page.items
        if not page.items or len(rows) >= page.total:
            return rows


def _markets(evidence: EvidenceRepository, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    known = [evidence.data_set(data_hash) for data_hash in sorted({row["data_hash"] for row in rows})]
    markets = [one for one in known if one is not None]
    return sorted(markets, key=lambda one: (one["symbol"], one["timeframe"], one["last_time"]))


def _windows(finalists: Sequence[Mapping[str, Any]], timeline: Timeline, generation: int) -> list[WindowRow]:
    searched: dict[int, list[int]] = {}
    for number in range(1, generation + 1):
        searched.setdefault(timeline.window(number), []).append(number)
    found = []
    for window, numbers in sorted(searched.items()):
        chosen = [row for row in finalists if timeline.window(row["generation"]) == window]
        scores = [row["oos_scs"] for row in chosen if row["oos_scs"] is not None]
        seen = [row["selected_until"] for row in chosen if row["selected_until"] is not None]
        found.append(
            WindowRow(
                window=window,
                first=numbers[0],
                last=numbers[-1],
                selected_until=max(seen, default=None),
                finalists=len(chosen),
                best_oos_scs=max(scores, default=None),
            )
        )
    return found
