"""A deme: the living members of one species, best first."""

from bisect import insort
from collections.abc import Iterator

from evolution.candidate import Member
from evolution.replacement import nearest_rival
from evolution.settings import Settings
from evolution.stream import Stream

__all__ = ["Deme"]

Ranked = tuple[float, int, Member]
"""Negative score and child index, which order it: the best first, the older one of equals; then the member."""


class Deme:
    """At most `share` members of one species, ranked.

    Parameters
    ----------
    share : int
        Size of the full deme.
    settings : Settings
        Parameters of the algorithm.
    """

    def __init__(self, share: int, settings: Settings) -> None:
        self.share = share
        self.n_elites = max(1, int(share * settings.elites))
        self._rivals = settings.rivals
        self._ranked: list[Ranked] = []

    def __len__(self) -> int:
        return len(self._ranked)

    def __getitem__(self, rank: int) -> Member:
        return self._ranked[rank][2]

    def __iter__(self) -> Iterator[Member]:
        return (entry[2] for entry in self._ranked)

    @property
    def is_full(self) -> bool:
        """Whether a newcomer has to displace a member."""
        return len(self._ranked) >= self.share

    def join(self, member: Member) -> None:
        """Add a member to a deme that is not full.

        Parameters
        ----------
        member : Member
            Who joins.
        """
        assert not self.is_full
        self._insert(member)

    def challenge(self, member: Member, stream: Stream) -> bool:
        """Let a newcomer compete for a place in a full deme.

        It takes the place of the most similar of a few members that are not elites, if it is better than that one; of
        equals the older one stays. Competing with its like, it displaces no other idea (restricted tournament). A
        newcomer that beats an elite beats every rival, so it always gets in.

        Parameters
        ----------
        member : Member
            The newcomer.
        stream : Stream
            The newcomer's random numbers of the replacement domain.

        Returns
        -------
        bool
            Whether it got in.

        References
        ----------
        Harik, G. R. (1995). "Finding Multimodal Solutions Using Restricted Tournament Selection". Proceedings of the
        Sixth International Conference on Genetic Algorithms.
        """
        first = self.n_elites if self.n_elites < len(self._ranked) else len(self._ranked) - 1
        if member.score <= -self._ranked[-1][0]:
            return False  # no better than the worst: the rival need not be found
        rank = nearest_rival(self, first, member.candidate.genome, self._rivals, stream)
        if member.score <= -self._ranked[rank][0]:
            return False
        del self._ranked[rank]
        self._insert(member)
        return True

    def scores(self) -> list[float]:
        """Return the members' scores.

        Returns
        -------
        list of float
            Best first.
        """
        return [-entry[0] for entry in self._ranked]

    def _insert(self, member: Member) -> None:
        insort(self._ranked, (-member.score, member.candidate.child, member))
