"""A neighbourhood as a heat map in a terminal: a score a cell, coloured or shaded, the own place in brackets."""

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.style import Style
from rich.text import Text

from backtest import Neighbourhood
from cluster.explanation.glyphs import Glyphs

__all__ = ["heat_map", "surroundings"]

_CELL = 4
_CIVIDIS = ((0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102), (254, 232, 56))


def heat_map(around: Neighbourhood, console: Console) -> list[Text]:
    """Return a neighbourhood as lines of text, as wide as a console allows.

    Parameters
    ----------
    around : Neighbourhood
        SCS over two parameters.
    console : Console
        Where it is to be shown: with colour, or else with shades.

    Returns
    -------
    list of Text
        Greater values of y above; every cell shows its SCS in whole points. A narrow console shows the nearest values.
    """
    glyphs, coloured = Glyphs.of(console), console.color_system is not None
    labels = [f"{value:.4g}" for value in around.y_values]
    margin = max(map(len, labels)) + 3
    row, column = _own(around.y_values, around.at[1]), _own(around.x_values, around.at[0])
    columns = _nearest(len(around.x_values), column, max((console.width - margin) // _CELL, 3))
    top = max(10.0, float(np.ceil(np.max(around.scs) / 10.0) * 10.0))
    lines = [Text(f"  {around.y_name}", style="bold")]
    for y in reversed(range(len(labels))):
        line = Text(f"{labels[y]:>{margin - 1}} ", style="bold" if y == row else "")
        for x in columns:
            line.append_text(_cell(float(around.scs[y, x]), top, (y, x) == (row, column), coloured, glyphs))
        lines.append(line)
    ticks = _ticks([f"{around.x_values[x]:.4g}" for x in columns], columns.index(column))
    lines.append(Text(" " * margin + ticks))
    lines.append(Text(f"{' ' * margin}{around.x_name}", style="bold"))
    scale = Text(" " * margin + "SCS ")
    for step in range(6):
        scale.append_text(_cell(top * step / 5.0, top, False, coloured, glyphs))
    lines.append(scale.append("  [ ] this strategy"))
    return lines


def surroundings(around: Neighbourhood) -> str:
    """Return in words whether a strategy stands on a plateau or on a lonely peak.

    Parameters
    ----------
    around : Neighbourhood
        SCS over two parameters.

    Returns
    -------
    str
        Its own score, that of the places next to it, and the median of all others.
    """
    row, column = _own(around.y_values, around.at[1]), _own(around.x_values, around.at[0])
    own = float(around.scs[row, column])
    place = np.zeros(around.scs.shape, bool)
    place[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = True
    place[row, column] = False
    others = np.delete(around.scs.ravel(), row * around.scs.shape[1] + column)
    if not others.size:
        return f"SCS {own:.1f}; there is nothing around it"
    beside = float(np.mean(around.scs[place]))
    return f"SCS {own:.1f}; next to it {beside:.1f} on average, median of all around it {np.median(others):.1f}"


def _own(values: np.ndarray, own: float) -> int:
    return int(np.abs(values - own).argmin())


def _nearest(count: int, own: int, most: int) -> list[int]:
    """Return the indices of at most `most` values around one."""
    start = min(max(own - most // 2, 0), max(count - most, 0))
    return list(range(start, min(start + most, count)))


def _cell(score: float, top: float, own: bool, coloured: bool, glyphs: Glyphs) -> Text:
    share = min(max(score / top, 0.0), 1.0)
    shown = f"{score:2.0f}"
    if own:
        text = f"[{shown}]" if len(shown) == 2 else f"[{shown}"
    else:
        shade = " " if coloured else glyphs.shades[min(int(share * len(glyphs.shades)), len(glyphs.shades) - 1)]
        text = f"{shade}{shown} "[:_CELL]
    return Text(text, style=_style(share, own) if coloured else "")


def _style(share: float, own: bool) -> Style:
    place = share * (len(_CIVIDIS) - 1)
    low = min(int(place), len(_CIVIDIS) - 2)
    rest = place - low
    red, green, blue = (
        round(one + rest * (other - one)) for one, other in zip(_CIVIDIS[low], _CIVIDIS[low + 1], strict=True)
    )
    return Style(color="black" if share > 0.5 else "white", bgcolor=f"rgb({red},{green},{blue})", bold=own)


def _ticks(labels: Sequence[str], own: int) -> str:
    """Return labels under their columns, as many as there is room for, the own one among them."""
    step = -(-(max(map(len, labels)) + 1) // _CELL)
    line = ""
    for index in range(own % step, len(labels), step):
        line = line.ljust(index * _CELL) + labels[index] + " "
    return line.rstrip()
