"""Finalists: the few members of a window that are frozen, and scored on what their selection never saw."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evolution.candidate import Member
from evolution.species import Species

__all__ = ["FINALISTS", "Finalist", "select_finalists"]

FINALISTS = 10
"""How many a window sends on: each one more is one more chance for luck."""

_PER_SPECIES = 2
_MOST_ALIKE = 0.7
"""Correlation of returns from which two are one idea, as in `backtest.TrialClusters`."""


@dataclass(frozen=True, slots=True)
class Finalist:
    """A member that evolution never touches again.

    Attributes
    ----------
    member : Member
        The strategy, with its fitness in the window that selected it.
    window : str
        Label of that window.
    """

    member: Member
    window: str


def select_finalists(
    members: Iterable[Member],
    returns: Callable[[Sequence[Member]], np.ndarray],
    frozen: Iterable[Finalist] = (),
    count: int = FINALISTS,
) -> tuple[Member, ...]:
    """Return the best members that differ from each other, best first.

    By fitness, skipping what scores nothing, what is a finalist already, a third of the same species, and whatever
    correlates by 0.7 or more with a better one on the same market: ten copies of one idea are one finalist.

    Parameters
    ----------
    members : iterable of Member
        The population of a window.
    returns : callable
        Gives the returns that members of one market earned in the window, shape (n_intervals, n_members).
    frozen : iterable of Finalist
        Finalists of earlier windows.
    count : int
        How many to return at most.

    Returns
    -------
    tuple of Member
        Fewer where fewer qualify.
    """
    taken = {(finalist.member.species, finalist.member.candidate.parameters) for finalist in frozen}
    chosen: list[Member] = []
    series: list[np.ndarray] = []
    places: Counter[Species] = Counter()
    for member in sorted(members, key=lambda member: (-member.score, member.candidate.number)):
        if member.score <= 0.0 or len(chosen) == count:
            break
        genome = (member.species, member.candidate.parameters)
        if genome in taken or places[member.species] == _PER_SPECIES:
            continue
        own = _standardised(returns([member])[:, 0])
        rivals = [
            other for rival, other in zip(chosen, series, strict=True) if rival.species.market == member.species.market
        ]
        if any(float(own @ rival) >= _MOST_ALIKE for rival in rivals):
            continue
        chosen.append(member)
        series.append(own)
        places[member.species] += 1
        taken.add(genome)
    return tuple(chosen)


def _standardised(returns: np.ndarray) -> np.ndarray:
    rest: np.ndarray = returns - returns.mean()
    norm = float(np.sqrt(rest @ rest))
    return rest / norm if norm > 0.0 else rest
