"""Somebody at a real browser who uses the panel of a running desk, and knows its words."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from ui.panel.catalogue import catalogue

PATIENCE_MS = 40_000


@dataclass
class Guest:
    """A reader of one browser tab; `language` is what the panel speaks with it."""

    page: Page
    url: str
    language: str = "en"

    def text(self, key: str, **values: object) -> str:
        return catalogue(self.language).text(key, **values)

    def open(self, path: str = "") -> None:
        self.page.goto(f"{self.url}/{path}")
        expect(self.title).to_be_visible(timeout=PATIENCE_MS)

    @property
    def title(self) -> Locator:
        return self.page.locator("h1.evoq-title")

    @property
    def states(self) -> Locator:
        """What parts of the page say about themselves: loading, stale, error and the like."""
        return self.page.locator(".evoq-state")

    def tile(self, key: str) -> Locator:
        """Return the value of a tile by its label."""
        label = self.page.locator(".evoq-tile-label", has_text=re.compile(f"^{re.escape(self.text(key))}$"))
        return self.page.locator(".evoq-tile", has=label).locator(".evoq-tile-value")

    def go_to(self, key: str) -> None:
        """Follow a link of the navigation."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=self.text(key)).click()
        expect(self.title).to_have_text(self.text(key), timeout=PATIENCE_MS)

    def sign_in(self, password: str) -> None:
        self.page.get_by_label(self.text("sign_in.password")).fill(password)
        self.page.get_by_role("button", name=self.text("session.sign_in")).click()

    def speak(self, language: str, name: str) -> None:
        """Choose a language in the header."""
        self.page.get_by_test_id("stPopoverButton").click()
        self.page.get_by_role("radio", name=name).click()
        self.language = language
        expect(self.page.get_by_test_id("stSidebarNav")).to_contain_text(self.text("overview.title"))
        self.page.keyboard.press("Escape")

    def click_row(self, number: int, x: int) -> None:
        """Click a row of the page's table, so far from its left edge; it is drawn on a canvas."""
        expect(self.page.get_by_test_id("data-grid-canvas").first).to_be_visible(timeout=PATIENCE_MS)
        self.page.locator(".dvn-scroller").first.click(position={"x": x, "y": 40 + 36 * number + 18})

    def plot(self) -> Locator:
        """Return the first plot of the page, when it is drawn."""
        plot = self.page.locator(".evoq-plot.js-plotly-plot").first
        expect(plot).to_be_visible(timeout=PATIENCE_MS)
        return plot

    def drag_over(self, plot: Locator) -> None:
        """Zoom into the middle of a plot."""
        plot.scroll_into_view_if_needed()
        place = plot.bounding_box()
        assert place is not None
        x, y, width, height = (place[name] for name in ("x", "y", "width", "height"))
        self.page.mouse.move(x + 0.4 * width, y + 0.3 * height)
        self.page.mouse.down()
        self.page.mouse.move(x + 0.6 * width, y + 0.6 * height, steps=5)
        self.page.mouse.up()

    def confirm(self, button: str, reason: str) -> None:
        """Press a button, give the reason its dialog asks for, and wait until the desk says that it is done."""
        self.page.get_by_role("button", name=button, exact=True).click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("textbox").first.fill(reason)
        dialog.get_by_role("button", name=button, exact=True).click()
        done = self.page.locator(".evoq-command.evoq-tone-good")
        expect(done).to_be_visible(timeout=PATIENCE_MS)
        self.page.get_by_role("button", name=self.text("command.dismiss")).click()
        expect(done).to_be_hidden()
