"""What the browser calls a page: in its tabs, its history and its bookmarks."""

import streamlit as st

__all__ = ["set_document_title"]


def set_document_title(title: str) -> None:
    """Name the page in the browser; the last name that a page is given counts.

    Parameters
    ----------
    title : str
        What it shows; the name of the panel follows it.
    """
    st.set_page_config(page_title=f"{title} · Evoq")
