"""Pictures of every page of the control panel: light and dark, wide and on a phone, in English and in Chinese.

    python benchmarks/screenshots.py [--folder docs/screenshots] [--only WORD] [--url URL --token FILE]

Without --url a desk is started for them, and evolves until it has finalists of several windows; with it a desk that
runs is shown, with the token of one of its files. Chinese is shown wide and light. What does not fit into the width of
the window is told for each picture.
"""

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product, starmap
from pathlib import Path

import numpy as np
from desk_faults.watched_desk import WatchedDesk
from panel_browser.find_browser import WHAT_TO_INSTALL, find_browser, has_chinese_font
from panel_browser.opened_browser import Watch, opened_browser
from PIL import Image
from playwright.sync_api import Browser, Page

import ui
from ui.panel.discovery import discovered_pages
from ui.panel.session_cookie import SESSION_COOKIE

SETTINGS = {"EVOQ_GENERATIONS_PER_WINDOW": "8", "EVOQ_FEED_HISTORY": "20000"}
FINALISTS = 20
ENABLED = 4
HEIGHTS = {1440: 900, 390: 844}
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
HIGHEST_PX = {1440: 2_400, 390: 3_200}
EXACT_COLOURS = 192
PATIENCE_S = 1_800.0
STRATEGY_PARTS = ("trades", "returns", "surroundings", "origin")
SIGN_IN = "login"
_DRAWN_MS = 60_000
_SETTLED_MS = 1_500
_MAIN = "[data-testid=stMain]"
_CUT = """() => {
    const out = [...document.querySelectorAll("[data-testid=stMain] *")].filter(each => {
        const box = each.getBoundingClientRect();
        const scrolls = each.closest(".evoq-scroll, [data-testid=stDataFrame], [data-testid=stTabs], pre, code, svg");
        return box.width > 0 && !scrolls && box.right > innerWidth + 1;
    });
    return out.slice(0, 3).map(each => `${each.tagName}.${each.className} ${each.innerText ?? ""}`.slice(0, 100));
}"""


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    theme: str
    width: int
    language: str = "en"

    def file(self, name: str) -> str:
        """Return what the picture of a page is called."""
        return f"{name}-{self.theme}-{self.width}{'' if self.language == 'en' else '-' + self.language}.png"


LOOKS = (*starmap(Look, product(("light", "dark"), HEIGHTS)), Look("light", 1440, "zh"))


def addresses() -> dict[str, str]:
    """Return all pages as they are found, parts of a page that the address names, and the sign-in, by name."""
    found = [each.page.path for each in discovered_pages()]
    named = {path or "overview": path for path in found}
    if "strategy" in found:
        named |= {f"strategy-{part}": f"strategy?part={part}" for part in STRATEGY_PARTS}
    return named | {"sign-in": SIGN_IN}


@contextmanager
def visitor(browser: Browser, url: str, token: str, look: Look) -> Iterator[tuple[Page, Watch]]:
    """Open a tab of somebody who is signed in, whose system is light or dark, and speaks a language."""
    watch = Watch()
    context = watch.over(
        browser.new_context(
            viewport={"width": look.width, "height": HEIGHTS[look.width]},
            color_scheme=look.theme,  # type: ignore[arg-type]
            locale=LOCALES[look.language],
            timezone_id="Europe/Berlin",
        )
    )
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": url}])
    yield context.new_page(), watch
    context.close()


def take(page: Page, address: str) -> tuple[bytes, list[str]]:
    """Take a picture of all that can be scrolled to, and return what does not fit besides."""
    size = page.viewport_size
    assert size is not None
    page.goto(address)
    if not address.endswith(SIGN_IN):
        _settle(page)
    high = int(page.evaluate(f"(document.querySelector('{_MAIN}') ?? document.documentElement).scrollHeight"))
    page.set_viewport_size({**size, "height": max(size["height"], min(high + 10, HIGHEST_PX[size["width"]]))})
    page.wait_for_timeout(_SETTLED_MS)
    picture, cut = page.screenshot(), page.evaluate(_CUT)
    page.set_viewport_size(size)
    return picture, cut


def _settle(page: Page) -> None:
    """Wait until no part of the page waits for the desk."""
    page.locator("h1.evoq-title").wait_for(timeout=_DRAWN_MS)
    page.wait_for_timeout(_SETTLED_MS)
    page.wait_for_function("!document.querySelector('.evoq-loading, [data-testid=stSkeleton]')", timeout=_DRAWN_MS)
    page.wait_for_timeout(_SETTLED_MS)


def small(picture: bytes) -> bytes:
    """Return a picture of 256 colours, a third of the size: those that it has most of as they are, others near."""
    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    near = np.reshape(image.quantize(256 - EXACT_COLOURS, Image.Quantize.MAXCOVERAGE).getpalette(), (-1, 3))
    found, which, count = np.unique(np.reshape(image, (-1, 3)), axis=0, return_inverse=True, return_counts=True)
    palette = np.concatenate([found[np.argsort(-count)[:EXACT_COLOURS]], near])[:256].astype(np.int32)
    nearest = np.array([np.argmin(np.sum((palette - colour) ** 2, axis=1)) for colour in found], dtype=np.uint8)
    few = Image.frombytes("P", image.size, nearest[which.ravel()].tobytes())
    few.putpalette(palette.astype(np.uint8).tobytes())
    with io.BytesIO() as written:
        few.save(written, "PNG", optimize=True)
        return written.getvalue()


@contextmanager
def evolved_desk() -> Iterator[tuple[str, str]]:
    """Start a desk, wait for finalists of several windows, enable the best, and yield panel and token."""
    with tempfile.TemporaryDirectory(prefix="evoq-screenshots-") as folder:
        Path(folder).chmod(0o711)
        desk = WatchedDesk(Path(folder), SETTINGS)
        try:
            desk.evoq("up")
            token = (desk.home / "token.operate").read_text().strip()
            api = f"http://127.0.0.1:{desk.settings['EVOQ_HTTP_PORT']}"
            with ui.connect(api, token, patience_s=30.0) as client:
                prepare(client)
            yield f"http://127.0.0.1:{desk.settings['EVOQ_PANEL_PORT']}", token
        finally:
            desk.evoq("down")


def prepare(client: ui.Client) -> None:
    """Let there be something to see."""
    until = time.monotonic() + PATIENCE_S
    while len(known := _with_evidence(client)) < FINALISTS:
        if time.monotonic() > until:
            raise TimeoutError(f"{FINALISTS} strategies must have evidence in {PATIENCE_S:.0f} s, {len(known)} have")
        time.sleep(5.0)
    client.command_strategies("enable", known[:ENABLED], "the best evidence there is")
    client.wait(client.pause("the pictures are taken"), 120.0)


def _with_evidence(client: ui.Client) -> list[str]:
    return [each.id for each in client.strategies(limit=50) if each.oos_scs is not None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures, and say what does not fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--only", default="", help="those whose name has this word")
    parser.add_argument("--url", help="of the panel of a desk that runs")
    parser.add_argument("--token", type=Path, help="the file with its token")
    options = parser.parse_args(arguments)
    executable = find_browser()
    if executable is None:
        sys.exit(f"evoq: {WHAT_TO_INSTALL}")
    if not has_chinese_font():
        sys.exit("evoq: no font for Chinese: install one (Debian: apt-get install -y fonts-noto-cjk)")
    options.folder.mkdir(parents=True, exist_ok=True)
    with opened_browser(executable) as browser, shown(options.url, options.token) as (url, token):
        for look in LOOKS:
            with visitor(browser, url, token, look) as (page, watch):
                for name, address in addresses().items():
                    file = look.file(name)
                    if options.only in file:
                        picture, cut = take(page, f"{url}/{address}")
                        (options.folder / file).write_bytes(small(picture))
                        told = "; ".join([*cut, *watch.errors])
                        print(f"{file:<48} {(options.folder / file).stat().st_size / 1024:4.0f} KB {told}", flush=True)
                        watch.errors.clear()
    return 0


@contextmanager
def shown(url: str | None, token: Path | None) -> Iterator[tuple[str, str]]:
    """Yield address and token of the panel that is shown."""
    if url is not None and token is not None:
        yield url.rstrip("/"), token.read_text().strip()
        return
    with evolved_desk() as desk:
        yield desk


if __name__ == "__main__":
    sys.exit(main())
