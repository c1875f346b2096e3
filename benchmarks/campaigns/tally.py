"""Tallies: what many records of entire runs say together."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from campaigns.entire_run import FINALIST_COLUMNS
from scipy.stats import binomtest

from backtest import GradeRule

__all__ = ["FAMILIES", "QUANTILES", "false_alarms", "power", "quantiles", "share"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "trend": ("breakout", "momentum", "trend_following"),
    "reversion": ("high_frequency", "mean_reversion"),
}
"""The strategy types that can harvest a planted edge."""

_RULE = GradeRule()


def share(successes: int, n: int) -> dict[str, Any]:
    """Return a share and its 95 % confidence interval.

    Parameters
    ----------
    successes, n : int
        How many of how many.

    Returns
    -------
    dict
        Count, n, share, and the bounds of the exact interval.

    References
    ----------
    Clopper, C. J., Pearson, E. S. (1934). "The Use of Confidence or Fiducial Limits Illustrated in the Case of the
    Binomial". Biometrika 26(4).
    """
    if not n:
        return {"count": 0, "n": 0, "share": None, "low": None, "high": None}
    interval = binomtest(successes, n).proportion_ci(0.95, method="exact")
    return {
        "count": successes,
        "n": n,
        "share": successes / n,
        "low": round(float(interval.low), 4),
        "high": round(float(interval.high), 4),
    }


def quantiles(values: Sequence[float]) -> dict[str, float] | None:
    """Return quantiles of what is defined, by their probability; None where nothing is."""
    defined = [value for value in values if math.isfinite(value)]
    return {f"{q:g}": round(float(np.quantile(defined, q)), 4) for q in QUANTILES} if defined else None


def false_alarms(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how often runs on edge-less markets would have let somebody trade.

    Parameters
    ----------
    records : sequence of dict
        What `entire_run` returned.

    Returns
    -------
    dict
        Shares of runs with a grade A, with A or B, and with what other rules would have accepted; how often some
        finalist meets each requirement alone; and distributions over the runs.
    """
    finalists = [_finalists(record) for record in records]
    n = len(records)

    def runs_with(condition: Any) -> dict[str, Any]:
        return share(sum(any(condition(one) for one in found) for found in finalists), n)

    def best(column: str) -> dict[str, float] | None:
        return quantiles([max((one[column] for one in found), default=math.nan) for found in finalists])

    return {
        "grade_a": runs_with(lambda one: one["grade"] == "A"),
        "grade_b_or_better": runs_with(lambda one: one["grade"] in "AB"),
        "best_in_sample": share(sum(record["best_in_sample"] >= _RULE.oos_scs for record in records), n),
        "best_on_all_bars": share(sum(record["best_on_all_bars"] >= _RULE.oos_scs for record in records), n),
        "meets": {name: runs_with(lambda one, name=name: not _lacks(one)[name]) for name in _lacks(_NOBODY)},
        "quantiles": {
            "best oos_scs of a run": best("oos_scs"),
            "best DSR of a run": best("dsr"),
            "best DSR of a run, raw number of trials": best("dsr_raw"),
            "best in-sample SCS of the population": quantiles([record["best_in_sample"] for record in records]),
            "best SCS of the population on all bars": quantiles([record["best_on_all_bars"] for record in records]),
            "effective trials": quantiles([record["effective"] for record in records]),
            "annual Sharpe ratio expected of luck": quantiles([record["hurdle"] for record in records]),
            "finalists": quantiles([len(found) for found in finalists]),
        },
        "evaluated": sum(record["evaluated"] for record in records),
        "finalists": sum(map(len, finalists)),
    }


def power(kind: str, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how often runs on planted markets find what is there, and what stands in the way.

    Parameters
    ----------
    kind : {"trend", "reversion"}
        What was planted.
    records : sequence of dict
        What `entire_run` returned.

    Returns
    -------
    dict
        Shares of runs with a grade A, and with A or B; of the finalists whose type can harvest the edge, how many lack
        each requirement of grade A, and how many lack nothing else.
    """
    finalists = [_finalists(record) for record in records]
    family = [one for found in finalists for one in found if one["type"] in FAMILIES[kind]]
    lacking = [_lacks(one) for one in family]
    needed = [name for name in _lacks(_NOBODY) if name != "PSR"]  # an A needs the DSR instead
    only = [[name for name in needed if each[name]] for each in lacking]
    n = len(records)
    return {
        "grade_a": share(sum(any(one["grade"] == "A" for one in found) for found in finalists), n),
        "grade_b_or_better": share(sum(any(one["grade"] in "AB" for one in found) for found in finalists), n),
        "grades_a": sum(one["grade"] == "A" for found in finalists for one in found),
        "best_oos_scs": quantiles([max((one["oos_scs"] for one in found), default=math.nan) for found in finalists]),
        "finalists": sum(map(len, finalists)),
        "of_the_family": len(family),
        "lacks": {name: share(sum(each[name] for each in lacking), len(family)) for name in _lacks(_NOBODY)},
        "lacks_only": {name: share(sum(each == [name] for each in only), len(family)) for name in needed},
    }


def _finalists(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the finalists of a record by column, with NaN for what is undefined."""
    return [
        {name: math.nan if value is None else value for name, value in zip(FINALIST_COLUMNS, row, strict=True)}
        for row in record["finalists"]
    ]


_NOBODY = dict.fromkeys(FINALIST_COLUMNS, math.nan)


def _lacks(finalist: Mapping[str, Any]) -> dict[str, bool]:
    """Return which requirements a finalist fails, in the words of the tables."""
    return {
        "out-of-sample score": not finalist["oos_scs"] >= _RULE.oos_scs,
        "out-of-sample trades": not finalist["oos_trades"] >= _RULE.oos_trades,
        "excess": not finalist["excess"] > 0.0,
        "PSR": not finalist["psr"] >= _RULE.confidence,
        "DSR": not finalist["dsr"] >= _RULE.confidence,
    }
