"""What every strategy type has in common: declared parameters, shared columns, raw sides.

A strategy type is one file in this package, or a class behind the entry-point group ``evoq.strategies``. It declares
its name and parameters, and turns prices into raw sides; everything else (stops, fills, metrics, evolution, tests)
follows from that.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from strategies.errors import ParameterError, nearest
from strategies.parameter import QUANTITY, STOPS, Parameter
from strategies.price_columns import PriceColumns

__all__ = ["StrategyType"]


class StrategyType(ABC):
    """One way to turn prices into sides.

    Subclasses set `name`, `summary` and `own_parameters`, and write `warm_up`, `columns` and `sides`.

    Attributes
    ----------
    name : str
        Identifier in specs, files and the database.
    summary : str
        One line for people.
    own_parameters : tuple of Parameter
        Parameters of the signal, without the shared ones.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    own_parameters: ClassVar[tuple[Parameter, ...]]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters: those of the signal, then ``quantity``, then the stops."""
        return (*self.own_parameters, QUANTITY, *STOPS)

    def check(self, parameters: Mapping[str, object]) -> tuple[float, ...]:
        """Return the values of `parameters` in declared order, defaults filled in.

        Parameters
        ----------
        parameters : mapping of str to number
            Values by name.

        Returns
        -------
        tuple of float
            One value for each of `self.parameters`.

        Raises
        ------
        ParameterError
            If it is no mapping, a name is unknown, a required one is missing, or a value is not valid.
        """
        if not isinstance(parameters, Mapping):
            raise ParameterError(
                f"parameters of {self.name} must be a mapping of names to numbers, such as "
                f"{{'{self.parameters[0].name}': 20}}, was of type {type(parameters).__name__}"
            )
        known = {parameter.name for parameter in self.parameters}
        for name in parameters:
            if name not in known:
                raise ParameterError(f'{self.name} has no parameter "{name}"; {nearest(str(name), known)}')
        values = []
        for parameter in self.parameters:
            if parameter.name in parameters:
                values.append(parameter.check(parameters[parameter.name]))
            elif parameter.default is not None:
                values.append(parameter.default)
            else:
                raise ParameterError(f"{self.name} needs {parameter.name} ({parameter.rule}); add {parameter.name}=...")
        return tuple(values)

    @abstractmethod
    def warm_up(self, parameters: Mapping[str, float]) -> int:
        """Return the index of the first bar on which a side other than 0 is possible."""

    @abstractmethod
    def columns(self, prices: PriceColumns) -> tuple[np.ndarray, ...]:
        """Return the read-only columns that `sides` reads; computed once for all strategies of this type."""

    @abstractmethod
    def sides(
        self,
        columns: tuple[np.ndarray, ...],
        parameters: Mapping[str, float],
        one_way_cost: float,
        out: np.ndarray,
    ) -> None:
        """Write the raw side of every bar, decided at its close from data up to and including it.

        Parameters
        ----------
        columns : tuple of ndarray
            What `columns` returned for these candles; at least `warm_up` + 1 bars long.
        parameters : mapping of str to float
            Validated values by name.
        one_way_cost : float
            Fee and slippage of one fill, as a fraction of its notional.
        out : ndarray of int8, shape (n_bars,)
            Receives -1, 0 or +1 for every bar.
        """
