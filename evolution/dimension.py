"""One dimension of a search space: how a gene between 0 and 1 becomes a parameter."""

import math
from dataclasses import dataclass, field
from typing import Any

from evolution.errors import SettingsError

__all__ = ["Dimension"]

_OFF_SHARE = 0.25
"""Genes below this switch an `off` dimension off; the rest of the unit interval is its range."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A bounded parameter, and the scale on which it is searched.

    Values have 6 significant digits, so that what is printed reproduces the score exactly. The same rounding hides
    the last bits in which the logarithms of two C libraries may differ.

    Attributes
    ----------
    name : str
        Name of the parameter.
    low, high : float
        Bounds, both included.
    integer : bool
        Whether only whole numbers are valid; each has an equal share of the (linear or logarithmic) range.
    log : bool
        Whether the scale is logarithmic; `low` must be positive then.
    off : bool
        Whether 0 is valid too and switches the parameter off: the first quarter of the unit interval.

    Raises
    ------
    SettingsError
        If the bounds are not finite, out of order, not whole where they must be, or not positive on a log scale.

    Examples
    --------
    >>> Dimension("lookback_period", 5, 500, integer=True, log=True).decode(0.5)
    47.0
    >>> Dimension("stop_loss", 0.01, 0.5, off=True).decode(0.1)
    0.0
    """

    name: str
    low: float
    high: float
    integer: bool = False
    log: bool = False
    off: bool = False
    _bottom: float = field(init=False, repr=False, compare=False, default=0.0)
    _top: float = field(init=False, repr=False, compare=False, default=0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        self._check()
        bottom, top = self.low, self.high
        if self.integer:
            bottom, top = bottom - 0.5, top + 0.5
        if self.log:
            bottom, top = math.log(bottom), math.log(top)
        object.__setattr__(self, "_bottom", bottom)
        object.__setattr__(self, "_top", top)

    def decode(self, gene: float) -> float:
        """Return the value of a gene.

        Parameters
        ----------
        gene : float
            In [0, 1].

        Returns
        -------
        float
            The value: 0 (off), or inside the bounds; a whole number for an integer dimension.
        """
        if self.off:
            if gene < _OFF_SHARE:
                return 0.0
            gene = (gene - _OFF_SHARE) / (1.0 - _OFF_SHARE)
        scaled = self._bottom + gene * (self._top - self._bottom)
        value = math.exp(scaled) if self.log else scaled
        value = math.floor(value + 0.5) if self.integer else float(f"{value:.6g}")
        return float(min(max(value, self.low), self.high)) + 0.0  # never -0.0: equal values have equal bytes

    def encode(self, value: float) -> float:
        """Return the gene of a value, such that `decode` gives the value back.

        Parameters
        ----------
        value : float
            0 where that switches off, else within the bounds; of at most 6 significant digits or a bound itself.

        Returns
        -------
        float
            In [0, 1]; the middle of its share for an integer and for 0 (off).

        Raises
        ------
        SettingsError
            If the value is outside.
        """
        if self.off and value == 0.0:
            return _OFF_SHARE / 2.0
        if not self.low <= value <= self.high:
            raise SettingsError(
                f"{self.name} must be {'0 or ' if self.off else ''}in [{self.low:g}, {self.high:g}], was {value}"
            )
        scaled = math.log(value) if self.log else value
        span = self._top - self._bottom
        gene = (scaled - self._bottom) / span if span > 0.0 else 0.5
        gene = min(max(gene, 0.0), 1.0)
        return _OFF_SHARE + gene * (1.0 - _OFF_SHARE) if self.off else gene

    def repair(self, gene: float) -> tuple[float, float]:
        """Return the gene in its canonical form, and its value.

        A whole number and "off" have one gene each: otherwise equal strategies would look different to the operators
        and to distances.

        Parameters
        ----------
        gene : float
            In [0, 1].

        Returns
        -------
        tuple of (float, float)
            Gene and value.
        """
        value = self.decode(gene)
        if self.integer or (self.off and value == 0.0):
            gene = self.encode(value)
        return gene, value

    def describe(self) -> dict[str, Any]:
        """Return the dimension as JSON values; ``Dimension(**values)`` gives it back.

        Returns
        -------
        dict
            All attributes.
        """
        return {
            "name": self.name,
            "low": self.low,
            "high": self.high,
            "integer": self.integer,
            "log": self.log,
            "off": self.off,
        }

    def _check(self) -> None:
        span = f"{self.name} in [{self.low:g}, {self.high:g}]"
        if not self.name:
            raise SettingsError("a dimension must have a name")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise SettingsError(f"the bounds of a dimension must be finite and in order, were {span}")
        if self.log and self.low <= 0.0:
            raise SettingsError(f"a logarithmic dimension must have a positive low, was {span}")
        if self.integer and not (self.low.is_integer() and self.high.is_integer()):
            raise SettingsError(f"the bounds of an integer dimension must be whole, were {span}")
        if self.off and self.low <= 0.0:
            raise SettingsError(f"a dimension that 0 switches off must have a positive low, was {span}")
