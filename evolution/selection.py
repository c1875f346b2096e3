"""Selection: who becomes a parent."""

from evolution.candidate import Member
from evolution.deme import Deme
from evolution.settings import Settings
from evolution.stream import Stream

__all__ = ["select_parents"]


def select_parents(deme: Deme, count: int, stream: Stream, settings: Settings) -> list[Member]:
    """Return parents, each an elite or the winner of a tournament.

    Parameters
    ----------
    deme : Deme
        The ranked members; at least one.
    count : int
        How many parents.
    stream : Stream
        The child's own random numbers.
    settings : Settings
        Parameters of the algorithm.

    Returns
    -------
    list of Member
        `count` parents; different neighbours in rank as long as the deme has that many.

    References
    ----------
    Goldberg, D. E., Deb, K. (1991). "A Comparative Analysis of Selection Schemes Used in Genetic Algorithms".
    Foundations of Genetic Algorithms 1.
    """
    size = len(deme)
    ranks: list[int] = []
    for _ in range(count):
        if stream.uniform() < settings.elite_parents:
            rank = stream.below(min(deme.n_elites, size))
        else:
            rank = min(stream.below(size) for _ in range(settings.tournament))
        while rank in ranks and len(ranks) < size:
            rank = (rank + 1) % size
        ranks.append(rank)
    return [deme[rank] for rank in ranks]
