"""The window: everything that was scored on the same candles, and can be compared therefore."""

import math
from collections.abc import Callable, Sequence

from evolution.archive import Archive
from evolution.batch import Batch, Slot
from evolution.behaviour import Behaviour
from evolution.candidate import Candidate, Member
from evolution.deme import Deme
from evolution.experience import Experience
from evolution.hall import HallOfFame
from evolution.identity import RunIdentity
from evolution.memory import Memory
from evolution.past import Past
from evolution.refinement import Refinement
from evolution.returning import returning
from evolution.stream import Stream

__all__ = ["Behaviours", "Window"]

_MOST_PAST = 32
"""Whom earlier windows left, at most of each species; else a quarter of its members."""

Behaviours = Callable[[Sequence[Candidate]], Sequence[Behaviour]]
"""Tells how candidates trade, as a function of nothing else; one behaviour each."""


class Window:
    """Members, and what is remembered of everybody who was scored. A roll replaces it as a whole.

    Parameters
    ----------
    identity : RunIdentity
        Of the run.
    label : str
        What the window is called; empty for the first one.
    first_batch : int
        The first batch that is scored in it.
    pasts : sequence of Past or None
        What is remembered of earlier windows, one a species; None of nothing.

    Attributes
    ----------
    demes : list of Deme
        The members, one deme a species.
    experiences : list of Experience
        Where each species was evaluated lately.
    refinements : list of Refinement
        The search around an elite of each species.
    memory : Memory
        Scores of evaluated genomes.
    hall : HallOfFame
        The best distinct members.
    archive : Archive
        The best of each way of trading.
    pasts : list of Past
        What earlier windows left of each species: genomes alone, no scores.
    """

    def __init__(
        self, identity: RunIdentity, label: str = "", first_batch: int = 0, pasts: Sequence[Past] | None = None
    ) -> None:
        settings = identity.settings
        self._identity, self._schedule = identity, identity.schedule
        self.label, self.first_batch = label, first_batch
        self.demes = [Deme(self._schedule.share(index), settings) for index in range(len(identity.spaces))]
        self.experiences = [Experience(len(space), settings.experience) for _, space in identity.spaces]
        self.refinements = [Refinement(space) for _, space in identity.spaces]
        self.memory = Memory(settings.memory)
        self.hall = HallOfFame(settings.hall_of_fame)
        self.archive = Archive()
        forgotten = [Past(min(_MOST_PAST, max(2, deme.share // 4))) for deme in self.demes]
        self.pasts = forgotten if pasts is None else list(pasts)

    @property
    def members(self) -> tuple[Member, ...]:
        """All members, sorted by species and child."""
        everybody = (member for deme in self.demes for member in deme)
        return tuple(sorted(everybody, key=lambda member: (member.species, member.candidate.child)))

    @property
    def best(self) -> Member | None:
        """The best member; None before a finite score is committed."""
        return self.hall[0] if len(self.hall) else None

    def stagnation(self, evaluations: int) -> int:
        """Return how many children were committed since the best member was born.

        Parameters
        ----------
        evaluations : int
            Children committed in the run.

        Returns
        -------
        int
            Since the window began where there is no best member.
        """
        began = self._schedule.children(self.first_batch).start
        return evaluations - (began if self.best is None else self.best.candidate.number + 1)

    def settle(self, slot: Slot, replacement_stream: Callable[[Candidate], Stream]) -> tuple[float, bool]:
        """Commit one child: remember its score, and let it compete for a place.

        Parameters
        ----------
        slot : Slot
            The child; its score, or the one it shares, is known.
        replacement_stream : callable
            Gives the random numbers that decide whom a child competes with.

        Returns
        -------
        score : float
            Its score.
        has_joined : bool
            Whether it displaced a member of a full deme.
        """
        candidate = slot.candidate
        species, child = self._schedule.locate(candidate.number)
        if slot.is_shared:
            score = self.memory.touch(slot.key)
        else:
            assert slot.score is not None
            score = slot.score
            self.memory.remember(slot.key, score)
            self.experiences[species].add(candidate.genome, score)
        self.refinements[species].tell(child, score)
        has_joined = False
        if math.isfinite(score):
            member = Member(candidate, score, self._identity.seed, self._identity.engine_version)
            deme = self.demes[species]
            if not deme.is_full:
                deme.join(member)
            elif not slot.is_shared:
                has_joined = deme.challenge(member, replacement_stream(candidate))
            if not slot.is_shared:
                self.hall.offer(member)
        return score, has_joined

    def characterise(self, first: int, behaviours: Behaviours) -> None:
        """Offer members to the archive, those of a species in the order of their birth.

        Parameters
        ----------
        first : int
            Members whose number is below this one are left out.
        behaviours : callable
            Tells how candidates trade.
        """
        born = [member for member in self.members if member.candidate.number >= first]
        described = behaviours([member.candidate for member in born])
        for member, behaviour in zip(born, described, strict=True):
            self.archive.offer(member, behaviour)

    def returning(self, batches: range, in_flight: Sequence[Batch]) -> list[list[Candidate]]:
        """Return who is scored first in the window that follows this one.

        Parameters
        ----------
        batches : range
            Numbers of the batches that have room for them.
        in_flight : sequence of Batch
            What is generated and not committed.

        Returns
        -------
        list of list of Candidate
            One list a species, as long as the batches have places at most.
        """
        room = [0] * len(self.demes)
        for number in batches:
            for child in self._schedule.children(number):
                room[self._schedule.locate(child)[0]] += 1
        waiting: list[list[Candidate]] = [[] for _ in self.demes]
        for batch in in_flight:
            for slot in batch.slots:
                waiting[self._schedule.locate(slot.candidate.number)[0]].append(slot.candidate)
        species = [one for one, _ in self._identity.spaces]
        return [
            returning(deme, list(self.archive.elites(one).values()), pending, count, past)
            for one, deme, pending, count, past in zip(species, self.demes, waiting, room, self.pasts, strict=True)
        ]
