"""One axis of an enumerated landscape: what an optimiser may propose, and the parameter values that are scored."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Axis"]


@dataclass(frozen=True)
class Axis:
    """A bounded variable whose proposals are snapped to the nearest of a few values.

    Optimisers see `name`, `low`, `high`, `integer` and `log`, and nothing of the grid.

    Attributes
    ----------
    name : str
        Name of the parameter.
    coordinates : tuple of float
        Where the grid lies on the axis, ascending.
    values : tuple of float
        The parameter value of each coordinate. They are the same but for a stop, whose last coordinate stands for
        0 (off): a stop so wide that it never acts.
    integer, log : bool
        Whether proposals must be whole, and whether the scale is logarithmic.
    """

    name: str
    coordinates: tuple[float, ...]
    values: tuple[float, ...]
    integer: bool = False
    log: bool = False
    low: float = field(init=False)
    high: float = field(init=False)

    def __post_init__(self) -> None:
        assert len(self.coordinates) == len(self.values) >= 2
        low, high = self.coordinates[0], self.coordinates[-1]
        if not self.integer:  # half a cell more, so that the outer cells are as wide as the others
            scaled = self._scaled(self.coordinates)
            below, above = (scaled[1] - scaled[0]) / 2, (scaled[-1] - scaled[-2]) / 2
            low, high = (low * math.exp(-below), high * math.exp(above)) if self.log else (low - below, high + above)
        object.__setattr__(self, "low", float(low))
        object.__setattr__(self, "high", float(high))

    @classmethod
    def of(
        cls, name: str, low: float, high: float, points: int, integer: bool = False, log: bool = False,
        off: bool = False,
    ) -> "Axis":  # fmt: skip
        """Return an axis with evenly spaced values.

        Parameters
        ----------
        name : str
            Name of the parameter.
        low, high : float
            First and last value, both included.
        points : int
            How many values; fewer when whole numbers coincide.
        integer, log : bool
            Whether they are whole, and whether the spacing is logarithmic.
        off : bool
            Whether 0 (off) comes as one more value behind the highest.

        Returns
        -------
        Axis
            The axis.
        """
        count = points - off
        spaced = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
        coordinates = [float(value) for value in (np.unique(np.round(spaced)) if integer else spaced)]
        values = list(coordinates)
        if off:
            step = coordinates[-1] / coordinates[-2] if log else coordinates[-1] - coordinates[-2]
            coordinates.append(coordinates[-1] * step if log else coordinates[-1] + step)
            values.append(0.0)
        return cls(name, tuple(coordinates), tuple(values), integer, log)

    def snap(self, proposal: float) -> int:
        """Return the index of the value nearest to a proposal.

        Parameters
        ----------
        proposal : float
            Within the bounds; clipped when outside by rounding.

        Returns
        -------
        int
            Index into `values`.
        """
        x = min(max(proposal, self.low), self.high)
        at = self._scaled([x])[0]
        scaled = self._scaled(self.coordinates)
        upper = int(np.searchsorted(scaled, at))
        if upper == 0:
            return 0
        if upper == len(scaled):
            return upper - 1
        return upper if scaled[upper] - at < at - scaled[upper - 1] else upper - 1

    def from_unit(self, u: float) -> float:
        """Return the proposal at a place of the unit interval, for libraries that know no log or integer flag.

        Parameters
        ----------
        u : float
            In [0, 1]; clipped when outside.

        Returns
        -------
        float
            Within the bounds; whole where it must be, each whole number with its equal share of the range.
        """
        widen = 0.5 if self.integer else 0.0
        low, high = self._scaled([self.low - widen, self.high + widen])
        x = low + min(max(u, 0.0), 1.0) * (high - low)
        x = math.exp(x) if self.log else x
        x = math.floor(x + 0.5) if self.integer else x
        return float(min(max(x, self.low), self.high))

    def _scaled(self, values: Sequence[float]) -> np.ndarray:
        array = np.asarray(values, dtype=np.float64)
        return np.log(array) if self.log else array
