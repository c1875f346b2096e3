"""Members of a population as rows of the table `strategies`."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from backtest import Costs, Evidence, PreparedCandles, grade, run_many
from backtest.score import PARTS
from evolution import Member
from evolution.schedule import Schedule
from strategies import StrategySpec

__all__ = ["population_rows"]

_METRICS = (
    "n_trades", "win_rate", "profit_factor", "sharpe", "max_drawdown", "volatility", "total_return", "exposure",
    "trades_per_year", "buy_and_hold", "min_equity",
)  # fmt: skip


def population_rows(
    members: Sequence[Member],
    markets: Mapping[tuple[str, str], PreparedCandles],
    costs: Costs,
    schedule: Schedule,
) -> list[dict[str, Any]]:
    """Backtest every member on its whole market and describe it.

    Parameters
    ----------
    members : sequence of Member
        The population.
    markets : mapping of (symbol, timeframe) to PreparedCandles
        What they were trained on.
    costs : Costs
        Fee and slippage.
    schedule : Schedule
        Of the run: tells generations and rounds.

    Returns
    -------
    list of dict
        One row a member, as `storage.StrategyRepository.replace_population` takes it.
    """
    rows: list[dict[str, Any]] = []
    for market, prepared in markets.items():
        residents = [member for member in members if member.species.market == market]
        specs = [StrategySpec(member.species.type, member.candidate.as_dict()) for member in residents]
        table = run_many(specs, prepared, costs)
        for member, spec, (_, metrics) in zip(residents, specs, table.iterrows(), strict=True):
            rows.append(_row(member, spec, metrics, prepared, costs, schedule))
    return rows


def _row(
    member: Member, spec: StrategySpec, metrics: pd.Series, prepared: PreparedCandles, costs: Costs, schedule: Schedule
) -> dict[str, Any]:
    candidate, candles = member.candidate, prepared.candles
    graded = grade(Evidence())  # out-of-sample evidence is gathered in a later release
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
        "grade": graded.letter,
        "grade_reason": graded.reason,
        **{name: float(metrics[name]) for name in _METRICS},
        "n_trades": int(metrics["n_trades"]),
        "parents": list(candidate.parents),
        "operator": candidate.operator,
        "seed": member.seed,
        "data_hash": candles.data_hash,
        "cost_hash": costs.cost_hash,
        "engine_version": str(member.engine_version),
    }
