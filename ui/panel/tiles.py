"""Figures at a glance: a row of tiles that wraps where there is little room."""

import html
from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

__all__ = ["SHAPES", "Tile", "chip", "tiles"]

SHAPES = {"plain": "", "good": "●", "warn": "▲", "bad": "■", "simulated": "◇", "muted": "○"}
"""What stands beside a colour, so that nobody needs to see it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its name.

    Attributes
    ----------
    label : str
        What it is.
    value : str
        Formatted, with its unit.
    note : str
        A smaller line below.
    tone : str
        plain, good, warn, bad, simulated or muted: a colour and a shape.
    """

    label: str
    value: str
    note: str = ""
    tone: str = "plain"


def tiles(shown: Iterable[Tile]) -> None:
    """Draw tiles.

    Parameters
    ----------
    shown : iterable of Tile
        In their order; all text is escaped.
    """
    st.html(f'<div class="evoq-tiles">{"".join(_tile(tile) for tile in shown)}</div>')


def chip(words: str, tone: str = "plain", title: str = "") -> str:
    """Return a small label as HTML, for a row of them.

    Parameters
    ----------
    words : str
        Plain text.
    tone : str
        As of a tile.
    title : str
        Shown where the pointer rests.

    Returns
    -------
    str
        All text is escaped.
    """
    hint = f' title="{html.escape(title)}"' if title else ""
    return f'<span class="evoq-chip evoq-tone-{tone}"{hint}>{_shape(tone)}{html.escape(words)}</span>'


def _tile(tile: Tile) -> str:
    note = f'<div class="evoq-tile-note">{html.escape(tile.note)}</div>' if tile.note else ""
    return (
        f'<div class="evoq-tile evoq-tone-{tile.tone}"><div class="evoq-tile-label">{html.escape(tile.label)}</div>'
        f'<div class="evoq-tile-value">{_shape(tile.tone)}{html.escape(tile.value)}</div>{note}</div>'
    )


def _shape(tone: str) -> str:
    return f'<span class="evoq-shape" aria-hidden="true">{SHAPES[tone]}</span>' if SHAPES[tone] else ""
