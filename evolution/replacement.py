"""Replacement: the member that a newcomer competes with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evolution.stream import Stream

if TYPE_CHECKING:
    from evolution.deme import Deme

__all__ = ["nearest_rival", "squared_distance"]


def nearest_rival(deme: "Deme", first: int, genome: Sequence[float], rivals: int, stream: Stream) -> int:
    """Return the rank of the member nearest to a genome, among a few drawn at random.

    Parameters
    ----------
    deme : Deme
        The ranked members.
    first : int
        Ranks before this one are elites and not drawn.
    genome : sequence of float
        Genes of the newcomer.
    rivals : int
        How many to draw, with replacement; all are considered when there are no more than that.
    stream : Stream
        The newcomer's random numbers.

    Returns
    -------
    int
        Rank of the nearest; of equals the one drawn first.
    """
    eligible = len(deme) - first
    if eligible <= rivals:
        ranks = list(range(first, len(deme)))
    else:
        ranks = [first + stream.below(eligible) for _ in range(rivals)]
    nearest, smallest = ranks[0], float("inf")
    for rank in ranks:
        distance = squared_distance(genome, deme[rank].candidate.genome)
        if distance < smallest:
            nearest, smallest = rank, distance
    return nearest


def squared_distance(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the squared Euclidean distance of two genomes.

    Added up in the order of the genes: `sum` and `math.dist` round differently from one Python version to the next,
    and a tie that flips would change the population.

    Parameters
    ----------
    a, b : sequence of float
        Genomes of one length.

    Returns
    -------
    float
        The sum of squared differences.
    """
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += (x - y) * (x - y)
    return total
