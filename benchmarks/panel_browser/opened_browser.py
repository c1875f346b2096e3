"""A headless browser with an empty profile, and pages that note what they should not do."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebSocket, sync_playwright

__all__ = ["Watch", "opened_browser"]

_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Streamlit looks for itself below the address of the page first; that it is not there is no error
_PROBE = re.compile(r"/[a-z0-9-]+/_stcore/(health|host-config)$")


@contextmanager
def opened_browser(executable: Path) -> Iterator[Browser]:
    """Open a browser.

    Parameters
    ----------
    executable : Path
        Of `find_browser`.

    Yields
    ------
    Browser
        Closed at the end; every context of it is a profile of its own.
    """
    own = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to work for root otherwise
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*_FLAGS, *own])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """Notes the errors of a browser's pages, and where they connect to beyond this machine.

    Attributes
    ----------
    errors : list of str
        What pages said on the console as an error, and what their scripts raised.
    elsewhere : list of str
        Addresses that are not of loopback.
    """

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> BrowserContext:
        """Watch every page of a context, and return the context."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", self._asked)
        context.on("page", self._page)
        return context

    def _page(self, page: Page) -> None:
        page.on("websocket", self._connected)

    def _said(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        if message.type == "error" and not _PROBE.search(url):
            self.errors.append(f"{message.text} ({url})")

    def _asked(self, request: Request) -> None:
        self._note(request.url)

    def _connected(self, socket: WebSocket) -> None:
        self._note(socket.url)

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and not _is_loopback(parts.hostname or ""):
            self.elsewhere.append(url)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
