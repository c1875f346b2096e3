"""Reading the logs of the desk: lines of JSON from several files, in the order of their times, printed for people."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cluster.supervisor.desk_files import DeskFiles
from market.clock import Clock

__all__ = ["LogLine", "follow_logs", "known_logs", "last_lines"]

_BLOCK = 65_536
_MOST_BYTES = 8 * 2**20
_POLL_S = 0.3
_POSTGRES_TIME = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{3}) UTC")


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """One line.

    Attributes
    ----------
    ts : int
        Time, ms UTC; 0 where the line does not tell.
    process : str
        Whose it is.
    level : str
        "debug", "info", "warning", "error" or "critical".
    message : str
        What it says.
    fields : mapping
        Values that belong to it.
    trace : str
        The traceback of an exception, or empty.
    """

    ts: int
    process: str
    level: str = field(compare=False)
    message: str = field(compare=False)
    fields: dict[str, Any] = field(compare=False, default_factory=dict)
    trace: str = field(compare=False, default="")

    @classmethod
    def read(cls, line: str, process: str) -> "LogLine":
        """Return a line of a file as what it means.

        Parameters
        ----------
        line : str
            JSON, or anything else.
        process : str
            Whose file it is.

        Returns
        -------
        LogLine
            Of a line that is no JSON the text as it is.
        """
        with suppress(ValueError, TypeError, RecursionError):
            said = json.loads(line)
            fields = said.get("fields")
            return cls(
                int(said["ts"]),
                str(said.get("process", process)),
                str(said.get("level", "info")),
                str(said["message"]),
                fields if isinstance(fields, dict) else {},
                str(said.get("trace", "")),
            )
        return cls(_time_of(line), process, "info", line)

    def text(self) -> str:
        """Return it for people.

        Returns
        -------
        str
            Time, process, level unless it is the usual one, message and fields; a traceback in lines of its own.
        """
        when = f"{datetime.fromtimestamp(self.ts / 1000, UTC):%m-%d %H:%M:%S}" if self.ts else " " * 14
        level = "" if self.level == "info" else f"{self.level.upper()} "
        fields = "".join(f" {name}={value}" for name, value in self.fields.items())
        trace = f"\n{self.trace.rstrip()}" if self.trace else ""
        return f"{when} {self.process:<10} {level}{self.message}{fields}{trace}"


def known_logs(files: DeskFiles) -> dict[str, Path]:
    """Return the logs of a desk.

    Parameters
    ----------
    files : DeskFiles
        Of the desk.

    Returns
    -------
    dict of str to Path
        The newest file of each by name of the service; of PostgreSQL and Valkey what they write themselves.
    """
    found = {path.stem: path for path in sorted(files.logs.glob("*.log"))}
    for name, folder in (("database", "postgres"), ("cache", "valkey")):
        own = sorted((files.logs / folder).glob("*.log"), key=lambda path: path.stat().st_mtime)
        if own:
            found[name] = own[-1]
    return found


def last_lines(logs: dict[str, Path], count: int) -> list[LogLine]:
    """Return the last lines of some logs together.

    Parameters
    ----------
    logs : dict of str to Path
        As `known_logs` returns them.
    count : int
        How many at most.

    Returns
    -------
    list of LogLine
        The oldest first.
    """
    lines = [LogLine.read(line, name) for name, path in logs.items() for line in _tail(path, count)]
    return sorted(lines)[-count:] if count else []


def follow_logs(files: DeskFiles, names: Iterable[str] | None, clock: Clock) -> Iterator[list[LogLine]]:
    """Yield new lines as they come, for ever; logs that are new or begin anew are noticed.

    Parameters
    ----------
    files : DeskFiles
        Of the desk.
    names : iterable of str or None
        Only these logs.
    clock : Clock
        The time.

    Yields
    ------
    list of LogLine
        In the order of their times; never empty.
    """
    wanted = None if names is None else set(names)
    read: dict[Path, tuple[int, int]] = {}
    for path in known_logs(files).values():
        with suppress(OSError):
            read[path] = (path.stat().st_ino, path.stat().st_size)
    while True:
        lines = []
        for name, path in known_logs(files).items():
            if wanted is None or name in wanted:
                lines += [LogLine.read(line, name) for line in _news(path, read)]
        if lines:
            yield sorted(lines)
        clock.sleep(_POLL_S)


def _news(path: Path, read: dict[Path, tuple[int, int]]) -> list[str]:
    """Return the whole lines that a file has got since it was read last."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            known, at = read.get(path, (status.st_ino, 0))
            before = b"" if known == status.st_ino else _rest(path.with_name(f"{path.name}.1"), known, at)
            if known != status.st_ino or status.st_size < at:
                at = 0
            file.seek(at)
            data = file.read(_MOST_BYTES)
    except OSError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    read[path] = (status.st_ino, at + len(whole))
    return (before + whole).decode("utf-8", "replace").splitlines()


def _rest(path: Path, inode: int, at: int) -> bytes:
    """Return what a file got before it was put aside, if it is the one that was read."""
    with suppress(OSError), path.open("rb") as file:
        if os.fstat(file.fileno()).st_ino == inode:
            file.seek(at)
            return file.read(_MOST_BYTES)
    return b""


def _tail(path: Path, count: int) -> list[str]:
    """Return the last lines of a file, and of the one before it when that is short."""
    lines: list[str] = []
    for each in (path, path.with_name(f"{path.name}.1")):
        with suppress(OSError):
            lines = [*_tail_of(each, count - len(lines)), *lines]
        if len(lines) >= count:
            break
    return lines[-count:] if count else []


def _tail_of(path: Path, count: int) -> list[str]:
    with path.open("rb") as file:
        at = file.seek(0, 2)
        data = b""
        while at > 0 and data.count(b"\n") <= count and len(data) < _MOST_BYTES:
            step = min(_BLOCK, at)
            at -= step
            file.seek(at)
            data = file.read(step) + data
    return data.decode("utf-8", "replace").splitlines()[-count:] if count > 0 else []


def _time_of(line: str) -> int:
    match = _POSTGRES_TIME.match(line)
    if match is None:
        return 0
    moment = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000) + int(match[2])
