"""Evolution over its generations: species, operators, the archive, the leaders, and what luck would have brought."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from cluster.api.behaviour_map import BehaviourMap, behaviour_map
from cluster.api.context import ApiContext, Context
from cluster.api.heavy_work import content_key
from cluster.api.luck import BINS, Luck, null_distribution
from cluster.api.problems import Problem
from cluster.api.strategy_answers import Grade, State
from cluster.api.values import Answer, BestFitness, Body, MedianFitness, Milliseconds, milliseconds
from storage import RunRecord

router = APIRouter(prefix="/api/quantitative/evolution", tags=["evolution"])

_SHOWN = (
    "id", "type", "symbol", "timeframe", "state", "scs", "oos_scs", "oos_trades", "psr", "dsr", "dsr_raw", "n_trials",
    "n_trials_effective", "excess_return", "grade", "grade_reason",
)  # fmt: skip


class RunParameters(Body):
    """Which run is meant, and which of its species."""

    run_id: str | None = Field(None, max_length=64, description="the one that was worked on last by default")
    species: str | None = Field(None, max_length=200, description="such as momentum BTC/USDT 1h; all by default")


class PopulationParameters(RunParameters):
    """What populations take."""

    generations: int = Field(200, ge=1, le=1_000, description="the latest ones, at most so many")


class LeaderParameters(Body):
    """What leaders take."""

    limit: int = Field(20, ge=1, le=200, description="at most so many")


class OperatorCount(Answer):
    """What an operator did in a generation."""

    tried: int = Field(description="children")
    accepted: int = Field(description="children that displaced a member")
    founded: int = Field(0, description="children that took an empty place, as there are when a window begins")


class Generation(Answer):
    """How a run stood after a generation; quartiles, diversity and coverage are means over the species."""

    generation: int
    ts: Milliseconds
    evaluations: int
    best_scs: BestFitness
    q25: float | None
    median_scs: MedianFitness
    q75: float | None
    diversity: float | None = Field(description="spread of the genes, about 1 for a population that fills its space")
    coverage: float | None = Field(
        description="share of the ways of trading that the archive of a species holds, 0..1; null until it is filled"
    )
    members: dict[str, int] | None = Field(description="by species; null where it was not written down")
    operators: dict[str, OperatorCount] | None = Field(description="by name; null where it was not written down")


class Populations(Answer):
    """The generations of a run."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run_id": "20260314-092653-k7qz",
                    "generations": [
                        {
                            "generation": 12,
                            "ts": 1_767_225_600_000,
                            "evaluations": 13_442,
                            "best_scs": 71.4,
                            "q25": 22.5,
                            "median_scs": 38.1,
                            "q75": 52.0,
                            "diversity": 0.84,
                            "coverage": 0.31,
                            "members": {"momentum|BTC/USDT:USDT|1h": 70},
                            "operators": {"mutation": {"tried": 410, "accepted": 36, "founded": 0}},
                        }
                    ],
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

    run_id: str
    generations: list[Generation] = Field(description="oldest first; the last one may be under way")
    as_of: Milliseconds


class Leader(Answer):
    """A strategy with out-of-sample evidence."""

    id: str
    type: str
    symbol: str
    timeframe: str
    state: State
    scs: float | None
    oos_scs: float | None
    oos_trades: int | None
    psr: float | None
    dsr: float | None = Field(description="with the effective number of trials")
    dsr_raw: float | None = Field(description="with every trial counted as independent")
    n_trials: int | None
    n_trials_effective: float | None
    excess_return: float | None
    grade: Grade
    grade_reason: str | None


class Overfitting(Answer):
    """How likely the choice of a market's strategies is overfitted."""

    symbol: str
    timeframe: str
    pbo: float | None = Field(description="probability of backtest overfitting, 0..1")
    n_trials: int | None
    n_trials_effective: float | None


class Leaders(Answer):
    """The best evidence of the desk."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": "kq3v7mzc2hda",
                            "type": "momentum",
                            "symbol": "BTC/USDT:USDT",
                            "timeframe": "1h",
                            "state": "candidate",
                            "scs": 71.4,
                            "oos_scs": 58.9,
                            "oos_trades": 96,
                            "psr": 0.91,
                            "dsr": 0.32,
                            "dsr_raw": 0.11,
                            "n_trials": 13_442,
                            "n_trials_effective": 61.5,
                            "excess_return": 0.04,
                            "grade": "C",
                            "grade_reason": "C: out-of-sample SCS 58.9, needs 65",
                        }
                    ],
                    "run_id": "20260314-092653-k7qz",
                    "overfitting": [
                        {
                            "symbol": "BTC/USDT:USDT",
                            "timeframe": "1h",
                            "pbo": 0.42,
                            "n_trials": 13_442,
                            "n_trials_effective": 61.5,
                        }
                    ],
                    "threshold": 65.0,
                    "as_of": 1_767_225_600_000,
                }
            ]
        }
    )

    items: list[Leader] = Field(description="best oos_scs first; retired strategies are left out")
    run_id: str | None = Field(description="the run that was worked on last")
    overfitting: list[Overfitting] = Field(description="of that run, by market; empty until its evidence was gathered")
    threshold: float = Field(description="real_trading_threshold of the configuration")
    as_of: Milliseconds


@router.get("/populations", response_model=Populations, summary="The generations of a run")
def show_populations(context: Context, parameters: Annotated[PopulationParameters, Query()]) -> dict[str, Any]:
    """Return how fitness, diversity, species and operators went, generation by generation."""
    run = _run(context, parameters.run_id)
    rows = context.generations.of_run(run.id, run.generation, parameters.generations, parameters.species)
    shown = [{**row, "ts": milliseconds(row["ts"])} for row in rows]
    return {"run_id": run.id, "generations": shown, "as_of": context.clock.now_ms()}


@router.get("/archive", response_model=BehaviourMap, summary="The ways of trading that a run has found")
async def show_archive(context: Context, parameters: Annotated[RunParameters, Query()]) -> dict[str, Any]:
    """Return the archive of a run as of its last stored batch; computed as a generation begins, and when it ends."""
    run = await run_in_threadpool(_run, context, parameters.run_id)
    state = context.runs

    def compute() -> dict[str, Any]:
        return behaviour_map(state.state(run.id).data, parameters.species)

    # A generation's members enter the archive with its last batch; a window that begins has emptied it before.
    has_ended = run.evaluations % int(run.settings.get("population", 1)) == 0
    key = content_key("archive", run.id, run.generation, has_ended, parameters.species)
    shown = await context.work.answer(key, compute)
    return {"run_id": run.id, "generation": run.generation, **shown, "as_of": context.clock.now_ms()}


@router.get("/leaders", response_model=Leaders, summary="The best evidence, and how much of it may be luck")
def show_leaders(context: Context, parameters: Annotated[LeaderParameters, Query()]) -> dict[str, Any]:
    """Return the strategies with the best out-of-sample scores, deflated by the number of trials."""
    run = context.runs.latest()
    evidence = {} if run is None or run.evidence is None else run.evidence
    rows = context.overview.leaders(parameters.limit)
    return {
        "items": [{name: row[name] for name in _SHOWN} for row in rows],
        "run_id": None if run is None else run.id,
        "overfitting": [_overfitting(one) for one in evidence.get("markets", [])],
        "threshold": context.config.get().auto_trading.real_trading_threshold,
        "as_of": context.clock.now_ms(),
    }


@router.get("/luck", response_model=Luck, summary="What luck alone brings about, beside what the desk has")
def show_luck(context: Context) -> dict[str, Any]:
    """Return how scores are distributed where nothing can be earned, and how those of the desk are."""
    types = context.overview.types()
    best = {
        "scs": max((one.best_scs for one in types if one.best_scs is not None), default=None),
        "oos_scs": max((one.best_oos_scs for one in types if one.best_oos_scs is not None), default=None),
    }
    counts = {name: context.overview.histogram(name, BINS) for name in best}
    return {
        **null_distribution(),
        **{name: {"n": sum(counts[name]), "counts": counts[name], "best": best[name]} for name in best},
        "threshold": context.config.get().auto_trading.real_trading_threshold,
        "as_of": context.clock.now_ms(),
    }


def _run(context: ApiContext, run_id: str | None) -> RunRecord:
    run = context.runs.latest() if run_id is None else context.runs.get(run_id)
    if run is None:
        raise Problem(404, "no_run", "there is no run yet: evolution begins once there are candles")
    return run


def _overfitting(market: dict[str, Any]) -> dict[str, Any]:
    return {name: market.get(name) for name in Overfitting.model_fields}
