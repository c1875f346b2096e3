"""Plots on a page: figures of `backtest.plots`, in the look of the page.

Streamlit makes a plot anew whenever its figure is another one, key or not, and its script in the browser never takes
another figure into one that is there: zoom, and what was hidden by the legend, last until the data change.
"""

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["dress", "plot"]


def dress(figure: "go.Figure") -> "go.Figure":
    """Give a figure the look of the page, and return it."""
    figure.update_layout(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Source Sans, sans-serif"},
    )
    return figure


def plot(figure: "go.Figure", key: str, alt: str) -> None:
    """Draw a figure.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        It is changed: backgrounds become those of the page.
    key : str
        Of the plot on its page.
    alt : str
        What it shows, for those who cannot see it.
    """
    st.plotly_chart(dress(figure), key=key, alt=alt, config={"displayModeBar": False, "scrollZoom": False})
