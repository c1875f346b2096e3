"""The breeder: makes the children of a batch from the committed state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from evolution import operators
from evolution.batch import Batch, Slot
from evolution.candidate import Candidate
from evolution.credit import Credit
from evolution.deme import Deme
from evolution.experience import Experience
from evolution.identity import RunIdentity
from evolution.memory import fingerprint
from evolution.refinement import Refinement, Sample
from evolution.screening import most_promising
from evolution.selection import select_migrant, select_parents
from evolution.space import Space
from evolution.stream import REPLACEMENT, VARIATION, Stream, Streams
from evolution.window import Window

__all__ = ["INITIAL", "Breeder"]

INITIAL = "initial"
"""What `Candidate.operator` says of a sample of the whole space."""

_REDRAWS = 8
"""How often a child whose parameters are known already is drawn again, before it shares their result."""

Wheel = Sequence[tuple[float, operators.Operator]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the children of one species are made from.

    Attributes
    ----------
    deme : Deme
        Committed members.
    others : sequence of Deme
        Members of the same strategy type on other markets; none of them empty.
    experience : Experience
        What was evaluated.
    refinement : Refinement
        The search around an elite.
    pending : list of tuple of float
        Genomes in flight; each child adds its own.
    wheel : sequence of (float, Operator)
        Operators and the upper edges of their shares.
    screened : sequence of (float, Operator)
        The same without refinement.
    """

    deme: Deme
    others: Sequence[Deme]
    experience: Experience
    refinement: Refinement
    pending: list[tuple[float, ...]]
    wheel: Wheel
    screened: Wheel


class Breeder:
    """Makes children; each is a function of the run's identity, its number and the state it reads.

    Parameters
    ----------
    identity : RunIdentity
        Seed, spaces, schedule and settings.
    """

    def __init__(self, identity: RunIdentity) -> None:
        self._schedule = identity.schedule
        self._settings = identity.settings
        self._species = [species for species, _ in identity.spaces]
        self._spaces = [space for _, space in identity.spaces]
        self._streams = [Streams(identity.seed, species) for species in self._species]
        # the markets between which a strategy type migrates
        self._relatives = [
            [
                index
                for index, (other, other_space) in enumerate(identity.spaces)
                if other != species and other.type == species.type and len(other_space) == len(space)
            ]
            for species, space in identity.spaces
        ]

    def breed(
        self,
        batch: int,
        window: Window,
        merits: Sequence[Credit],
        in_flight: Sequence[Batch],
        is_known: Callable[[bytes], bool],
        back: Sequence[list[Candidate]] = (),
    ) -> list[Slot]:
        """Return the children of a batch.

        Parameters
        ----------
        batch : int
            Number of the batch.
        window : Window
            Everything that is committed; a refinement may begin a search, and expects the samples that are chosen.
        merits : sequence of Credit
            Shares of the operators, one a species.
        in_flight : sequence of Batch
            Batches that are generated and not committed.
        is_known : callable
            Whether the parameters with a fingerprint have been generated before. Both the committed genomes and those
            in flight count: by the fixed lag they, too, are the same in every run.
        back : sequence of list of Candidate
            Who returns after a roll, one list a species; those who become children of this batch are taken out.

        Returns
        -------
        list of Slot
            One a child, in their order.
        """
        slots: list[Slot] = []
        fresh: set[bytes] = set()
        demes = window.demes
        pending: list[list[tuple[float, ...]]] = [[] for _ in demes]
        for each in in_flight:
            for slot in each.slots:
                pending[self._schedule.locate(slot.candidate.number)[0]].append(slot.candidate.genome)
        surroundings = [
            Surroundings(
                deme,
                [demes[other] for other in self._relatives[index] if len(demes[other])],
                window.experiences[index],
                window.refinements[index],
                pending[index],
                *_wheels(merits[index].shares()),
            )
            for index, deme in enumerate(demes)
        ]
        for number in self._schedule.children(batch):
            index, _ = self._schedule.locate(number)
            if back and back[index]:
                slot = self._returned(number, batch, back[index].pop(0))
            else:
                slot = self._child(number, batch, surroundings, lambda key: key in fresh or is_known(key))
            fresh.add(slot.key)
            slots.append(slot)
        return slots

    def replacement_stream(self, candidate: Candidate) -> Stream:
        """Return the numbers that decide whom a child competes with.

        Parameters
        ----------
        candidate : Candidate
            The child.

        Returns
        -------
        Stream
            Its own stream of the replacement domain.
        """
        index, child = self._schedule.locate(candidate.number)
        return self._streams[index].of(child, REPLACEMENT)

    def restore(
        self, number: int, genome: tuple[float, ...], parameters: tuple[float, ...], parents: tuple[int, ...],
        operator: str,
    ) -> Candidate:  # fmt: skip
        """Return a candidate from what a state records of it.

        Parameters
        ----------
        number : int
            Number of the child over all species.
        genome : tuple of float
            Its genes.
        parameters : tuple of float
            Its parameters.
        parents : tuple of int
            Its parents, by their index within the species.
        operator : str
            What made it.

        Returns
        -------
        Candidate
            The child.
        """
        index, child = self._schedule.locate(number)
        return Candidate(
            number=number,
            species=self._species[index],
            child=child,
            batch=self._schedule.batch_of(number),
            genome=genome,
            names=self._spaces[index].names,
            parameters=parameters,
            parents=parents,
            operator=operator,
        )

    def _returned(self, number: int, batch: int, elite: Candidate) -> Slot:
        candidate = replace(elite, number=number, child=self._schedule.locate(number)[1], batch=batch)
        return Slot(candidate, fingerprint(candidate.species, candidate.parameters), is_shared=False)

    def _child(
        self, number: int, batch: int, surroundings: Sequence[Surroundings], is_known: Callable[[bytes], bool]
    ) -> Slot:
        index, child = self._schedule.locate(number)
        species, space, around = self._species[index], self._spaces[index], surroundings[index]
        stream = self._streams[index].of(child, VARIATION)
        is_initial = self._schedule.is_initial(number)
        wanted = 1 if is_initial or not len(around.experience) else self._settings.proposals
        proposals: list[Slot] = []
        sample: Sample | None = None
        for draw in range(wanted + _REDRAWS):
            parents: tuple[int, ...] = ()
            if is_initial:
                operator = INITIAL
                genes = [stream.uniform() for _ in range(len(space))]
            else:
                wheel = around.screened if draw and sample is None else around.wheel
                operator, parents, genes, sample = self._descendant(around, wheel, space, stream)
                if sample is not None:
                    wanted = 1  # the search would learn from a biased choice, were its samples screened
            genome, parameters = space.repair(genes)
            key = fingerprint(species, parameters)
            is_shared = is_known(key)
            if is_shared and draw < wanted + _REDRAWS - 1:
                continue
            if is_shared and proposals:
                break
            candidate = Candidate(number, species, child, batch, genome, space.names, parameters, parents, operator)
            proposals.append(Slot(candidate, key, is_shared))
            if len(proposals) == wanted:
                break
        chosen = proposals[self._screen([slot.candidate.genome for slot in proposals], around, stream)]
        if sample is not None:
            around.refinement.expect(child, sample)
        around.pending.append(chosen.candidate.genome)
        return chosen

    def _screen(self, genomes: Sequence[tuple[float, ...]], around: Surroundings, stream: Stream) -> int:
        if len(genomes) == 1:
            return 0
        spread = around.deme[0].score - around.deme[len(around.deme) - 1].score if len(around.deme) else 0.0
        novelty = 0.0 if stream.uniform() < self._settings.greedy else self._settings.novelty
        return most_promising(genomes, around.experience, around.pending, spread or 1.0, novelty)

    def _descendant(
        self, around: Surroundings, wheel: Wheel, space: Space, stream: Stream
    ) -> tuple[str, tuple[int, ...], list[float], Sample | None]:
        u = stream.uniform()
        operator = next(operator for edge, operator in wheel if u < edge)
        is_foreign = "foreign elite" in operator.roles
        if (is_foreign and not around.others) or (operator.n_parents and not is_foreign and not len(around.deme)):
            operator = operators.get("immigrant")  # nobody to descend from
        if is_foreign and operator.n_parents:
            migrant = select_migrant(around.others, stream)
            genes = operator.breed([migrant.candidate.genome], len(space), stream, self._settings)
            return operator.name, (), genes, None
        if "sample" in operator.roles:
            if around.refinement.search is None:
                around.refinement.begin(around.deme[stream.below(min(around.deme.n_elites, len(around.deme)))])
            sample = around.refinement.sample(stream)
            genes = operator.breed([sample.genes], len(space), stream, self._settings)
            return operator.name, (sample.parent,), genes, sample
        parents = select_parents(around.deme, operator, stream, self._settings) if operator.n_parents else []
        genes = operator.breed([parent.candidate.genome for parent in parents], len(space), stream, self._settings)
        children = dict.fromkeys(parent.candidate.child for parent in parents)
        return operator.name, tuple(children), genes, None


def _wheels(shares: Mapping[str, float]) -> tuple[Wheel, Wheel]:
    """Return the wheel of all operators, and the one without refinement where there are others."""
    others = {name: share for name, share in shares.items() if "sample" not in operators.get(name).roles}
    rest = sum(others.values())
    wheel = _wheel(shares)
    if len(others) == len(shares) or not rest:
        return wheel, wheel
    return wheel, _wheel({name: share / rest for name, share in others.items()})


def _wheel(shares: Mapping[str, float]) -> Wheel:
    edges: list[tuple[float, operators.Operator]] = []
    total = 0.0
    for name, share in shares.items():  # in the order of the settings, which is sorted by name
        if share > 0.0:
            total += share
            edges.append((total, operators.get(name)))
    edges[-1] = (2.0, edges[-1][1])  # the shares sum to 1 but for rounding
    return edges
