"""The tally of contests on real candles: whose selected strategies earn most afterwards, and whether by chance."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from campaigns.selection_contest import ENGINE, EVOQ, Contest
from optimisers.comparison import holm
from scipy.stats import wilcoxon

__all__ = ["contest_tally", "paired_p", "selected_median"]

_SPANS = ("test", "end", "sharpe")


def selected_median(values: Sequence[float | None]) -> float:
    """Return the median of the selected.

    Parameters
    ----------
    values : sequence of float or None
        One a selected strategy; None where it is undefined.

    Returns
    -------
    float
        0 where nobody was selected, as of one who does not trade; NaN where nobody's value is defined.
    """
    if not values:
        return 0.0
    defined = [value for value in values if value is not None]
    return float(np.median(defined)) if defined else math.nan


def paired_p(differences: Sequence[float]) -> float:
    """Return the p-value of paired differences.

    Parameters
    ----------
    differences : sequence of float
        One a pair.

    Returns
    -------
    float
        Two-sided Wilcoxon signed-rank test; 1 without a difference.
    """
    return float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0


def contest_tally(contests: Sequence[Contest], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how the searches compare.

    Parameters
    ----------
    contests : sequence of Contest
        All of them.
    records : sequence of dict
        What each returned.

    Returns
    -------
    dict
        "rivals": one row a search and rule, with means over the markets of what the selected ten earned at the median,
        and the difference of our entire run to it, tested over the markets; "markets": one row a market; "best": the
        best baseline, and whether the aim is reached.
    """
    values: dict[tuple[str, str], dict[str, dict[str, list[float]]]] = {}
    counts: dict[tuple[str, str], list[int]] = {}
    for contest, record in zip(contests, records, strict=True):
        rival = (contest.optimiser, contest.rule)
        for window in record["windows"]:
            counts.setdefault(rival, []).append(len(window["test"]))
            for span in _SPANS:
                found = values.setdefault(rival, {}).setdefault(span, {})
                found.setdefault(contest.file, []).append(selected_median(window[span]))
    markets = list(dict.fromkeys(contest.file for contest in contests))
    means = {
        rival: {span: np.array([_mean(by_span[span][market]) for market in markets]) for span in _SPANS}
        for rival, by_span in values.items()
    }
    ours = means[EVOQ, "folds"]
    others = [rival for rival in means if rival[0] != EVOQ]
    tests = {span: holm([paired_p(ours[span] - means[rival][span]) for rival in others]) for span in _SPANS}
    rows = [
        {
            "optimiser": rival[0],
            "rule": rival[1],
            "selected": float(np.mean(counts[rival])),
            **{span: round(float(means[rival][span].mean()), 3) for span in _SPANS},
        }
        for rival in means
    ]
    for row in rows:
        rival = (row["optimiser"], row["rule"])
        if rival in others:
            at = others.index(rival)
            row["differences"] = {
                span: {"mean": round(float((ours[span] - means[rival][span]).mean()), 3), "p": tests[span][at]}
                for span in _SPANS
            }
    return {"rivals": rows, "markets": _by_market(markets, means), "best": _best(rows)}


def _best(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the best baseline by the following test span: of other people's optimisers, with either rule."""
    baselines = [row for row in rows if row["optimiser"] not in (EVOQ, ENGINE)]
    best = max(baselines, key=lambda row: row["test"], default=None)
    return {} if best is None else {"optimiser": best["optimiser"], "rule": best["rule"], **best["differences"]["test"]}


def _by_market(
    markets: Sequence[str], means: Mapping[tuple[str, str], Mapping[str, np.ndarray]]
) -> list[dict[str, Any]]:
    others = [rival for rival in means if rival[0] != EVOQ]
    rows = []
    for at, market in enumerate(markets):
        best = max(others, key=lambda rival: float(means[rival]["test"][at]), default=None)
        rows.append(
            {
                "market": market,
                "ours": round(float(means[EVOQ, "folds"]["test"][at]), 2),
                "median of the others": round(float(np.median([means[rival]["test"][at] for rival in others])), 2),
                "best of the others": None if best is None else f"{best[0]}, {best[1]}",
                "its value": None if best is None else round(float(means[best]["test"][at]), 2),
            }
        )
    return rows


def _mean(values: Sequence[float]) -> float:
    defined = [value for value in values if math.isfinite(value)]
    return float(np.mean(defined)) if defined else 0.0
