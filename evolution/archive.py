"""The archive: the best strategy of each species for each way of trading."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from evolution.behaviour import CELLS, Behaviour, Cell
from evolution.candidate import Member
from evolution.species import Species

__all__ = ["Archive", "Elite"]


@dataclass(frozen=True, slots=True)
class Elite:
    """Who holds a cell.

    Attributes
    ----------
    member : Member
        The strategy and its fitness.
    behaviour : Behaviour
        How it trades.
    """

    member: Member
    behaviour: Behaviour


class Archive:
    """A grid over behaviour a species; each cell keeps the best that was ever offered to it.

    What it holds is a function of what was offered, in its order: of equals the one offered first stays. Offered in
    the order of commits it is as deterministic as they are.

    References
    ----------
    Mouret, J.-B., Clune, J. (2015). "Illuminating search spaces by mapping elites". arXiv:1504.04909.

    Examples
    --------
    >>> from evolution import Archive, Behaviour, Dimension, Member, Optimizer, Space
    >>> archive = Archive()
    >>> for candidate in Optimizer(Space([Dimension("x", 0, 1)]), population=20, seed=1).ask():
    ...     _ = archive.offer(Member(candidate, candidate["x"], 1, 1), Behaviour(5.0, candidate["x"], 0.0))
    >>> print(len(archive), round(600 * archive.coverage(candidate.species)))
    4 4
    """

    def __init__(self) -> None:
        self._grids: dict[Species, dict[Cell, Elite]] = {}

    def __len__(self) -> int:
        return sum(len(grid) for grid in self._grids.values())

    def __iter__(self) -> Iterator[Elite]:
        """Iterate over all elites, by species and cell."""
        for species in sorted(self._grids):
            grid = self._grids[species]
            yield from (grid[cell] for cell in sorted(grid))

    def offer(self, member: Member, behaviour: Behaviour) -> bool:
        """Let a member compete for the cell of its behaviour.

        Parameters
        ----------
        member : Member
            What was evaluated.
        behaviour : Behaviour
            How it trades; without a cell it never gets in.

        Returns
        -------
        bool
            Whether it holds the cell now.
        """
        cell = behaviour.cell
        if cell is None:
            return False
        grid = self._grids.setdefault(member.species, {})
        holder = grid.get(cell)
        if holder is not None and member.score <= holder.member.score:
            return False
        grid[cell] = Elite(member, behaviour)
        return True

    def elites(self, species: Species) -> dict[Cell, Elite]:
        """Return the best of each cell of a species.

        Parameters
        ----------
        species : Species
            Which.

        Returns
        -------
        dict of Cell to Elite
            A new dictionary in the order of the cells; empty for a species of which nothing was offered.
        """
        grid = self._grids.get(species, {})
        return {cell: grid[cell] for cell in sorted(grid)}

    def coverage(self, species: Species) -> float:
        """Return how much of the grid of a species is held.

        Parameters
        ----------
        species : Species
            Which.

        Returns
        -------
        float
            0..1. Not every cell can be reached: a long holding time with little exposure needs many bars.
        """
        return len(self._grids.get(species, {})) / CELLS

    def quality(self, species: Species) -> float:
        """Return the QD-score of a species: the scores of all cells together.

        Parameters
        ----------
        species : Species
            Which.

        Returns
        -------
        float
            Sum of the best scores; 0 without any. Grows with coverage and with quality alike where scores are positive.
        """
        return math.fsum(elite.member.score for elite in self._grids.get(species, {}).values())
