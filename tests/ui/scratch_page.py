"""A folder of `ui.pages` for pages that a test writes."""

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ui import pages
from ui.panel.discovery import discovered_pages

SECTION = 'from ui.panel import PanelSection\nSECTION = PanelSection(title="section.desk", order=5)\n'


class ScratchPages:
    """Pages besides the shipped ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "extra"

    def write(self, *, section: str = SECTION, **files: str) -> None:
        """Write a section of pages: name and source of each."""
        self._folder.mkdir()
        (self._folder / "__init__.py").write_text(section)
        for name, source in files.items():
            (self._folder / f"{name}.py").write_text(textwrap.dedent(source))


@contextmanager
def scratch_pages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScratchPages]:
    """Add a folder to `ui.pages` for a while."""
    monkeypatch.setattr(pages, "__path__", [*pages.__path__, str(folder)])
    known = set(sys.modules)
    discovered_pages.cache_clear()
    yield ScratchPages(folder)
    discovered_pages.cache_clear()
    for name in set(sys.modules) - known:
        if name.startswith("ui.pages."):
            del sys.modules[name]
