"""Members of a population and its finalists as rows of the table `strategies`."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from backtest import (
    Evidence,
    Grade,
    PreparedCandles,
    ReturnMoments,
    TrialStatistics,
    fold_scores,
    fold_spans,
    grade,
    run_many,
    score_many,
)
from backtest.score import PARTS
from evolution import FinalistEvidence, Member, SpanScore, Windows
from evolution.objective import Market, spec_of
from evolution.schedule import Schedule
from strategies import StrategySpec

__all__ = ["population_rows"]

_METRICS = (
    "n_trades", "win_rate", "profit_factor", "sharpe", "max_drawdown", "volatility", "total_return", "exposure",
    "trades_per_year", "buy_and_hold", "min_equity",
)  # fmt: skip

NOT_A_FINALIST = Grade("C", ("no out-of-sample evidence: not a finalist of its window",))


def population_rows(
    members: Sequence[Member],
    windows: Windows,
    window: int,
    schedule: Schedule,
    trials: Mapping[Market, TrialStatistics],
    evidence: Sequence[FinalistEvidence],
) -> list[dict[str, Any]]:
    """Backtest every member and every finalist on its whole market and describe it.

    Parameters
    ----------
    members : sequence of Member
        The population.
    windows : Windows
        Its markets.
    window : int
        The window that the population is trained on.
    schedule : Schedule
        Of the run: tells generations and rounds.
    trials : mapping of (symbol, timeframe) to TrialStatistics
        Honest counts; empty where evidence was not gathered (an interrupted run).
    evidence : sequence of FinalistEvidence
        Of all finalists: those that left the population are stored as well.

    Returns
    -------
    list of dict
        One row a strategy, as `storage.StrategyRepository.replace_population` takes it.
    """
    known = {_key(item.finalist.member): item for item in evidence}
    everybody = {_key(member): member for member in [*members, *(item.finalist.member for item in evidence)]}
    rows: list[dict[str, Any]] = []
    for market, prepared in windows.whole.items():
        residents = {key: member for key, member in everybody.items() if member.species.market == market}
        specs = [spec_of(member.candidate) for member in residents.values()]
        training = windows.training(window)[market]
        table = run_many(specs, prepared, windows.costs)
        trained = score_many(specs, training, windows.costs)
        folds = fold_scores(specs, training, windows.folds.folds, windows.costs)
        for (key, member), spec, (_, metrics), in_sample, scores in zip(
            residents.items(), specs, table.iterrows(), trained.tolist(), folds, strict=True
        ):
            row = _row(member, spec, metrics, prepared, windows, schedule)
            if market in trials:
                row |= _deflated(metrics, prepared, trials[market])
            if key in known:
                row |= _evidence(known[key])
            else:
                spans = fold_spans(spec, len(training), windows.folds.folds)
                row |= {
                    "in_sample_scs": in_sample,
                    "selected_until": training.candles.close_time,
                    "folds": [
                        {
                            "kind": "train",
                            "start": int(training.candles.timestamp[start]),
                            "stop": int(training.candles.timestamp[stop - 1]) + training.candles.timeframe_ms,
                            "scs": score,
                        }
                        for (start, stop), score in zip(spans, scores.tolist(), strict=False)
                    ],
                    **_graded(grade(Evidence()) if not trials else NOT_A_FINALIST),
                }
            rows.append(row)
    return rows


def _key(member: Member) -> tuple[str, int]:
    return str(member.species), member.candidate.child


def _row(
    member: Member,
    spec: StrategySpec,
    metrics: pd.Series,
    prepared: PreparedCandles,
    windows: Windows,
    schedule: Schedule,
) -> dict[str, Any]:
    candidate, candles = member.candidate, prepared.candles
    return {
        "species": str(member.species),
        "child": candidate.child,
        "type": spec.type,
        "symbol": candles.symbol,
        "timeframe": candles.timeframe,
        "venue": candles.venue,
        "market_type": candles.market_type,
        "origin": candles.origin,
        "money": "simulated" if candles.origin.startswith("simulated:") else "paper",
        "parameters": spec.parameters,
        "history_start": int(candles.timestamp[0]),
        "generation": schedule.generation(candidate.number + 1),
        "round": schedule.round(candidate.number + 1),
        "fitness": member.score,
        "scs": float(metrics["scs"]),
        "score_parts": {part: float(metrics[f"scs_{part}"]) for part in PARTS},
        **{name: float(metrics[name]) for name in _METRICS},
        "n_trades": int(metrics["n_trades"]),
        "parents": list(candidate.parents),
        "operator": candidate.operator,
        "seed": member.seed,
        "data_hash": candles.data_hash,
        "cost_hash": windows.costs.cost_hash,
        "engine_version": str(member.engine_version),
    }


def _graded(graded: Grade) -> dict[str, Any]:
    return {"grade": graded.letter, "grade_reason": graded.reason}


def _evidence(item: FinalistEvidence) -> dict[str, Any]:
    return {
        "finalist": True,
        "in_sample_scs": item.in_sample_scs,
        "selected_until": item.selected_until,
        "folds": [_span(span) for span in item.spans],
        "oos_scs": item.oos.scs,
        "oos_trades": int(item.oos.metrics["n_trades"]),
        "psr": item.oos.psr,
        "excess_return": item.oos.excess,
        "dsr": item.dsr,
        "dsr_raw": item.dsr_raw,
        **_graded(item.grade),
    }


def _span(span: SpanScore) -> dict[str, Any]:
    sharpe = None if math.isnan(span.sharpe) else span.sharpe
    values = {"kind": span.kind, "start": span.start, "stop": span.stop, "scs": span.scs}
    return values | {"n_trades": span.n_trades, "sharpe": sharpe}


def _deflated(metrics: pd.Series, prepared: PreparedCandles, trials: TrialStatistics) -> dict[str, Any]:
    per_bar = float(metrics["sharpe"]) / math.sqrt(prepared.candles.bars_per_year)
    skewness, kurtosis = float(metrics["skewness"]), float(metrics["kurtosis"])
    kurtosis = max(kurtosis, 1.0 + skewness**2)  # sums of powers may round to less than any distribution has
    moments = ReturnMoments(len(prepared), per_bar, skewness, kurtosis)
    return {
        "dsr": trials.dsr(moments),
        "dsr_raw": trials.dsr_raw(moments),
        "n_trials": trials.n_trials,
        "n_trials_effective": float(trials.n_effective),
    }
