"""The hall of fame: the best distinct members of a window."""

from bisect import insort
from collections.abc import Iterator

from evolution.candidate import Member
from evolution.species import Species

__all__ = ["HallOfFame"]


class HallOfFame:
    """A bounded list of members over all species, best first; of equals the older ones stay.

    Parameters
    ----------
    limit : int
        How many members it holds.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ranked: list[tuple[float, int, Member]] = []
        self._genomes: set[tuple[Species, tuple[float, ...]]] = set()

    def __len__(self) -> int:
        return len(self._ranked)

    def __iter__(self) -> Iterator[Member]:
        return (entry[2] for entry in self._ranked)

    def __getitem__(self, rank: int) -> Member:
        return self._ranked[rank][2]

    def offer(self, member: Member) -> None:
        """Take a member in if it is good enough and its parameters are not there yet.

        Parameters
        ----------
        member : Member
            Any new member.
        """
        if len(self._ranked) >= self._limit and member.score <= -self._ranked[-1][0]:
            return
        genome = (member.species, member.candidate.parameters)
        if genome in self._genomes:
            return
        insort(self._ranked, (-member.score, member.candidate.number, member))
        self._genomes.add(genome)
        if len(self._ranked) > self._limit:
            last = self._ranked.pop()[2]
            self._genomes.remove((last.species, last.candidate.parameters))
