"""From one page to another, with what the address says about the reader."""

import json
from urllib.parse import urlencode

import streamlit as st

from ui.panel.header import LANGUAGE, ZONE

__all__ = ["address_of", "open_page"]


def address_of(path: str, **query: str) -> str:
    """Return the address of a page on this panel, for a link.

    Parameters
    ----------
    path : str
        Of its `PanelPage`.
    **query : str
        What it is asked for.

    Returns
    -------
    str
        Without a host.
    """
    return f"/{path}?{urlencode(query | _kept())}"


def open_page(path: str, **query: str) -> None:
    """Open a page in the place of this one, as a link does.

    The browser goes there itself: with `st.switch_page` live parts of this page that are due meanwhile would be drawn
    into the other one, at which Streamlit's script in the browser ends with "Bad delta path index".

    Parameters
    ----------
    path : str
        Of its `PanelPage`.
    **query : str
        What it is asked for.
    """
    address = json.dumps(address_of(path, **query)).replace("<", "\\u003c")
    st.html(f"<script>window.location.assign({address})</script>", unsafe_allow_javascript=True)


def _kept() -> dict[str, str]:
    return {name: st.query_params[name] for name in (LANGUAGE, ZONE) if name in st.query_params}
