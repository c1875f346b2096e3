"""What variation operators did within a generation: whose children won a place, and whose found an empty one."""

import math
from collections import Counter
from collections.abc import Mapping

from evolution import BatchCommit

__all__ = ["OperatorCounts"]


class OperatorCounts:
    """Counts the children of each operator until they are taken.

    A species begins a window without members, and takes every child that has a score until it is full: those children
    have founded it, and displaced nobody. Only the others had to win a place.
    """

    def __init__(self) -> None:
        self._tried: Counter[str] = Counter()
        self._accepted: Counter[str] = Counter()
        self._founded: Counter[str] = Counter()
        self._members: dict[str, int] = {}
        self._window: str | None = None

    def add(self, commit: BatchCommit) -> None:
        """Count one committed batch.

        Parameters
        ----------
        commit : BatchCommit
            The next one. The first batch after a resume is left out: nobody knows how full the species were before it.
        """
        members = {str(one.species): one.members for one in commit.statistics}
        resumed = self._window is None and commit.batch > 0
        before = {} if commit.window != self._window else self._members
        self._members, self._window = members, commit.window
        if resumed:
            return
        places = {species: count - before.get(species, 0) for species, count in members.items()}
        for candidate, score, has_joined in zip(commit.candidates, commit.scores, commit.joined, strict=True):
            operator, species = candidate.operator, str(candidate.species)
            self._tried[operator] += 1
            self._accepted[operator] += has_joined
            if math.isfinite(score) and places[species] > 0:
                places[species] -= 1
                self._founded[operator] += 1

    def take(self) -> Mapping[str, Mapping[str, int]]:
        """Return what was counted since the last time.

        Returns
        -------
        mapping
            By operator: `tried`, all children; `accepted`, those that displaced a member; `founded`, those that took an
            empty place.
        """
        counted = {
            name: {"tried": tried, "accepted": self._accepted[name], "founded": self._founded[name]}
            for name, tried in self._tried.items()
        }
        self._tried.clear()
        self._accepted.clear()
        self._founded.clear()
        return counted
