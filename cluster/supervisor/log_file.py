"""Log files that stay small: lines go in at the end, and the oldest file goes when there are too many."""

import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from typing_extensions import override

__all__ = ["LogFile", "LogFileHandler"]

_MOST_BYTES = 8 * 2**20
_KEPT = 4


class LogFile:
    """A log file and its older ones: NAME.log, NAME.log.1 and so on; safe to share among threads.

    Parameters
    ----------
    path : Path
        The newest file (0600).
    most_bytes : int, optional
        A file that would get larger is put aside.
    kept : int, optional
        How many are put aside at most.
    """

    def __init__(self, path: Path, most_bytes: int = _MOST_BYTES, kept: int = _KEPT) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._kept = kept
        self._lock = threading.Lock()

    def write(self, lines: Iterable[str]) -> bool:
        """Append lines.

        Parameters
        ----------
        lines : iterable of str
            Without line ends.

        Returns
        -------
        bool
            False if the disk did not take them: then they are lost, which must end nobody.
        """
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        if not data:
            return True
        try:
            with self._lock:
                self._make_room(len(data))
                with open(self._path, "ab", opener=_private) as file:
                    file.write(data)
        except OSError:
            return False
        return True

    def _make_room(self, needed: int) -> None:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size == 0 or size + needed <= self._most_bytes:
            return
        for number in range(self._kept, 0, -1):
            newer = self._numbered(number - 1)
            if newer.exists():
                newer.replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path if number == 0 else self._path.with_name(f"{self._path.name}.{number}")


class LogFileHandler(logging.Handler):
    """Sends the log records of this process to a log file.

    Parameters
    ----------
    file : LogFile
        Where to.
    """

    def __init__(self, file: LogFile) -> None:
        super().__init__()
        self._file = file

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write a record.

        Parameters
        ----------
        record : LogRecord
            What was logged.
        """
        try:
            self._file.write([self.format(record)])
        except Exception:  # logging must end nobody
            self.handleError(record)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
