"""The signs of a terminal: ticks, bars and sparklines, in plain letters where it knows no others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

__all__ = ["Glyphs", "thinned"]

_EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What one terminal can show.

    Attributes
    ----------
    tick, cross : str
        Met, and not met.
    full, empty : str
        One cell of a bar.
    fine : bool
        Whether a bar may end within a cell.
    levels : str
        Heights of a sparkline, the lowest first.
    shades : str
        Densities of a map without colour, the lightest first.
    """

    tick: str = "✓"
    cross: str = "✗"
    full: str = "█"
    empty: str = "·"
    fine: bool = True
    levels: str = "▁▂▃▄▅▆▇█"
    shades: str = " ░▒▓█"

    @classmethod
    def of(cls, console: Console) -> "Glyphs":
        """Return what a console can show.

        Parameters
        ----------
        console : Console
            Where to.

        Returns
        -------
        Glyphs
            ASCII alone where its encoding is not a UTF.
        """
        if console.options.ascii_only:
            return cls("yes", "no", "#", ".", fine=False, levels="_.-~=+*#", shades=" .:+#")
        return cls()

    def bar(self, value: float, most: float, cells: int) -> tuple[str, str]:
        """Return a bar and what is missing from it.

        Parameters
        ----------
        value, most : float
            A number, and the one that fills all cells; NaN and what is negative fill none.
        cells : int
            Length of the whole.

        Returns
        -------
        tuple of (str, str)
            The filled and the empty part, together of `cells` letters.

        Examples
        --------
        >>> Glyphs().bar(5.5, 10.0, 5)
        ('██▊', '··')
        """
        share = 0.0 if math.isnan(value) or most <= 0.0 else min(max(value / most, 0.0), 1.0)
        if not self.fine:
            filled = self.full * round(share * cells)
        else:
            whole, rest = divmod(round(share * cells * 8), 8)
            filled = self.full * whole + (_EIGHTHS[rest] if rest else "")
        return filled, self.empty * (cells - len(filled))

    def sparkline(self, values: Sequence[float | None], low: float | None = None, high: float | None = None) -> str:
        """Return a curve of one line.

        Parameters
        ----------
        values : sequence of float or None
            One a letter; None and NaN leave a gap.
        low, high : float, optional
            Values of the lowest and the highest letter; those of the curve unless given.

        Returns
        -------
        str
            As many letters as there are values.

        Examples
        --------
        >>> Glyphs().sparkline([0.0, 1.0, None, 2.0])
        '▁▅ █'
        """
        known = [value for value in values if value is not None and math.isfinite(value)]
        if not known:
            return " " * len(values)
        least = min(known) if low is None else low
        most = max(known) if high is None else high
        half_span = max(most / 2 - least / 2, 0.0) or 1.0  # halves: a difference of floats may be more than one holds
        last = len(self.levels) - 1
        return "".join(
            self.levels[round(min(max((value / 2 - least / 2) / half_span, 0.0), 1.0) * last)]
            if value is not None and math.isfinite(value)
            else " "
            for value in values
        )


def thinned(values: Sequence[float], cells: int) -> list[float]:
    """Return at most so many values, evenly chosen, the first and the last among them.

    Parameters
    ----------
    values : sequence of float
        A curve.
    cells : int
        Most values to return, at least 2.

    Returns
    -------
    list of float
        In their order.

    Examples
    --------
    >>> thinned([0, 1, 2, 3, 4, 5], 3)
    [0, 2, 5]
    """
    if len(values) <= cells:
        return list(values)
    return [values[index * (len(values) - 1) // (cells - 1)] for index in range(cells)]
