"""Which pages there are: every module of `ui.pages` is one, its package is its section."""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from ui import pages
from ui.panel.errors import PanelError
from ui.panel.panel_page import PanelPage, PanelSection
from ui.panel.view import View

__all__ = ["FoundPage", "discovered_pages"]


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page that was found.

    Attributes
    ----------
    name : str
        Its module.
    section : PanelSection
        Where the navigation shows it.
    page : PanelPage
        How it is found.
    render : callable
        Draws it.
    """

    name: str
    section: PanelSection
    page: PanelPage
    render: Callable[[View], None]


@functools.cache
def discovered_pages() -> tuple[FoundPage, ...]:
    """Return all pages, in the order of the navigation.

    Returns
    -------
    tuple of FoundPage
        Sections and their pages by `order`, then by name.

    Raises
    ------
    PanelError
        If a file is no page, two have one address, or none opens first.
    """
    found = [
        page
        for section in _modules(pages)
        for page in (_page_of(module, _section_of(section)) for module in _modules(section))
    ]
    paths = [each.page.path for each in found]
    for each in found:
        if paths.count(each.page.path) > 1:
            raise PanelError(f"the address of a page must be its own, {each.page.path!r} of {each.name} is not")
    if "" not in paths:
        raise PanelError('one page must have the path "": it opens first')
    return tuple(sorted(found, key=lambda each: (each.section.order, each.page.order, each.name)))


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _section_of(package: ModuleType) -> PanelSection:
    section = getattr(package, "SECTION", None)
    if not isinstance(section, PanelSection):
        raise PanelError(f"{package.__name__} must have SECTION = PanelSection(...), has not")
    return section


def _page_of(module: ModuleType, section: PanelSection) -> FoundPage:
    page, render = getattr(module, "PAGE", None), getattr(module, "render", None)
    if not isinstance(page, PanelPage):
        raise PanelError(f"{module.__name__} must have PAGE = PanelPage(...), has not")
    if not callable(render):
        raise PanelError(f"{module.__name__} must have def render(view), has not")
    return FoundPage(module.__name__, section, page, render)
