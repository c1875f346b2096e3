"""Search spaces: the unit cube that operators move in, and the parameters it stands for."""

from collections.abc import Iterable, Sequence
from typing import Any

import strategies
from evolution.dimension import Dimension
from evolution.errors import SettingsError

__all__ = ["Space"]

_NOT_A_GENE = "quantity"
"""It cannot change the score: evolution runs at quantity 1, and the allocation sizes."""


class Space:
    """Named dimensions; a genome is one gene in [0, 1] for each.

    Parameters
    ----------
    dimensions : iterable of Dimension
        At least one, with different names.

    Raises
    ------
    SettingsError
        If there is none, or a name occurs twice.

    Examples
    --------
    >>> space = Space([Dimension("x", -5, 5), Dimension("n", 1, 9, integer=True)])
    >>> space.decode((0.5, 0.99))
    (0.0, 9.0)
    """

    def __init__(self, dimensions: Iterable[Dimension]) -> None:
        self.dimensions: tuple[Dimension, ...] = tuple(dimensions)
        self.names: tuple[str, ...] = tuple(dimension.name for dimension in self.dimensions)
        if not self.dimensions:
            raise SettingsError("a space must have at least one dimension, had 0")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise SettingsError(f"the dimensions of a space must have different names, {', '.join(twice)} occurs twice")

    @classmethod
    def of(cls, strategy_type: str | strategies.StrategyType) -> "Space":
        """Return the space of a strategy type: its searched ranges, stops included, without `quantity`.

        Parameters
        ----------
        strategy_type : str or StrategyType
            The type, or its name.

        Returns
        -------
        Space
            One dimension a parameter, in declared order.
        """
        kind = strategies.get(strategy_type) if isinstance(strategy_type, str) else strategy_type
        return cls(
            Dimension(
                parameter.name,
                parameter.search_low,
                parameter.search_high,
                integer=parameter.integer,
                log=parameter.log,
                off=parameter.off,
            )
            for parameter in kind.parameters
            if parameter.name != _NOT_A_GENE
        )

    def __len__(self) -> int:
        return len(self.dimensions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.dimensions == other.dimensions

    def __hash__(self) -> int:
        return hash(self.dimensions)

    def __repr__(self) -> str:
        return f"Space({list(self.dimensions)!r})"

    def decode(self, genome: Sequence[float]) -> tuple[float, ...]:
        """Return the parameters of a genome.

        Parameters
        ----------
        genome : sequence of float
            One gene a dimension, in [0, 1].

        Returns
        -------
        tuple of float
            One value a dimension.
        """
        return tuple(dimension.decode(gene) for dimension, gene in zip(self.dimensions, genome, strict=True))

    def encode(self, parameters: Sequence[float]) -> tuple[float, ...]:
        """Return the genome of parameters.

        Parameters
        ----------
        parameters : sequence of float
            One value a dimension, within its bounds.

        Returns
        -------
        tuple of float
            One gene a dimension, in [0, 1].
        """
        return tuple(dimension.encode(value) for dimension, value in zip(self.dimensions, parameters, strict=True))

    def repair(self, genome: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return a genome in its canonical form, and its parameters.

        Parameters
        ----------
        genome : sequence of float
            One gene a dimension, in [0, 1].

        Returns
        -------
        tuple of (tuple of float, tuple of float)
            Genome and parameters.
        """
        pairs = [dimension.repair(gene) for dimension, gene in zip(self.dimensions, genome, strict=True)]
        return tuple(gene for gene, _ in pairs), tuple(value for _, value in pairs)

    def describe(self) -> list[dict[str, Any]]:
        """Return the space as JSON values.

        Returns
        -------
        list of dict
            One a dimension.
        """
        return [dimension.describe() for dimension in self.dimensions]
