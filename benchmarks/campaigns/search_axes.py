"""The search space of a strategy type as axes that any optimiser understands."""

import math
from collections.abc import Sequence

from landscapes.axis import Axis

from evolution import Dimension, Space

__all__ = ["genome_of", "search_axes"]


def search_axes(space: Space) -> tuple[Axis, ...]:
    """Return the space that evolution searches, for other optimisers.

    Parameters
    ----------
    space : Space
        Of a strategy type.

    Returns
    -------
    tuple of Axis
        Bounds, integer and log flags are those of the space. A dimension that can be switched off is a gene in [0, 1],
        as it is for evolution: the first quarter switches it off.
    """
    return tuple(_axis(dimension) for dimension in space.dimensions)


def genome_of(space: Space, point: Sequence[float]) -> tuple[float, ...]:
    """Return the genome that a point on the axes stands for.

    Parameters
    ----------
    space : Space
        What `search_axes` was given.
    point : sequence of float
        One proposal an axis.

    Returns
    -------
    tuple of float
        In the unit cube.
    """
    return tuple(_gene(dimension, x) for dimension, x in zip(space.dimensions, point, strict=True))


def _axis(dimension: Dimension) -> Axis:
    """Return an axis with the bounds of a dimension; of its grid only the bounds are used."""
    low, high = (0.0, 1.0) if dimension.off else (dimension.low, dimension.high)
    log = dimension.log and not dimension.off
    if dimension.integer and not dimension.off:
        return Axis(dimension.name, (low, high), (low, high), integer=True, log=log)
    bottom, top = (math.log(low), math.log(high)) if log else (low, high)
    quarters = [bottom + share * (top - bottom) for share in (0.25, 0.75)]  # half a cell more on both sides
    cells = tuple(math.exp(x) for x in quarters) if log else tuple(quarters)
    return Axis(dimension.name, cells, cells, log=log)


def _gene(dimension: Dimension, x: float) -> float:
    if dimension.off:
        return min(max(x, 0.0), 1.0)
    value = x if dimension.integer else float(f"{x:.6g}")
    return dimension.encode(min(max(value, dimension.low), dimension.high))
