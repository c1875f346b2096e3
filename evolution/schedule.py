"""The schedule: which child belongs to which species, batch, generation and round. Pure arithmetic."""

from dataclasses import dataclass

from evolution.errors import SettingsError

__all__ = ["ROUNDS", "Schedule", "default_batch_size"]

ROUNDS = 4
"""Rounds of a generation."""


def default_batch_size(population: int) -> int:
    """Return the batch size of a run that does not choose one.

    Parameters
    ----------
    population : int
        Members over all species.

    Returns
    -------
    int
        A sixteenth of the population, at least 1 and at most 64.
    """
    return min(64, max(1, population // 16))


@dataclass(frozen=True, slots=True)
class Schedule:
    """The arithmetic of one run.

    Children are numbered 0, 1, 2, ... and go round the species in turn, so that the shares of a population differ by
    at most one. A generation is `population` children. It is cut into batches of `batch_size`, the last one taking
    the remainder: no batch belongs to two generations, so a run can stop after exactly a whole number of generations
    and go on later as if it had not.

    Attributes
    ----------
    population : int
        Members over all species.
    n_species : int
        How many species share it.
    batch_size : int
        Children of a batch.
    lag : int
        Batch k reads the state after batches 0..k - `lag`.

    Raises
    ------
    SettingsError
        If one is out of its bounds.
    """

    population: int
    n_species: int
    batch_size: int
    lag: int

    def __post_init__(self) -> None:
        for name in ("population", "n_species", "batch_size", "lag"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise SettingsError(f"{name} must be a whole number, was {value!r}")
        if self.n_species < 1:
            raise SettingsError("there must be at least one species, were 0; give a space to search")
        if self.population < self.n_species:
            plural = "one for each of the species" if self.n_species > 1 else "one species"
            raise SettingsError(f"population must be at least {self.n_species} ({plural}), was {self.population}")
        if self.batch_size < 1:
            raise SettingsError(f"batch_size must be at least 1, was {self.batch_size}")
        if self.lag < 1:
            raise SettingsError(f"lag must be at least 1, was {self.lag}")

    @property
    def batches_per_generation(self) -> int:
        """How many batches a generation is cut into."""
        return -(-self.population // self.batch_size)

    def share(self, species: int) -> int:
        """Return how many members a species has.

        Parameters
        ----------
        species : int
            Index of the species in their order.

        Returns
        -------
        int
            Its share of the population; the first ones take the remainder.
        """
        return self.population // self.n_species + (species < self.population % self.n_species)

    def locate(self, number: int) -> tuple[int, int]:
        """Return the species of a child, and its index there.

        Parameters
        ----------
        number : int
            Number of the child over all species.

        Returns
        -------
        tuple of (int, int)
            Index of the species, and index of the child within it.
        """
        return number % self.n_species, number // self.n_species

    def children(self, batch: int) -> range:
        """Return the numbers of a batch's children.

        Parameters
        ----------
        batch : int
            Number of the batch.

        Returns
        -------
        range
            At most `batch_size` numbers, all of one generation.
        """
        generation, index = divmod(batch, self.batches_per_generation)
        start = generation * self.population + index * self.batch_size
        return range(start, min(start + self.batch_size, (generation + 1) * self.population))

    def batch_of(self, number: int) -> int:
        """Return the batch of a child.

        Parameters
        ----------
        number : int
            Number of the child over all species.

        Returns
        -------
        int
            Number of the batch.
        """
        generation, index = divmod(number, self.population)
        return generation * self.batches_per_generation + index // self.batch_size

    def is_initial(self, number: int) -> bool:
        """Return whether a child is a sample of the whole space, not a descendant.

        Parameters
        ----------
        number : int
            Number of the child over all species.

        Returns
        -------
        bool
            True in the first generation, and in batches for which no state is committed yet.
        """
        return number < self.population or self.batch_of(number) < self.lag

    def generation(self, evaluations: int) -> int:
        """Return the generation being worked on, from 1.

        Parameters
        ----------
        evaluations : int
            Children committed.

        Returns
        -------
        int
            The generation of the last committed child: exactly G after G whole populations.
        """
        return max(evaluations - 1, 0) // self.population + 1

    def round(self, evaluations: int) -> int:
        """Return the round being worked on, 1 to 4.

        Parameters
        ----------
        evaluations : int
            Children committed.

        Returns
        -------
        int
            The round of the last committed child. Each is a quarter of the population, rounded down; the last takes
            the remainder.
        """
        if not evaluations:
            return 1
        length = self.population // ROUNDS
        index = (evaluations - 1) % self.population
        return min(index // length + 1, ROUNDS) if length else ROUNDS
