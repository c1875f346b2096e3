"""Strategies in the form of answers: a row of the list, and everything about one."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import ConfigDict, Field

from cluster.api.grade_conditions import Condition, grade_conditions
from cluster.api.values import Answer, Milliseconds, Money, milliseconds
from storage import ConfigRecord

__all__ = [
    "Grade",
    "Kind",
    "State",
    "StrategyDetail",
    "StrategyId",
    "StrategySummary",
    "strategy_detail",
    "strategy_summary",
]

StrategyId = Annotated[str, Path(alias="id", max_length=64, examples=["kq3v7mzc2hda"])]
Grade = Literal["A", "B", "C"]
State = Literal["candidate", "enabled", "live", "retired"]
Kind = Literal["paper", "simulated", "real"]

_EXAMPLE: dict[str, Any] = {
    "id": "kq3v7mzc2hda",
    "type": "momentum",
    "symbol": "BTC/USDT:USDT",
    "timeframe": "1h",
    "venue": "simulated-7",
    "origin": "simulated:7",
    "parameters": {"lookback_period": 24, "threshold": 0.012, "stop_loss": 0.0, "take_profit": 0.0},
    "generation": 12,
    "round": 3,
    "state": "candidate",
    "enabled": False,
    "money": "simulated",
    "scs": 71.4,
    "oos_scs": 58.9,
    "grade": "C",
    "grade_reason": "C: out-of-sample SCS 58.9, needs 65",
    "n_trades": 412,
    "oos_trades": 96,
    "win_rate": 0.47,
    "sharpe": 1.9,
    "profit_factor": 1.31,
    "max_drawdown": 0.18,
    "volatility": 0.35,
    "weight": None,
    "pnl_day": None,
    "spark": [1.0, 1.02, 1.01, 1.05],
    "version": 1,
}


_DETAIL_EXAMPLE: dict[str, Any] = {
    "score_parts": {"win_rate": 0.62, "sharpe": 0.71, "profit_factor": 0.8, "max_drawdown": 0.7, "volatility": 0.75},
    "psr": 0.91,
    "dsr": 0.32,
    "n_trials": 13_442,
    "n_trials_effective": 61.5,
    "excess_return": 0.04,
    "folds": [
        {
            "kind": "test",
            "start": 1_759_276_800_000,
            "stop": 1_767_225_600_000,
            "scs": 58.9,
            "n_trades": 96,
            "sharpe": 1.1,
        }
    ],
    "drift_bps": None,
    "capacity": None,
    "hurdle_rate": None,
    "in_sample_scs": 74.0,
    "dsr_raw": 0.11,
    "total_return": 0.31,
    "buy_and_hold": 0.27,
    "exposure": 0.44,
    "finalist": True,
    "selected_until": 1_759_276_800_000,
    "conditions": [{"name": "oos_scs", "grades": "A", "value": 58.9, "needed": 65.0, "met": False}],
    "run_id": "20260314-092653-k7qz",
    "species": "momentum|BTC/USDT:USDT|1h",
    "child": 812,
    "operator": "mutation",
    "seed": 7,
    "engine_version": "1",
    "data_hash": "5d41402abc4b2a76b9719d911017c592",
    "cost_hash": "7d793037a0760186574b0282f2f435e7",
    "state_since": 1_767_225_600_000,
    "created_at": 1_767_225_600_000,
}


class StrategySummary(Answer):
    """A strategy in a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    type: str
    symbol: str
    timeframe: str
    venue: str
    origin: str = Field(description="real:VENUE or simulated:SEED")
    parameters: dict[str, float]
    generation: int
    round: int
    state: State
    enabled: bool
    money: Kind
    scs: float | None = Field(description="SCS on all candles, 0..100; what it was selected on included")
    oos_scs: float | None = Field(description="SCS on candles after its selection, 0..100: evidence")
    grade: Grade
    grade_reason: str | None
    n_trades: int | None
    oos_trades: int | None
    win_rate: float | None
    sharpe: float | None
    profit_factor: float | None
    max_drawdown: float | None = Field(description="fraction of the peak, 0 or more")
    volatility: float | None = Field(description="annualised")
    weight: float | None = Field(description="share of the allocation; null until trading is there")
    pnl_day: Money | None = Field(description="of this day, in quote currency; null until trading is there")
    spark: list[float] | None = Field(description="its index in a few points, out of sample where that is known")
    version: int = Field(description="for commands: it grows with every change")


class Fold(Answer):
    """A span that a strategy was scored on."""

    kind: str = Field(description="train, test or holdout")
    start: Milliseconds
    stop: Milliseconds
    scs: float | None = None
    n_trades: int | None = None
    sharpe: float | None = None


class StrategyDetail(StrategySummary):
    """Everything about a strategy."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE | _DETAIL_EXAMPLE]})

    score_parts: dict[str, float | None] | None = Field(description="the five parts of the SCS, 0..1")
    psr: float | None
    dsr: float | None
    n_trials: int | None
    n_trials_effective: float | None
    excess_return: float | None
    folds: list[Fold] | None
    drift_bps: float | None = Field(description="live against its paper twin; null until trading is there")
    capacity: Money | None = Field(description="null until trading is there")
    hurdle_rate: float | None = Field(description="null until the RWA hub is there")
    in_sample_scs: float | None = Field(description="SCS on the candles that its selection saw, 0..100")
    dsr_raw: float | None = Field(description="deflated with every trial counted as independent")
    total_return: float | None = Field(description="on all candles, a fraction")
    buy_and_hold: float | None = Field(description="what holding returned meanwhile, a fraction")
    exposure: float | None = Field(description="share of the bars in which it held something")
    finalist: bool = Field(description="whether later candles were looked at: only finalists have evidence")
    selected_until: Milliseconds | None = Field(description="close of the last bar that its selection saw")
    conditions: list[Condition] = Field(description="everything that grades ask for, in the order of the obstacles")
    run_id: str
    species: str
    child: int = Field(description="its number in the species of the run")
    operator: str | None = Field(description="what made it")
    seed: int | None
    engine_version: str
    data_hash: str = Field(description="of the candles it was scored on")
    cost_hash: str = Field(description="of the costs it was scored with")
    state_since: Milliseconds
    created_at: Milliseconds


_MADE = ("conditions", "state_since", "created_at")
_LATER = ("weight", "pnl_day", "drift_bps", "capacity", "hurdle_rate")
_SUMMARY = tuple(name for name in StrategySummary.model_fields if name not in (*_LATER, "spark"))
_DETAIL = tuple(name for name in StrategyDetail.model_fields if name not in (*_LATER, "spark", *_MADE))


def strategy_summary(row: Mapping[str, Any], spark: Sequence[float] | None) -> dict[str, Any]:
    """Return a strategy as it stands in a list.

    Parameters
    ----------
    row : mapping
        Of the table `strategies`.
    spark : sequence of float or None
        Its index in a few points.

    Returns
    -------
    dict
        What `StrategySummary` says.
    """
    return {**{name: row[name] for name in _SUMMARY}, "weight": None, "pnl_day": None, "spark": spark}


def strategy_detail(row: Mapping[str, Any], spark: Sequence[float] | None, config: ConfigRecord) -> dict[str, Any]:
    """Return everything about a strategy.

    Parameters
    ----------
    row : mapping
        Of the table `strategies`.
    spark : sequence of float or None
        Its index in a few points.
    config : ConfigRecord
        The present configuration: what grades ask for.

    Returns
    -------
    dict
        What `StrategyDetail` says.
    """
    later = dict.fromkeys(_LATER)
    known = {name: row[name] for name in _DETAIL}
    times = {name: milliseconds(row[name]) for name in ("created_at", "state_since")}
    return {**known, **later, "spark": spark, "conditions": grade_conditions(row, config), **times}
