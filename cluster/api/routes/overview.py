"""What the live page shows, in one answer: the desk, the way from a score to a trade, each type, the next candle."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from cluster.api.condition import EVOLUTION, FEED
from cluster.api.context import ApiContext, Context
from cluster.api.desk_status import SHOWN, DeskCondition, Evolution, condition_answer
from cluster.api.feed_clock import FeedClock, FeedState
from cluster.api.values import Answer, Milliseconds, finite, milliseconds
from storage import RunRecord, StatusRecord

router = APIRouter(prefix="/api/quantitative/overview", tags=["system"])

_EXAMPLE: dict[str, Any] = SHOWN | {
    "evolution": SHOWN["evolution"]
    | {"strategy_bars_per_s": 8_200_000.0, "interval_s": 60.0, "next_generation_ts": 1_767_225_640_000},
    "per_type": [{"type": "momentum", "count": 210, "best_scs": 71.4, "median_scs": 38.1, "best_oos_scs": 58.9}],
    "funnel": {
        "strategies": 1034,
        "threshold": 65.0,
        "above_threshold": 41,
        "grade_a": 0,
        "grade_b": 2,
        "enabled": 20,
        "live": 0,
        "reasons": [{"reason": "C: out-of-sample SCS, needs 65", "count": 37}],
    },
    "feed": {"origin": "simulated:7", "simulated": True, "speed": 20.0, "next_close_ts": 1_767_225_603_000},
}


class Pace(Evolution):
    """How evolution stands, and how fast it goes."""

    strategy_bars_per_s: float | None = Field(description="evaluations a second times the bars of each")
    interval_s: float = Field(description="pause after each generation, as configured")
    next_generation_ts: Milliseconds | None = Field(
        description="when the present pause ends at the earliest; null while a generation is worked on"
    )


class Reason(Answer):
    """Why strategies fail."""

    reason: str = Field(description="a grade_reason without the strategy's own value")
    count: int


class Funnel(Answer):
    """The way from a score to a trade; retired strategies do not count."""

    strategies: int
    threshold: float = Field(description="real_trading_threshold of the configuration")
    above_threshold: int = Field(description="with an SCS at or above the threshold: no evidence by itself")
    grade_a: int
    grade_b: int
    enabled: int
    live: int
    reasons: list[Reason] = Field(
        description="why those above the threshold have no grade A, the commonest first; else of finalists, else of all"
    )


class TypeCounts(Answer):
    """What the strategies of a type have come to."""

    type: str
    count: int
    best_scs: float | None = Field(description="best SCS on all candles, 0..100")
    median_scs: float | None = Field(description="median SCS on all candles, 0..100")
    best_oos_scs: float | None


class Overview(DeskCondition):
    """What the live page shows."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    evolution: Pace
    funnel: Funnel
    per_type: list[TypeCounts]
    feed: FeedState


@router.get("", response_model=Overview, summary="What the live page shows")
def show_overview(context: Context) -> dict[str, Any]:
    """Return the desk, its strategies and its feed in one answer; cheap enough to be asked every second."""
    told = context.measured.latest_all()
    run = context.runs.latest()
    trading = context.config.get().auto_trading
    answer = condition_answer(context, run, told)
    answer["evolution"] |= _pace(run, told.get(EVOLUTION), answer["evolution"], trading.evolution_interval)
    return {
        **answer,
        "funnel": _funnel(context, trading.real_trading_threshold),
        "per_type": [asdict(one) for one in context.overview.types()],
        "feed": FeedClock(told.get(FEED), answer["as_of"]).answer(),
    }


def _pace(
    run: RunRecord | None, told: StatusRecord | None, evolution: Mapping[str, Any], interval_s: float
) -> dict[str, Any]:
    """Return how fast evolution goes, as long as that is news, and when it goes on."""
    pace: dict[str, Any] = {"strategy_bars_per_s": None, "interval_s": interval_s, "next_generation_ts": None}
    if run is None or told is None or evolution["state"] != "running" or told.data.get("run_id") != run.id:
        return pace
    bars, evaluations = told.data.get("strategy_bars_per_s"), told.data.get("evaluations")
    if bars is not None and evolution["evaluations_per_s"] is not None:
        pace["strategy_bars_per_s"] = finite(float(bars))
    population = run.settings.get("population")
    if isinstance(population, int) and population > 0 and evaluations and evaluations % population == 0:
        pace["next_generation_ts"] = milliseconds(told.ts + timedelta(seconds=interval_s))
    return pace


def _funnel(context: ApiContext, threshold: float) -> dict[str, Any]:
    reasons = [{"reason": reason, "count": count} for reason, count in context.overview.reasons(threshold)]
    return {**context.strategies.counts(threshold)._asdict(), "threshold": threshold, "reasons": reasons}
