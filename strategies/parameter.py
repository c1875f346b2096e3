"""One declared parameter of a strategy type: valid values, searched range, unit."""

import math
from dataclasses import dataclass

from strategies.errors import ParameterError

__all__ = ["QUANTITY", "STOPS", "Parameter"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named number with the values that are valid and the narrower range that evolution searches.

    Attributes
    ----------
    name : str
        Keyword of the parameter.
    low, high : float
        Valid values, both ends included; `low` is excluded when `exclusive_low`.
    search_low, search_high : float
        The range evolution searches, inside the valid values.
    unit : str
        What the number counts: "bars", "fraction", "standard deviations", ...
    description : str
        What it does, for help texts.
    integer : bool
        Whether only whole numbers are valid.
    log : bool
        Whether evolution searches on a logarithmic scale.
    off : bool
        Whether 0 is valid too and switches the parameter off.
    default : float or None
        Value used when the user gives none; None makes the parameter required.
    exclusive_low : bool
        Whether `low` itself is not valid.
    """

    name: str
    low: float
    high: float
    search_low: float
    search_high: float
    unit: str
    description: str
    integer: bool = False
    log: bool = False
    off: bool = False
    default: float | None = None
    exclusive_low: bool = False

    def check(self, value: object) -> float:
        """Return `value` as a valid number of this parameter.

        Parameters
        ----------
        value : object
            What the user gave.

        Returns
        -------
        float
            The same number; a whole one for integer parameters.

        Raises
        ------
        ParameterError
            If it is not a finite number, not whole where it must be, or out of bounds.
        """
        if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
            raise ParameterError(f"{self.name} must be a number, was {value!r}")
        try:
            number = float(value)
        except OverflowError:  # a whole number beyond every float
            number = math.inf
        except (TypeError, ValueError):  # an array of several numbers
            raise ParameterError(f"{self.name} must be one number, was of type {type(value).__name__}") from None
        if self.off and number == 0.0:
            return 0.0
        inside = self.low <= number <= self.high and not (self.exclusive_low and number == self.low)
        if not (inside and math.isfinite(number)):
            raise ParameterError(f"{self.name} must be {self.rule}, was {value}")
        if self.integer and not number.is_integer():
            raise ParameterError(f"{self.name} must be a whole number, was {value}")
        return number

    @property
    def rule(self) -> str:
        """The valid values in words: ``"0 (off) or in [0.0001, 1] fraction"``."""
        if math.isinf(self.high):
            span = f"{'above' if self.exclusive_low else 'at least'} {self.low:g}, and finite"
        else:
            span = f"in {'(' if self.exclusive_low else '['}{self.low:g}, {self.high:g}] {self.unit}"
        return f"0 (off) or {span}" if self.off else span


QUANTITY = Parameter(
    "quantity", 0.0, math.inf, 1.0, 1.0, "base units", "size of the position; it never changes the score",
    default=1.0, exclusive_low=True,
)  # fmt: skip

STOPS = (
    Parameter(
        "stop_loss", 1e-4, 1.0, 2e-3, 0.3, "of the entry fill", "leave when the position has lost this much",
        log=True, off=True, default=0.0,
    ),
    Parameter(
        "take_profit", 1e-4, 100.0, 2e-3, 1.0, "of the entry fill", "leave when the position has gained this much",
        log=True, off=True, default=0.0,
    ),
)  # fmt: skip
"""The optional parameters that every strategy type shares."""
