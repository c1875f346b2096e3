"""Everything that is known of one strategy, gathered from the database and from the candle files of its run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from backtest import (
    Grade,
    GradeRule,
    Neighbourhood,
    Requirement,
    grade,
    neighbourhood,
    out_of_sample,
    prepare,
    requirements,
)
from backtest.neighbourhood import axes
from backtest.score import PARTS, WEIGHTS
from cluster.errors import UserError
from cluster.explanation.comparison import Side, sides_of
from cluster.explanation.stored_candles import stored_candles
from cluster.explanation.timeline import Timeline
from cluster.run_settings import RunSettings
from cluster.stored_evidence import configured_rule, stored_evidence
from cluster.thin_curve import thin_curve
from evolution import Space
from storage import (
    ConfigRepository,
    Database,
    EvidenceRepository,
    NotFoundError,
    RunRecord,
    RunRepository,
    StrategyRepository,
    TrialRepository,
)
from strategies import StrategyError, StrategySpec, get

__all__ = ["StrategyExplanation"]

_SOURCES = ("backtest", "oos", "paper", "live")


@dataclass(frozen=True, eq=False)
class StrategyExplanation:
    """All that is known of a strategy.

    Attributes
    ----------
    row : mapping
        Of the table `strategies`.
    run : RunRecord
        The run it comes from.
    data_set : mapping or None
        Row of the table `data_sets`: the candles it was scored on.
    rule : GradeRule
        What grades ask for at present.
    asked : tuple of Requirement
        Everything grades ask for, and how the strategy stands to it.
    present_grade : Grade
        What its evidence earns by the present rule.
    window : int
        The window it was scored in, from 0.
    sides : (Side, Side)
        In sample and out of sample.
    market : mapping or None
        What the run knows of its market: trials, luck, overfitting; None while its evidence is not gathered.
    lineage : mapping or None
        `nodes` and `edges`, as `TrialRepository.lineage` returns them, each node with its generation, window and
        parameters.
    neighbourhood : Neighbourhood or None
        The scores around it; None where its candles are gone.
    curves : mapping of str to mapping
        By source: `times`, `index` and `buy_and_hold`.
    notes : tuple of str
        What is missing, and why.
    """

    row: Mapping[str, Any]
    run: RunRecord
    data_set: Mapping[str, Any] | None
    rule: GradeRule
    asked: tuple[Requirement, ...]
    present_grade: Grade
    window: int
    sides: tuple[Side, Side]
    market: Mapping[str, Any] | None
    lineage: Mapping[str, Any] | None
    neighbourhood: Neighbourhood | None
    curves: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]

    @classmethod
    def gather(
        cls, database: Database, strategy: str, depth: int = 5, x: str | None = None, y: str | None = None
    ) -> "StrategyExplanation":
        """Read what is stored of a strategy, and score what surrounds it.

        Parameters
        ----------
        database : Database
            Where it is stored.
        strategy : str
            Its whole id.
        depth : int
            How many generations of ancestors, 0..50.
        x, y : str, optional
            The parameters of its neighbourhood; its first two unless given.

        Returns
        -------
        StrategyExplanation
            What cannot be known any more is missing from it, with a note.
        """
        runs = RunRepository(database.engine)
        row = StrategyRepository(database.engine).get(strategy)
        run = runs.get(row["run_id"])
        settings = RunSettings.stored(run.settings)
        timeline = Timeline.of(runs, run.id)
        rule = configured_rule(ConfigRepository(database.engine).get())
        evidence = stored_evidence(row)
        proofs = EvidenceRepository(database.engine)
        curves, data_set = _curves(proofs, strategy), proofs.data_set(row["data_hash"])
        with_curve = "backtest" not in curves
        around, computed, notes = _scored_again(row, settings, data_set, x, y, with_curve)
        lineage = _lineage(TrialRepository(database.engine), row, timeline, depth)
        if lineage is None:
            notes.append("its trial is not stored: no lineage")
        if run.evidence is None:
            notes.append(
                f"run {run.id} is {run.status}: evidence is gathered at its end (evoq evolve --resume {run.id})"
            )
        present = grade(evidence, rule)
        if row["oos_scs"] is not None and present.letter != row["grade"]:
            notes.append(f"by the thresholds of the present configuration its grade is {present.reason}")
        return cls(
            row=row,
            run=run,
            data_set=data_set,
            rule=rule,
            asked=requirements(evidence, rule),
            present_grade=present,
            window=timeline.window(row["generation"]),
            sides=sides_of(row),
            market=_market(run, row),
            lineage=lineage,
            neighbourhood=around,
            curves=curves | computed,
            notes=tuple(notes),
        )

    @property
    def simulated(self) -> bool:
        """Whether the prices never happened."""
        return str(self.row["origin"]).startswith("simulated:")

    @property
    def headline(self) -> str:
        """The strategy in a few words."""
        row = self.row
        return f"{row['type']} on {row['symbol']} {row['timeframe']} · {row['venue']}"

    @property
    def points(self) -> dict[str, tuple[float, float]]:
        """For each part of the SCS the points it gives, and how many it could."""
        parts = self.row["score_parts"] or {}
        return {
            part: (100.0 * weight * (parts.get(part) or 0.0), 100.0 * weight)
            for part, weight in zip(PARTS, WEIGHTS, strict=True)
        }

    def describe(self) -> dict[str, Any]:
        """Return everything as JSON values (`cluster.json_output` makes NaN null)."""
        around = self.neighbourhood
        return {
            "kind": "strategy",
            **self.row,
            "run": {
                "id": self.run.id,
                "status": self.run.status,
                "created_at": self.run.created_at,
                "settings": dict(self.run.settings),
            },
            "data_set": None if self.data_set is None else dict(self.data_set),
            "window": self.window,
            "thresholds": asdict(self.rule),
            "requirements": [asdict(one) for one in self.asked],
            "present_grade": {"grade": self.present_grade.letter, "grade_reason": self.present_grade.reason},
            "in_sample": asdict(self.sides[0]),
            "out_of_sample": asdict(self.sides[1]),
            "points": {part: {"points": points, "most": most} for part, (points, most) in self.points.items()},
            "market": None if self.market is None else dict(self.market),
            "lineage": None if self.lineage is None else dict(self.lineage),
            "neighbourhood": None
            if around is None
            else {
                "x_name": around.x_name,
                "y_name": around.y_name,
                "x_values": around.x_values,
                "y_values": around.y_values,
                "scs": around.scs,
                "at": list(around.at),
            },
            "curves": {source: dict(curve) for source, curve in self.curves.items()},
            "notes": list(self.notes),
        }


def _curves(evidence: EvidenceRepository, strategy: str) -> dict[str, Mapping[str, Any]]:
    stored = {source: evidence.curve(strategy, source) for source in _SOURCES}
    return {source: curve for source, curve in stored.items() if curve is not None}


def _scored_again(
    row: Mapping[str, Any],
    settings: RunSettings,
    data_set: Mapping[str, Any] | None,
    x: str | None,
    y: str | None,
    with_curve: bool,
) -> tuple[Neighbourhood | None, dict[str, Mapping[str, Any]], list[str]]:
    """Return the neighbourhood, the curve where it is not stored, and what is to be said about them."""
    lost = "no neighbourhood, and no curve" if with_curve else "no neighbourhood"
    try:
        spec = StrategySpec(row["type"], row["parameters"])
    except StrategyError as error:
        return None, {}, [f"{error}: {lost}"]
    axes(spec, x, y)  # a parameter that does not exist is told even where there are no candles
    try:
        candles = prepare(stored_candles(row, settings, None if data_set is None else data_set["n_candles"]))
    except UserError as error:
        return None, {}, [f"{error}: {lost}"]
    notes = []
    around = neighbourhood(spec, candles, x, y, costs=settings.costs)
    own = float(around.scs[around.y_values == around.at[1], around.x_values == around.at[0]][0])
    if row["scs"] is not None and abs(own - row["scs"]) > 1e-6:
        notes.append(f"this version of Evoq scores it {own:.1f}, {row['scs']:.1f} is stored: versions do not compare")
    curves: dict[str, Mapping[str, Any]] = {}
    if with_curve:
        curves["backtest"] = thin_curve(out_of_sample(spec, candles, 0, settings.costs))
    return around, curves, notes


def _lineage(trials: TrialRepository, row: Mapping[str, Any], timeline: Timeline, depth: int) -> dict[str, Any] | None:
    try:
        found = trials.lineage(row["run_id"], row["species"], row["child"], depth)
    except NotFoundError:
        return None
    names = _gene_names(row["type"])
    return {
        "nodes": [_node(node, timeline, names) for node in found["nodes"]],
        "edges": [list(edge) for edge in found["edges"]],
    }


def _gene_names(kind: str) -> Sequence[str]:
    try:
        return Space.of(get(kind)).names
    except StrategyError:
        return ()


def _node(node: Mapping[str, Any], timeline: Timeline, names: Sequence[str]) -> dict[str, Any]:
    generation = timeline.generation(node["batch"])
    known = len(names) == len(node["genome"])
    return {
        **node,
        "generation": generation,
        "window": timeline.window(generation),
        "parameters": dict(zip(names, node["genome"], strict=True)) if known else None,
    }


def _market(run: RunRecord, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    markets: Sequence[Mapping[str, Any]] = (run.evidence or {}).get("markets", ())
    same = (one for one in markets if (one["symbol"], one["timeframe"]) == (row["symbol"], row["timeframe"]))
    return next(same, None)
