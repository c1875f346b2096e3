"""Candidates and members: what is evaluated, and what has been."""

from dataclasses import dataclass

from evolution.species import Species

__all__ = ["Candidate", "Member"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One child: parameters to evaluate, and where they come from.

    Attributes
    ----------
    number : int
        Number of the child over all species, from 0: where it stands in the order of the run.
    species : Species
        The species it belongs to.
    child : int
        Index of the child within its species, from 0; with the species its id within the run.
    batch : int
        The batch it was generated in.
    genome : tuple of float
        Its genes in the unit cube, one a dimension.
    names : tuple of str
        Names of the parameters.
    parameters : tuple of float
        Parameter values in the order of `names`; whole numbers for integer dimensions.
    parents : tuple of int
        Its parents: `child` of members of the same species. Empty for initial samples and immigrants.
    operator : str
        What made it: "initial", the name of a variation operator, or "returning" for a copy of an elite of the window
        before, which is its only parent.
    """

    number: int
    species: Species
    child: int
    batch: int
    genome: tuple[float, ...]
    names: tuple[str, ...]
    parameters: tuple[float, ...]
    parents: tuple[int, ...]
    operator: str

    def __getitem__(self, name: str) -> float:
        """Return the value of the parameter called `name`.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        float
            Its value.

        Raises
        ------
        KeyError
            If there is no such parameter.
        """
        if name not in self.names:
            raise KeyError(f'no parameter "{name}"; known: {", ".join(self.names)}')
        return self.parameters[self.names.index(name)]

    def as_dict(self) -> dict[str, float]:
        """Return the parameters by name, in declared order.

        Returns
        -------
        dict of str to float
            A new dictionary.
        """
        return dict(zip(self.names, self.parameters, strict=True))


@dataclass(frozen=True, slots=True)
class Member:
    """A candidate with its finite score, and the rest of its lineage.

    Attributes
    ----------
    candidate : Candidate
        What was evaluated, its parents and its operator included.
    score : float
        Its fitness; higher is better.
    seed : int
        Seed of the run it was born in.
    engine_version : int
        Version of the algorithm that made it.
    """

    candidate: Candidate
    score: float
    seed: int
    engine_version: int

    @property
    def species(self) -> Species:
        """The species it belongs to."""
        return self.candidate.species
