"""What a process says, line by line, from the file it writes to; and each line as JSON.

Processes write to a file, not to a pipe: a pipe would be inherited by all they start and never end, and it would block
or kill them when nobody reads. The file is emptied whenever it has been read and has grown.
"""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cluster.json_output import dumps
from market.clock import Clock

__all__ = ["SpokenLines", "as_json"]

_EMPTIED_AT = 2**20
_AT_ONCE = 2**20
_LONGEST = 32_000
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CHATTER = "[state-dump]"  # what Ray's raylet leaves behind by the page
_FAILURE = re.compile(
    r"^evoq[ :]|\b(?:ERROR|ERR|FATAL|CRITICAL|Traceback|panic)\b|^[\w.]*(?:Error|Exception)\b|\sE \d+ \d+]"
)
_WARNING = re.compile(r"\b(?:WARN|WARNING|WARNINGS)\b|\sW \d+ \d+]", re.IGNORECASE)


class SpokenLines:
    """The lines of one process.

    Parameters
    ----------
    path : Path
        The file it writes to. What a process of an earlier desk left there is put aside.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._rest = b""
        with suppress(OSError):
            if path.stat().st_size:
                path.replace(path.with_name(f"{path.name}.before"))

    def open(self) -> int:
        """Open the file for a process to write to.

        Returns
        -------
        int
            A file descriptor, to be closed once the process has it.
        """
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> list[str]:
        """Return the lines that are new, at most a mebibyte of them.

        Returns
        -------
        list of str
            Without line ends; a very long one is cut.
        """
        try:
            with self._path.open("r+b") as file:
                size = os.fstat(file.fileno()).st_size
                if size < self._read:  # somebody else emptied it
                    self._read, self._rest = 0, b""
                if size == self._read:
                    return []
                file.seek(self._read)
                data = file.read(_AT_ONCE)
                self._read += len(data)
                if self._read >= _EMPTIED_AT and os.fstat(file.fileno()).st_size == self._read:
                    file.truncate(0)
                    self._read = 0
        except OSError:
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            lines, self._rest = [*lines, self._rest], b""
        return [line[:_LONGEST].decode("utf-8", "replace").rstrip("\r") for line in lines]

    def take_all(self) -> list[str]:
        """Return everything that is new, also a last line that has no end: nobody writes any more.

        Returns
        -------
        list of str
            Without line ends.
        """
        lines = []
        while taken := self.take():
            lines += taken
        if self._rest:
            lines.append(self._rest[:_LONGEST].decode("utf-8", "replace"))
            self._rest = b""
        return lines


def as_json(line: str, process: str, clock: Clock, redact: Callable[[str], str]) -> str | None:
    """Return a line as one object of JSON.

    Parameters
    ----------
    line : str
        What a process said: an object of JSON with a message already, or anything else.
    process : str
        Which.
    clock : Clock
        Stamps lines that have no time.
    redact : callable
        Blots out secrets.

    Returns
    -------
    str or None
        None for an empty line, and for one that nobody wants to read.
    """
    line = redact(_UNSEEN.sub(" ", _COLOURS.sub("", line))).rstrip()
    if not line or line.startswith(_CHATTER):
        return None
    if line.startswith("{"):
        with suppress(ValueError, RecursionError):
            said = json.loads(line)
            if isinstance(said, dict) and "message" in said and "ts" in said:
                return line
    level = "error" if _FAILURE.search(line) else "warning" if _WARNING.search(line) else "info"
    return dumps({"ts": clock.now_ms(), "level": level, "name": "output", "message": line, "process": process})
