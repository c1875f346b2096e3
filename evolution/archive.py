"""The archive: the best strategy of each species for each way of trading."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evolution.behaviour import EXPOSURE_BINS, HOLDING_BINS, Behaviour, Cell
from evolution.candidate import Candidate
from evolution.errors import StateError
from evolution.species import Species

__all__ = ["Archive", "Elite"]

_FORMAT = 1

Restore = Callable[[int, tuple[float, ...], tuple[float, ...], tuple[int, ...], str], Candidate]


@dataclass(frozen=True, slots=True)
class Elite:
    """Who holds a cell.

    Attributes
    ----------
    candidate : Candidate
        The strategy.
    score : float
        Its fitness.
    behaviour : Behaviour
        How it trades.
    """

    candidate: Candidate
    score: float
    behaviour: Behaviour


class Archive:
    """A grid over (holding time, exposure) a species; each cell keeps the best that was ever offered to it.

    What it holds is a function of what was offered, in its order: of equals the one offered first stays. Offered in
    the order of commits it is as deterministic as they are.

    References
    ----------
    Mouret, J.-B., Clune, J. (2015). "Illuminating search spaces by mapping elites". arXiv:1504.04909.

    Examples
    --------
    >>> from evolution import Archive, Behaviour, Dimension, Optimizer, Space
    >>> archive = Archive()
    >>> for candidate in Optimizer(Space([Dimension("x", 0, 1)]), population=20, seed=1).ask():
    ...     _ = archive.offer(candidate, candidate["x"], Behaviour(holding_time=5.0, exposure=candidate["x"]))
    >>> print(len(archive), round(120 * archive.coverage(candidate.species)))
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

    def offer(self, candidate: Candidate, score: float, behaviour: Behaviour) -> bool:
        """Let a candidate compete for the cell of its behaviour.

        Parameters
        ----------
        candidate : Candidate
            What was evaluated.
        score : float
            Its fitness; one that is not finite never gets in.
        behaviour : Behaviour
            How it trades; without a cell it never gets in.

        Returns
        -------
        bool
            Whether it holds the cell now.
        """
        cell = behaviour.cell
        if cell is None or not math.isfinite(score):
            return False
        grid = self._grids.setdefault(candidate.species, {})
        holder = grid.get(cell)
        if holder is not None and score <= holder.score:
            return False
        grid[cell] = Elite(candidate, score, behaviour)
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
        return len(self._grids.get(species, {})) / (HOLDING_BINS * EXPOSURE_BINS)

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
        return math.fsum(elite.score for elite in self._grids.get(species, {}).values())

    def to_json(self) -> dict[str, Any]:
        """Return the archive as JSON values.

        Returns
        -------
        dict
            What `from_json` reads; equal archives give equal values.
        """
        return {
            "format": _FORMAT,
            "elites": [
                {
                    "number": elite.candidate.number,
                    "genome": list(elite.candidate.genome),
                    "parameters": list(elite.candidate.parameters),
                    "parents": list(elite.candidate.parents),
                    "operator": elite.candidate.operator,
                    "score": elite.score,
                    "holding_time": elite.behaviour.holding_time,
                    "exposure": elite.behaviour.exposure,
                }
                for elite in self
            ],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], restore: Restore) -> "Archive":
        """Return the archive that `to_json` wrote.

        Parameters
        ----------
        values : mapping
            JSON values.
        restore : callable
            Makes a candidate from number, genome, parameters, parents and operator.

        Returns
        -------
        Archive
            Equal to the one written.

        Raises
        ------
        StateError
            If something is missing, damaged, or of another format.
        """
        if values.get("format") != _FORMAT:
            raise StateError(f"the format of an archive must be {_FORMAT}, was {values.get('format')}")
        archive = cls()
        try:
            for item in values["elites"]:
                candidate = restore(
                    int(item["number"]),
                    tuple(map(float, item["genome"])),
                    tuple(map(float, item["parameters"])),
                    tuple(map(int, item["parents"])),
                    str(item["operator"]),
                )
                behaviour = Behaviour(float(item["holding_time"]), float(item["exposure"]))
                if not archive.offer(candidate, float(item["score"]), behaviour):
                    raise StateError(f"child {candidate.number} holds no cell")
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise StateError(f"the archive is damaged: {error!r}; restore an older one or start a new run") from error
        return archive
