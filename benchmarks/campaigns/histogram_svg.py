"""Histograms as a small SVG file, written by hand: the same bytes for the same numbers, and no library needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bars", "Panel", "histogram_svg"]

_WIDTH, _PANEL, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 250, 52, 16, 46, 44
_TEXT = 'font-family="sans-serif" fill="#222222"'


@dataclass(frozen=True)
class Bars:
    """One histogram.

    Attributes
    ----------
    label : str
        What it shows, for the legend.
    counts : sequence of int
        How many fell into each bin.
    color : str
        Hexadecimal.
    """

    label: str
    counts: Sequence[int]
    color: str

    @property
    def shares(self) -> list[float]:
        """The counts in per cent of all of them."""
        return [100.0 * count / sum(self.counts) for count in self.counts]


@dataclass(frozen=True)
class Panel:
    """Histograms over one axis.

    Attributes
    ----------
    title, axis : str
        What it shows, and what the axis is.
    low, high : float
        Ends of the axis.
    ticks : sequence of float
        Where it is labelled.
    bars : sequence of Bars
        Over the same bins, which divide the axis evenly.
    line, line_label : float, str
        A threshold and what it is called.
    top : float
        Highest share shown, in per cent; higher bars are cut and labelled.
    """

    title: str
    axis: str
    low: float
    high: float
    ticks: Sequence[float]
    bars: Sequence[Bars]
    line: float
    line_label: str
    top: float

    def x(self, value: float) -> float:
        """Return where a value lies."""
        return _LEFT + (value - self.low) / (self.high - self.low) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, share: float) -> float:
        """Return where a share lies, seen from the top of the panel."""
        return _PANEL - _BOTTOM - min(share, self.top) / self.top * (_PANEL - _TOP - _BOTTOM)


def histogram_svg(panels: Sequence[Panel], description: str) -> str:
    """Return a picture of panels, one below the other.

    Parameters
    ----------
    panels : sequence of Panel
        What is drawn.
    description : str
        The picture in words, for those who cannot see it.

    Returns
    -------
    str
        A whole SVG document.
    """
    height = _PANEL * len(panels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'role="img">',
        f"<title>{escape(description)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, panel in enumerate(panels):
        lines += [f'<g transform="translate(0 {number * _PANEL})">', *_drawn(panel), "</g>"]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _drawn(panel: Panel) -> list[str]:
    floor = panel.y(0.0)
    lines = [_text(_LEFT, 18, panel.title, size=14, bold=True)]
    for share in (0.0, panel.top / 2, panel.top):
        y = panel.y(share)
        lines.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#dddddd"/>')
        lines.append(_text(_LEFT - 6, y + 4, f"{share:g} %", anchor="end"))
    for histogram in panel.bars:
        lines += _bars(panel, histogram)
    lines.append(f'<path d="M{_LEFT} {floor:.1f}H{_WIDTH - _RIGHT}" stroke="#222222"/>')
    lines += [_text(panel.x(tick), floor + 16, f"{tick:g}", anchor="middle") for tick in panel.ticks]
    lines.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, floor + 34, panel.axis, anchor="middle"))
    at = panel.x(panel.line)
    lines.append(f'<path d="M{at:.1f} {_TOP - 6}V{floor:.1f}" stroke="#222222" stroke-dasharray="5 3"/>')
    lines.append(_text(at + 6, _TOP + 6, panel.line_label))
    right = float(_LEFT)
    for histogram in panel.bars:
        lines.append(f'<rect x="{right:.1f}" y="26" width="11" height="11" fill="{histogram.color}"/>')
        lines.append(_text(right + 16, 36, histogram.label))
        right += 36 + 6.3 * len(histogram.label)
    return lines


def _bars(panel: Panel, histogram: Bars) -> list[str]:
    shares = histogram.shares
    width = (panel.x(panel.high) - panel.x(panel.low)) / len(shares)
    floor = panel.y(0.0)
    path = "".join(
        f"M{_LEFT + n * width:.1f} {floor:.1f}V{panel.y(share):.1f}h{width:.1f}V{floor:.1f}z"
        for n, share in enumerate(shares)
        if share > 0.0
    )
    lines = [f'<path d="{path}" fill="{histogram.color}" fill-opacity="0.65"/>']
    for n, share in enumerate(shares):
        if share > panel.top:
            lines.append(_text(_LEFT + (n + 1) * width + 4, panel.y(share) + 12, f"{share:.0f} %, cut off"))
    return lines


def _text(x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" {_TEXT} font-size="{size}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'
    )
