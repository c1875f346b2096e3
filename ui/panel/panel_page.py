"""A page of the panel and a section of its navigation, as their files describe them."""

import re
from dataclasses import dataclass

from ui.panel.errors import PanelError

__all__ = ["PanelPage", "PanelSection"]

_PATH = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPage:
    """How a page is found.

    Attributes
    ----------
    path : str
        Its address without a slash: lower case, digits and -; "" for the one that opens first.
    title : str
        Key of the catalogue.
    icon : str
        A Material symbol such as :material/monitoring:.
    order : int
        Among the pages of its section; the lowest comes first.
    listed : bool
        Whether the navigation shows it; one that needs an id in its address is not listed.
    """

    path: str
    title: str
    icon: str
    order: int = 100
    listed: bool = True

    def __post_init__(self) -> None:
        if self.path and not _PATH.fullmatch(self.path):
            raise PanelError(f"path must be lower case letters, digits and -, was {self.path!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSection:
    """A group of pages in the navigation.

    Attributes
    ----------
    title : str
        Key of the catalogue.
    order : int
        The lowest comes first.
    """

    title: str
    order: int = 100
