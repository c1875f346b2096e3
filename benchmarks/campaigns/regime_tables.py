"""Runs that go on after a change of the market beside restarts, as two tables."""

from collections.abc import Sequence

from campaigns.evidence_tables import table
from campaigns.regime_search import LEVELS, REACHED, Curve, compared, levels

__all__ = ["Case", "regime_tables"]

Case = tuple[str, list[Curve], list[list[Curve]]]
"""What happened, the best so far of every run after it, and of the restarts beside each."""

_SHARES = (0.95, 0.90, 0.80)
_BUDGETS = (0.25, 1.0, 2.0, 4.0, 12.0)
"""Generations after which levels are compared."""


def regime_tables(first: str, cases: Sequence[Case], population: int, horizon: int) -> str:
    """Return evaluations to a share of the best, and levels after a budget.

    Parameters
    ----------
    first : str
        Heading of the first column.
    cases : sequence of Case
        A few rows each.
    population : int
        Evaluations of a generation.
    horizon : int
        Generations that the runs went on for.

    Returns
    -------
    str
        Two tables in Markdown.
    """
    reached = [[name, *compared(warm, cold, share)] for name, warm, cold in cases for share in _SHARES]
    means = [
        [name, f"{budget:g}", *levels(warm, cold, round(budget * population))]
        for name, warm, cold in cases
        for budget in _BUDGETS
        if budget <= horizon
    ]
    shown = (
        table([first, *REACHED], reached, right=True),
        table([first, "generations", *LEVELS], means, right=True),
    )
    return f"{shown[0]}\n\n{shown[1]}\n"
