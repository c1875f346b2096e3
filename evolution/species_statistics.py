"""Statistics of one species: how good its members are, and how different."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolution.archive import Archive
from evolution.deme import Deme
from evolution.species import Species

__all__ = ["SpeciesStatistics"]

_UNIFORM_DEVIATION = 1.0 / math.sqrt(12.0)


@dataclass(frozen=True, slots=True)
class SpeciesStatistics:
    """Where the members of a species stand; all NaN while it has none.

    Attributes
    ----------
    species : Species
        Whose members.
    members : int
        How many.
    best, q25, median, q75 : float
        Their best score and the quartiles, linearly interpolated.
    diversity : float
        Standard deviation of their genes, averaged over the genes, relative to a uniform population: 0 when all are
        equal, about 1 when they fill the space.
    coverage : float
        Share of the cells of behaviour that the archive holds, 0..1.
    quality : float
        Sum of the best scores of these cells (QD-score).
    """

    species: Species
    members: int
    best: float
    q25: float
    median: float
    q75: float
    diversity: float
    coverage: float
    quality: float

    @classmethod
    def of(cls, species: Species, deme: Deme, archive: Archive) -> "SpeciesStatistics":
        """Return the statistics of a deme.

        Parameters
        ----------
        species : Species
            Its species.
        deme : Deme
            The members.
        archive : Archive
            What is known of their ways of trading.

        Returns
        -------
        SpeciesStatistics
            Of the members as they are now.
        """
        coverage, quality = archive.coverage(species), archive.quality(species)
        if not len(deme):
            return cls(species, 0, math.nan, math.nan, math.nan, math.nan, math.nan, coverage, quality)
        scores = deme.scores()
        genes = np.array([member.candidate.genome for member in deme])
        diversity = float(genes.std(axis=0).mean()) / _UNIFORM_DEVIATION
        q25, median, q75 = (_quantile(scores, share_above) for share_above in (0.75, 0.5, 0.25))
        return cls(species, len(deme), scores[0], q25, median, q75, diversity, coverage, quality)


def _quantile(descending: Sequence[float], share_above: float) -> float:
    position = share_above * (len(descending) - 1)
    index = int(position)
    upper, lower = descending[index], descending[min(index + 1, len(descending) - 1)]
    return upper + (position - index) * (lower - upper)
