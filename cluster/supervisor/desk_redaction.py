"""Blots the secrets of a desk out of what its processes say: those of its environment, and those in its files."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cluster.access import Role, Tokens
from cluster.json_log import Redaction
from cluster.ray_token import private_token_file
from cluster.supervisor.desk import Desk
from storage.cache_files import CacheFiles
from storage.server_files import ServerFiles

__all__ = ["DeskRedaction"]

_LOOK_EVERY_S = 5.0


class DeskRedaction:
    """Blots out secrets; a file that is new or was replaced is noticed within seconds.

    Parameters
    ----------
    desk : Desk
        Whose secrets.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        tokens = Tokens(desk.home)
        self._files = [
            private_token_file(),
            *(tokens.path(role) for role in Role),
            ServerFiles(desk.home).folder / "password",
            CacheFiles(desk.home).folder / "password",
        ]
        self._environment = Redaction.of(desk.environ)
        self._known = Redaction(_held(self._files))
        self._versions = _versions(self._files)
        self._looked_at = desk.clock.monotonic()

    def __call__(self, text: str) -> str:
        """Return text without the secrets.

        Parameters
        ----------
        text : str
            Anything.

        Returns
        -------
        str
            With asterisks in their place.
        """
        now = self._desk.clock.monotonic()
        if now - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = now
            versions = _versions(self._files)
            if versions != self._versions:
                self._versions, self._known = versions, Redaction(_held(self._files))
        return self._known(self._environment(text))


def _held(files: list[Path]) -> Iterator[str]:
    for file in files:
        with suppress(OSError):
            yield file.read_text(encoding="utf-8", errors="replace").strip()


def _versions(files: list[Path]) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for file in files:
        try:
            status: os.stat_result = file.stat()
            found.append((status.st_ino, status.st_mtime_ns))
        except OSError:
            found.append(None)
    return found
