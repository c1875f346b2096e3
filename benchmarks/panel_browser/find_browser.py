"""Which browser the panel is looked at with: the system's Chromium, or Playwright's own.

    python benchmarks/panel_browser/find_browser.py

prints where it is. Where there is none it is fetched: by apt for root on Debian or Ubuntu, by Playwright otherwise.
That it cannot be had is said in one line, and is no error: who needs it decides.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["WHAT_TO_INSTALL", "find_browser", "has_chinese_font"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PACKAGES = ("chromium", "fonts-noto-cjk", "fonts-noto-color-emoji")
WHAT_TO_INSTALL = (
    "no browser for the tests of the control panel: install Chromium (Debian: apt-get install -y"
    f" {' '.join(PACKAGES)}; elsewhere: .venv/bin/playwright install --with-deps chromium), or set EVOQ_BROWSER to one"
)
_ANSWERS_S = 20.0
_FETCHED_S = 600.0


def find_browser(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the browser.

    Parameters
    ----------
    environ : mapping of str to str
        EVOQ_BROWSER names one; PATH is where it is looked for otherwise.

    Returns
    -------
    Path or None
        Of an executable that says its version; None if there is none. What EVOQ_BROWSER names is not replaced.
    """
    named = environ.get("EVOQ_BROWSER", "").strip()
    names = (named,) if named else NAMES
    for name in names:
        found = shutil.which(name, path=environ.get("PATH"))
        if found is not None and _runs(found):
            return Path(found)
    return None if named else _of_playwright()


def _of_playwright() -> Path | None:
    """Return the browser that `playwright install` has fetched."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return Path(path) if Path(path).is_file() and _runs(path) else None


def _runs(executable: str) -> bool:
    """Tell whether a browser starts: some packages only tell what else to install, others lack a library."""
    return _succeeds([executable, "--version"], _ANSWERS_S)


def _succeeds(command: list[str], patience_s: float) -> bool:
    try:
        ended = subprocess.run(  # noqa: S603 - commands of this file
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def has_chinese_font() -> bool:
    """Tell whether Chinese can be drawn; True where fontconfig does not say."""
    try:
        listed = subprocess.run(
            ["fc-list", ":lang=zh", "family"],  # noqa: S607 - wherever it is
            capture_output=True,
            timeout=_ANSWERS_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return True
    return bool(listed.stdout.strip())


def _fetch() -> None:
    """Fetch a browser, as far as we may."""
    _say("no browser for the tests of the control panel yet, fetching one (once)")
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _succeeds(["apt-get", "update"], _FETCHED_S)
        install = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", *PACKAGES]
        if _succeeds(install, _FETCHED_S) and find_browser() is not None:
            return
    _succeeds([sys.executable, "-m", "playwright", "install", "chromium"], _FETCHED_S)


def _say(words: str) -> None:
    sys.stderr.write(f"evoq: {words}\n")


def main() -> None:
    """Find a browser, fetch it where there is none, and say what came of it."""
    found = find_browser()
    if found is None and not os.environ.get("EVOQ_BROWSER", "").strip():
        _fetch()
        found = find_browser()
    if found is None:
        _say(WHAT_TO_INSTALL)
        return
    print(found)


if __name__ == "__main__":
    main()
