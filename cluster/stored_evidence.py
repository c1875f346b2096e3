"""The evidence of a stored strategy as `backtest` grades it, and what is missing from it in a few letters."""

import math
from collections.abc import Mapping
from typing import Any

from backtest import Evidence, GradeRule, Requirement, requirements
from storage import ConfigRecord

__all__ = ["configured_rule", "short_reason", "stored_evidence"]

_SHORT = {
    "oos_trades": "{shown}/{needed:g} trades",
    "oos_scs": "OOS {shown}/{needed:g}",
    "excess": "excess {shown}",
    "psr": "PSR {shown}/{needed:g}",
    "dsr": "DSR {shown}/{needed:g}",
}


def configured_rule(config: ConfigRecord) -> GradeRule:
    """Return what grades ask for at present.

    Parameters
    ----------
    config : ConfigRecord
        The configuration.

    Returns
    -------
    GradeRule
        With its thresholds.
    """
    return GradeRule(config.auto_trading.real_trading_threshold, max(config.management.min_oos_trades, 1))


def stored_evidence(row: Mapping[str, Any]) -> Evidence:
    """Return the evidence of a strategy.

    Parameters
    ----------
    row : mapping
        Of the table `strategies`.

    Returns
    -------
    Evidence
        NaN where nothing is stored.
    """

    def number(name: str) -> float:
        return math.nan if row[name] is None else float(row[name])

    return Evidence(
        oos_scs=number("oos_scs"),
        oos_trades=row["oos_trades"] or 0,
        excess=number("excess_return"),
        psr=number("psr"),
        dsr=number("dsr"),
    )


def short_reason(row: Mapping[str, Any], rule: GradeRule | None = None) -> str:
    """Return the grade of a strategy and its first obstacle, for a narrow column.

    Parameters
    ----------
    row : mapping
        Of the table `strategies`.
    rule : GradeRule, optional
        What grades ask for; the defaults of the design unless given.

    Returns
    -------
    str
        ``"C 12/30 trades"``, ``"B DSR 0.566/0.95"``, ``"C not a finalist"``, ``"A"``.
    """
    grade = str(row["grade"])
    if grade == "A":
        return grade
    evidence = stored_evidence(row)
    if math.isnan(evidence.oos_scs) and not evidence.oos_trades:
        return f"{grade} {'no evidence' if row['finalist'] else 'not a finalist'}"
    obstacle = _first(requirements(evidence, rule), grade)
    if obstacle is None:
        return grade
    return f"{grade} {_SHORT[obstacle.name].format(shown=obstacle.shown, needed=obstacle.needed)}"


def _first(asked: tuple[Requirement, ...], grade: str) -> Requirement | None:
    better = "A" if grade == "B" else "B"
    return next((one for one in asked if better in one.grades and not one.met), None)
