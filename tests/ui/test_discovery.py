"""Pages are found, and what is no page is refused with the rule."""

import sys

import pytest

from ui.panel import PanelPage, discovery
from ui.panel.discovery import discovered_pages
from ui.panel.errors import PanelError

PAGE = """
from ui.panel import PanelPage, View
PAGE = PanelPage(path={path!r}, title="overview.title", icon=":material/star:", order=1)
def render(view: View) -> None:
    view.empty("overview.map_empty")
"""


def test_pages_have_addresses_of_their_own_and_one_opens_first():
    found = [each.page.path for each in discovered_pages()]
    assert found[0] == ""
    assert len(set(found)) == len(found)
    assert {"", "operations-log"} <= set(found)


def test_page_in_a_new_file_of_a_new_section_is_found_and_drawn(scratch, viewer):
    scratch.write(star=PAGE.format(path="star"))
    assert discovered_pages()[0].page.path == "star"
    assert viewer.open("star").states == ["empty"]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("X = 1", "must have PAGE"),
        ("from ui.panel import PanelPage\nPAGE = PanelPage(path='a', title='t.t', icon='')", "must have def render"),
        (PAGE.format(path="operations-log"), "must be its own"),
        (PAGE.format(path=""), "must be its own"),
    ],
)
def test_file_that_is_no_page_is_refused(scratch, source, rule):
    scratch.write(star=source)
    with pytest.raises(PanelError, match=rule):
        discovered_pages()


def test_section_without_its_title_is_refused(scratch):
    scratch.write(section="", star=PAGE.format(path="star"))
    with pytest.raises(PanelError, match="must have SECTION"):
        discovered_pages()


@pytest.mark.parametrize("path", ["Über", "a/b", "/a", "9", "a b", "a?b"])
def test_address_that_would_need_quoting_is_refused(path):
    with pytest.raises(PanelError, match="lower case"):
        PanelPage(path=path, title="a.b", icon="")


def test_pages_without_a_first_one_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(discovery, "pages", type(sys)("empty"))
    monkeypatch.setattr(discovery.pages, "__path__", [str(tmp_path)], raising=False)
    discovered_pages.cache_clear()
    with pytest.raises(PanelError, match="opens first"):
        discovered_pages()
    discovered_pages.cache_clear()
