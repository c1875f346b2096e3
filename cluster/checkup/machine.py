"""The machine: disk, memory, processors, open files."""

import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from cluster.checkup.finding import Finding, Grade
from cluster.supervisor.desk import Desk
from cluster.supervisor.machine import processors

__all__ = ["examine"]

_GIBIBYTE = 2**30
_DISK_PROBLEM, _DISK_WARNING = 1 * _GIBIBYTE, 5 * _GIBIBYTE
_MEMORY_WARNING = 4 * _GIBIBYTE
_SHARED_WARNING = 512 * 2**20
_FEWEST_FILES = 4_096
_FEWEST_PROCESSORS = 2


def examine(desk: Desk) -> Iterator[Finding]:
    """Examine the machine.

    Parameters
    ----------
    desk : Desk
        The desk.

    Yields
    ------
    Finding
        What was found.
    """
    yield _disk("disk", desk.home, "free some, or set EVOQ_HOME to a larger disk")
    temporary = Path(tempfile.gettempdir())
    if temporary.stat().st_dev != desk.home.stat().st_dev:
        yield _disk("temporary files", temporary, "free some: Ray keeps its logs there; or set TMPDIR")
    yield _memory(desk)
    if sys.platform.startswith("linux"):
        free = shutil.disk_usage("/dev/shm").free  # noqa: S108 - looked at, not used
        grade = Grade.OK if free >= _SHARED_WARNING else Grade.WARNING
        cure = "" if grade is Grade.OK else "enlarge it (docker run --shm-size=1g): Ray shares candles there"
        yield Finding("shared memory", grade, f"{free / _GIBIBYTE:.1f} GiB free in /dev/shm", cure)
    count = processors()
    grade = Grade.OK if count >= _FEWEST_PROCESSORS else Grade.WARNING
    cure = "" if grade is Grade.OK else "two or more are better: evolution takes all there are"
    yield Finding("processors", grade, f"{count}", cure)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = most == resource.RLIM_INFINITY or most >= _FEWEST_FILES
    files = "unlimited" if most == resource.RLIM_INFINITY else f"{most:,}"
    cure = "" if enough else f"raise it (`ulimit -Hn {_FEWEST_FILES}`): every client of the push is an open file"
    yield Finding("open files", Grade.OK if enough else Grade.WARNING, f"at most {files}", cure)


def _disk(subject: str, folder: Path, cure: str) -> Finding:
    free = shutil.disk_usage(folder).free
    grade = Grade.PROBLEM if free < _DISK_PROBLEM else Grade.WARNING if free < _DISK_WARNING else Grade.OK
    return Finding(subject, grade, f"{free / _GIBIBYTE:.1f} GiB free in {folder}", "" if grade is Grade.OK else cure)


def _memory(desk: Desk) -> Finding:
    memory = psutil.virtual_memory()
    free = memory.available
    words = f"{free / _GIBIBYTE:.1f} of {memory.total / _GIBIBYTE:.1f} GiB available"
    if free >= _MEMORY_WARNING or desk.files.held():
        return Finding("memory", Grade.OK, words)
    return Finding("memory", Grade.WARNING, words, "end other programs: a desk needs up to 4 GiB")
