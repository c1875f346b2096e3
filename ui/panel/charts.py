"""Plots on a page: figures of `backtest.plots`, in the look of the page.

Streamlit's own plot is made anew whenever its figure is another one, and forgets what was zoomed and what was hidden by
the legend. Ours stays for as long as it has the same key: other data are drawn into it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.panel.plotly_script import plotly_path

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["plot", "zoomable_plot"]

_HEIGHT_PX = 450
_SCRIPT = Path(__file__).resolve().parent / "plot.js"
_component = st.components.v2.component("evoq.plot", js=_SCRIPT.read_text(encoding="utf-8"), isolate_styles=False)


def plot(figure: "go.Figure", key: str, alt: str) -> None:
    """Draw a figure; who zooms into it zooms for as long as its key is drawn, whatever becomes of its data.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        It is changed: it takes the look of the page.
    key : str
        Of the plot on its page.
    alt : str
        What it shows, for those who cannot see it.
    """
    _draw(figure, key, alt, key)


def zoomable_plot(figure: "go.Figure", key: str, alt: str, shown: str, zoom: Callable[[Any], None]) -> None:
    """Draw a figure over time, of which the desk knows more than is drawn.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Its time axis is its first one; it is changed as by `plot`.
    key, alt : str
        As of `plot`.
    shown : str
        Names what the reader asked for: with another name, zoom begins anew.
    zoom : callable
        Is called with the ends that somebody zoomed to, whatever a browser says they are.
    """
    figure.update_layout(dragmode="zoom").update_yaxes(fixedrange=True)
    _draw(figure, key, alt, shown, lambda: zoom(st.session_state[key]["zoom"]))


def _draw(figure: "go.Figure", key: str, alt: str, revision: str, zoom: Callable[[], None] | None = None) -> None:
    figure.update_layout(template={}, uirevision=revision)
    height = figure.layout.height or _HEIGHT_PX
    data = {
        "figure": figure.to_json(),
        "height": height,
        "alt": alt,
        "library": plotly_path(),
        "zooms": zoom is not None,
    }
    _component(key=key, data=data, height=height, on_zoom_change=zoom)
