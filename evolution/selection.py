"""Selection: who becomes a parent."""

from collections.abc import Sequence

from evolution.candidate import Member
from evolution.deme import Deme
from evolution.operators import Operator
from evolution.settings import Settings
from evolution.stream import Stream

__all__ = ["select_migrant", "select_parents"]


def select_parents(deme: Deme, operator: Operator, stream: Stream, settings: Settings) -> list[Member]:
    """Return the parents that an operator asks for.

    Parameters
    ----------
    deme : Deme
        The ranked members; at least one.
    operator : Operator
        How many parents, and in which roles.
    stream : Stream
        The child's own random numbers.
    settings : Settings
        Parameters of the algorithm.

    Returns
    -------
    list of Member
        `n_parents` parents; different neighbours in rank as long as the deme has that many.

    References
    ----------
    Goldberg, D. E., Deb, K. (1991). "A Comparative Analysis of Selection Schemes Used in Genetic Algorithms".
    Foundations of Genetic Algorithms 1.
    """
    size = len(deme)
    ranks: list[int] = []
    for role in operator.roles or ("winner",) * operator.n_parents:
        if role == "anyone":
            rank = stream.below(size)
        elif role == "elite" or stream.uniform() < settings.elite_parents:
            rank = stream.below(min(deme.n_elites, size))
        else:
            rank = min(stream.below(size) for _ in range(settings.tournament))
        while rank in ranks and len(ranks) < size:
            rank = (rank + 1) % size
        ranks.append(rank)
    return [deme[rank] for rank in ranks]


def select_migrant(demes: Sequence[Deme], stream: Stream) -> Member:
    """Return an elite of one of several demes.

    Parameters
    ----------
    demes : sequence of Deme
        Demes of other markets, at least one; each with at least one member.
    stream : Stream
        The child's own random numbers.

    Returns
    -------
    Member
        Any elite of any of them.
    """
    deme = demes[stream.below(len(demes))]
    return deme[stream.below(min(deme.n_elites, len(deme)))]
