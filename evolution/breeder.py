"""The breeder: makes the children of a batch from the committed state."""

from collections.abc import Callable, Mapping, Sequence

from evolution import operators
from evolution.batch import Slot
from evolution.candidate import Candidate
from evolution.deme import Deme
from evolution.identity import RunIdentity
from evolution.memory import fingerprint
from evolution.selection import select_parents
from evolution.stream import REPLACEMENT, VARIATION, Stream, Streams

__all__ = ["INITIAL", "Breeder"]

INITIAL = "initial"
"""What `Candidate.operator` says of a sample of the whole space."""

_REDRAWS = 8
"""How often a child whose parameters are known already is drawn again, before it shares their result."""


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
        self._wheel = _wheel(identity.settings.shares)

    def breed(self, batch: int, demes: Sequence[Deme], is_known: Callable[[bytes], bool]) -> list[Slot]:
        """Return the children of a batch.

        Parameters
        ----------
        batch : int
            Number of the batch.
        demes : sequence of Deme
            Committed members, one deme a species.
        is_known : callable
            Whether the parameters with a fingerprint have been generated before. Both the committed genomes and those
            in flight count: by the fixed lag they, too, are the same in every run.

        Returns
        -------
        list of Slot
            One a child, in their order.
        """
        slots: list[Slot] = []
        fresh: set[bytes] = set()
        for number in self._schedule.children(batch):
            slot = self._child(number, batch, demes, lambda key: key in fresh or is_known(key))
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

    def _child(self, number: int, batch: int, demes: Sequence[Deme], is_known: Callable[[bytes], bool]) -> Slot:
        index, child = self._schedule.locate(number)
        species, space, deme = self._species[index], self._spaces[index], demes[index]
        parents: tuple[int, ...] = ()
        is_initial = self._schedule.is_initial(number)
        stream = self._streams[index].of(child, VARIATION)
        for _ in range(1 + _REDRAWS):
            if is_initial:
                operator = INITIAL
                genes = [stream.uniform() for _ in range(len(space))]
            else:
                operator, parents, genes = self._descendant(deme, len(space), stream)
            genome, parameters = space.repair(genes)
            key = fingerprint(species, parameters)
            is_shared = is_known(key)
            if not is_shared:
                break
        candidate = Candidate(number, species, child, batch, genome, space.names, parameters, parents, operator)
        return Slot(candidate, key, is_shared)

    def _descendant(self, deme: Deme, n_genes: int, stream: Stream) -> tuple[str, tuple[int, ...], list[float]]:
        u = stream.uniform()
        operator = next(operator for edge, operator in self._wheel if u < edge)
        if operator.n_parents and not len(deme):
            operator = operators.get("immigrant")  # nobody of this species has a finite score yet
        parents = select_parents(deme, operator.n_parents, stream, self._settings)
        genes = operator.breed([parent.candidate.genome for parent in parents], n_genes, stream, self._settings)
        children = dict.fromkeys(parent.candidate.child for parent in parents)
        return operator.name, tuple(children), genes


def _wheel(shares: Mapping[str, float]) -> list[tuple[float, operators.Operator]]:
    edges: list[tuple[float, operators.Operator]] = []
    total = 0.0
    for name, share in shares.items():  # sorted by name
        if share > 0.0:
            total += share
            edges.append((total, operators.get(name)))
    edges[-1] = (2.0, edges[-1][1])  # the shares sum to 1 but for rounding
    return edges
