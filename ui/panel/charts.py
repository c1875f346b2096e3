"""Plots on a page: figures of `backtest.plots`, in the look of the page, that keep their zoom while data changes."""

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["dress", "plot"]


def dress(figure: "go.Figure", key: str) -> "go.Figure":
    """Give a figure the look of the page, and return it; its zoom stays while the key does."""
    figure.update_layout(
        uirevision=key,
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
        Stays the same while the data changes, so that zoom and choice stay too.
    alt : str
        What it shows, for those who cannot see it.
    """
    st.plotly_chart(dress(figure, key), key=key, alt=alt, config={"displayModeBar": False, "scrollZoom": False})
