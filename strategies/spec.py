"""A strategy as a value: a type and its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

from strategies.registry import get

__all__ = ["StrategySpec"]


@dataclass(frozen=True, slots=True, init=False)
class StrategySpec:
    """A strategy type with valid values for all its parameters.

    Parameters
    ----------
    type : str
        Name of a strategy type, one of `strategies.available()`.
    parameters : mapping of str to number
        Values by name; stops default to 0 (off) and `quantity` to 1.

    Attributes
    ----------
    type : str
        Name of the strategy type.
    values : tuple of float
        Parameter values in the order the type declares them.

    Raises
    ------
    StrategyError
        If the type is unknown or a parameter unknown, missing or out of bounds.

    Examples
    --------
    >>> from strategies import StrategySpec
    >>> spec = StrategySpec("momentum", {"lookback_period": 20, "threshold": 0.01})
    >>> spec.parameters["lookback_period"]
    20.0
    >>> StrategySpec("momentun", {})
    Traceback (most recent call last):
        ...
    strategies.errors.UnknownStrategyError: no strategy type "momentun"; did you mean "momentum"?
    """

    type: str
    values: tuple[float, ...]

    def __init__(self, type: str, parameters: Mapping[str, object]) -> None:  # noqa: A002 - the field's own name
        object.__setattr__(self, "type", type)
        object.__setattr__(self, "values", get(type).check(parameters))

    @property
    def parameters(self) -> dict[str, float]:
        """Parameter values by name, in declared order."""
        declared = get(self.type).parameters
        return {parameter.name: value for parameter, value in zip(declared, self.values, strict=True)}

    def __str__(self) -> str:
        pairs = ", ".join(f"{name}={value:g}" for name, value in self.parameters.items())
        return f"{self.type}({pairs})"
