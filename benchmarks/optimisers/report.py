"""The report of a comparison: plain values for JSON, and tables for people."""

import math
from collections.abc import Sequence
from typing import Any

from machine import machine, versions
from optimisers.comparison import Comparison, finite

__all__ = ["as_json", "as_markdown"]

_LIBRARIES = ("numpy", "scipy", "optuna", "cmaes", "pymoo", "deap")
_SHARES = (0.90, 0.99)
_GOAL = 0.7
_ALPHA = 0.05


def as_json(comparison: Comparison, ours: str, budgets: Sequence[int], kind: str) -> dict[str, Any]:
    """Return a comparison as JSON values.

    Parameters
    ----------
    comparison : Comparison
        What was measured.
    ours : str
        Whom the others are compared with.
    budgets : sequence of int
        After how many evaluations.
    kind : str
        Which set of landscapes it was.

    Returns
    -------
    dict
        Machine, versions, landscapes, one row an optimiser, verdicts, and whether the aims are reached. What never
        happened (inf) is None.
    """
    names = list(comparison.curves)
    others = [name for name in names if name != ours]
    verdicts = comparison.verdicts(ours, budgets)
    ratios = {}
    for share in _SHARES:
        best = min(comparison.expected(name, share) for name in others)
        mine = comparison.expected(ours, share)
        ratios[f"{share:g}"] = finite(mine / best) if math.isfinite(best) else None
    worse = [f"{v.baseline} at {v.budget}" for v in verdicts if v.p < _ALPHA and v.difference > 0.0]
    return {
        "machine": machine(),
        "versions": versions(_LIBRARIES),
        "set": kind,
        "seeds": int(next(iter(comparison.curves.values())).shape[1]),
        "budgets": list(budgets),
        "landscapes": [
            {
                "name": each.name,
                "points": int(each.scores.size),
                "optimum": round(each.optimum, 2),
                "random": round(1.0 / each.success_share(0.99)),
                "best": _best_of(comparison, index, names, budgets[-1]),
            }
            for index, each in enumerate(comparison.landscapes)
        ],
        "optimisers": [
            {
                "name": name,
                "regret": {str(at): float(comparison.regrets(name, at).mean()) for at in budgets},
                "success": {f"{s:g}": float(_hit(comparison, name, s)) for s in _SHARES},
                "expected": {f"{s:g}": finite(comparison.expected(name, s)) for s in _SHARES},
            }
            for name in names
        ],
        "verdicts": [
            {"baseline": v.baseline, "budget": v.budget, "difference": v.difference, "p": v.p} for v in verdicts
        ],
        "aims": {
            "expected evaluations over those of the best baseline": ratios,
            "wanted": _GOAL,
            "baselines significantly better": worse,
        },
    }


def as_markdown(report: dict[str, Any], command: str) -> str:
    """Return the tables of a report.

    Parameters
    ----------
    report : dict
        What `as_json` returned.
    command : str
        What was run.

    Returns
    -------
    str
        Markdown, without a heading.
    """
    budgets = report["budgets"]
    versions = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    head = ["optimiser", *(f"regret at {at:,}" for at in budgets)]
    head += [f"{kind} {100 * s:.0f} %" for s in _SHARES for kind in ("reach", "evaluations to")]
    lines = [
        f"`{command}` on {report['machine']}; {versions}.",
        "",
        f"{len(report['landscapes'])} {report['set']} landscapes, {report['seeds']} seeds each. Regret is the mean of "
        '(optimum - best found) / (optimum - median). "Evaluations to" is the expected number with restarts: all '
        "evaluations over all successes; - where nobody succeeded.",
        "",
        _row(head),
        _row(["---", *["---:"] * (len(head) - 1)]),
    ]
    for each in report["optimisers"]:
        cells = [each["name"], *(f"{each['regret'][str(at)]:.3f}" for at in budgets)]
        for share in map("{:g}".format, _SHARES):
            expected = each["expected"][share]
            cells += [f"{100 * each['success'][share]:.0f} %", "-" if expected is None else f"{expected:,.0f}"]
        lines.append(_row(cells))
    lines += ["", "Evoq's regret less that of the baseline, and p (Wilcoxon signed-rank, Holm over all of them):", ""]
    lines += [_row(["baseline", *(f"{at:,}" for at in budgets)]), _row(["---", *["---:"] * len(budgets)])]
    by_pair = {(v["baseline"], v["budget"]): v for v in report["verdicts"]}
    for name in dict.fromkeys(v["baseline"] for v in report["verdicts"]):
        found = [by_pair[name, at] for at in budgets]
        lines.append(_row([name, *(f"{v['difference']:+.3f} (p {_p(v['p'])})" for v in found)]))
    aims = report["aims"]
    ratios = aims["expected evaluations over those of the best baseline"]
    said = ", ".join(
        f"{100 * float(share):.0f} %: {'-' if ratio is None else f'{ratio:.2f}'}" for share, ratio in ratios.items()
    )
    worse = ", ".join(aims["baselines significantly better"]) or "none"
    lines += [
        "",
        f"Expected evaluations over those of the best baseline ({said}; wanted: at most {aims['wanted']:g}). "
        f"Baselines significantly better: {worse}.",
        "",
        _row(["landscape", "points", "optimum", "random needs for 99 %", "least regret"]),
        _row(["---", "---:", "---:", "---:", "---"]),
    ]
    lines += [
        _row([each["name"], f"{each['points']:,}", f"{each['optimum']:.1f}", f"{each['random']:,}", each["best"]])
        for each in report["landscapes"]
    ]
    return "\n".join(lines) + "\n"


def _hit(comparison: Comparison, name: str, share: float) -> float:
    hits = comparison.hits(name, share)
    return sum(map(math.isfinite, hits.ravel().tolist())) / hits.size


def _best_of(comparison: Comparison, landscape: int, names: Sequence[str], budget: int) -> str:
    regrets = {name: float(comparison.regrets(name, budget)[landscape].mean()) for name in names}
    least = min(regrets, key=regrets.__getitem__)
    return f"{least} ({regrets[least]:.3f})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
