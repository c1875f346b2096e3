"""The past: whom earlier windows brought back, to be scored again when a regime comes back."""

from collections.abc import Iterable, Iterator, Sequence

from evolution.candidate import Candidate
from evolution.replacement import squared_distance

__all__ = ["Past"]

_NEW = 4
"""How many are remembered of each window."""


class Past:
    """Candidates of one species that were among the best of some window, bounded, as different as they come.

    A regime that has gone may come back, and what paid in it is not among the members by then. With every roll some of
    those who are remembered are scored again, in turn. Where there are too many, the two most alike lose the one that
    has waited longer: windows of one regime leave few behind, and a regime that was seen once is not forgotten soon.

    Parameters
    ----------
    limit : int
        How many at most.
    candidates : iterable of Candidate
        Whom to begin with, as they return: each the child of the committed one that it repeats.

    References
    ----------
    Branke, J. (1999). "Memory Enhanced Evolutionary Algorithms for Changing Optimization Problems". Proceedings of the
    Congress on Evolutionary Computation: an explicit memory, and what to replace in it.
    """

    def __init__(self, limit: int, candidates: Iterable[Candidate] = ()) -> None:
        self.limit = limit
        self._kept = list(candidates)

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Candidate]:
        """Iterate over all, whose turn is next first."""
        return iter(self._kept)

    def after(self, back: Sequence[Candidate]) -> "Past":
        """Return what is remembered after a roll.

        Parameters
        ----------
        back : sequence of Candidate
            Who returns to the new window, of different parameters.

        Returns
        -------
        Past
            Those who return have had their turn; the first few that are new here follow them.
        """
        returning = {candidate.parameters for candidate in back}
        known = {candidate.parameters for candidate in self._kept}
        kept = sorted(self._kept, key=lambda candidate: candidate.parameters in returning)  # stable
        for candidate in [candidate for candidate in back if candidate.parameters not in known][:_NEW]:
            kept.append(candidate)
            if len(kept) > self.limit:
                del kept[_spare(kept)]
        return Past(self.limit, kept)


def _spare(candidates: Sequence[Candidate]) -> int:
    """Return the first one of the two that are nearest to each other."""
    spare, smallest = 0, float("inf")
    for index, candidate in enumerate(candidates):
        for other in candidates[index + 1 :]:
            distance = squared_distance(candidate.genome, other.genome)
            if distance < smallest:
                spare, smallest = index, distance
    return spare
