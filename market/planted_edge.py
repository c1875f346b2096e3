"""An edge that is really there, for a while: spells in which a hidden drift persists, and spells in which none does.

During a spell the drift is a stationary first-order autoregressive process: it keeps its side for hours, so whoever
measures the trend of the last hours knows something about the next. Outside a spell there is nothing to know, and
whoever trades pays costs. When spells begin and end is random (geometric lengths), and nobody is told.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.errors import MarketError
from market.randomness import Floats, autoregressive

HOURS_PER_DAY = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedEdge:
    """How strong a planted edge is, and how it comes and goes.

    Attributes
    ----------
    strength : float
        Standard deviation of the hidden drift of a day, in standard deviations of a day's return; 0 plants nothing.
    memory_hours : float
        Hours after which about 1/e of the drift is left.
    mean_days_on, mean_days_off : float
        How long a spell with the edge, and one without it, lasts on average.

    Raises
    ------
    MarketError
        If one of them is negative, or a length of time is not positive.
    """

    strength: float = 5.0
    memory_hours: float = 8.0
    mean_days_on: float = 6.0
    mean_days_off: float = 3.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength < 100.0:
            raise MarketError(f"strength must be in [0, 100) daily standard deviations, was {self.strength}")
        for name in ("memory_hours", "mean_days_on", "mean_days_off"):
            value = getattr(self, name)
            if not 0.0 < value < 1e6:
                raise MarketError(f"{name} must be positive, was {value}")


def edge_spells(edge: PlantedEdge, bar_days: float, uniforms: Floats) -> npt.NDArray[np.bool_]:
    """Return in which bars an edge is there.

    Parameters
    ----------
    edge : PlantedEdge
        How it comes and goes.
    bar_days : float
        Length of a bar in days.
    uniforms : ndarray of float64, shape (n_bars,)
        Independent, in [0, 1); bar t reads rows up to t only, so more bars append to fewer.

    Returns
    -------
    ndarray of bool, shape (n_bars,)
        The first bar is in a spell with the chance that any bar is.
    """
    chances = {True: min(1.0, bar_days / edge.mean_days_on), False: min(1.0, bar_days / edge.mean_days_off)}
    is_on = bool(uniforms[0] < edge.mean_days_on / (edge.mean_days_on + edge.mean_days_off))
    starts, states = [0], [is_on]
    for bar in np.flatnonzero(uniforms < max(chances.values())).tolist():
        if bar and uniforms[bar] < chances[states[-1]]:
            starts.append(bar)
            states.append(not states[-1])
    return np.repeat(np.array(states), np.diff([*starts, len(uniforms)]))


def hidden_drift(edge: PlantedEdge, bar_days: float, normals: Floats) -> Floats:
    """Return the hidden drift of each bar while an edge is there, in standard deviations of the bar's return.

    Parameters
    ----------
    edge : PlantedEdge
        How strong and how persistent it is.
    bar_days : float
        Length of a bar in days.
    normals : ndarray of float64, shape (n_bars,)
        Independent, of mean 0 and variance 1.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Of standard deviation ``strength * sqrt(bar_days)``: what adds up over a day does not depend on the timeframe.
    """
    memory_bars = edge.memory_hours / HOURS_PER_DAY / bar_days
    drift: Floats = edge.strength * np.sqrt(bar_days) * autoregressive(normals, memory_bars)
    return drift
