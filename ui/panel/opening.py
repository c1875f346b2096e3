"""From one page to another, with what the address says about the reader."""

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
    """Open a page in the place of this one.

    Parameters
    ----------
    path : str
        Of its `PanelPage`; not that of the first page.
    **query : str
        What it is asked for.
    """
    st.switch_page(st.Page(_nothing, url_path=path), query_params=query | _kept())


def _kept() -> dict[str, str]:
    return {name: st.query_params[name] for name in (LANGUAGE, ZONE) if name in st.query_params}


def _nothing() -> None:
    """Stand for a page that is found by its address."""
