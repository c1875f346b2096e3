"""The processes of a desk, told by the mark in their environment: found, measured and ended, and nobody else's.

Names and command lines tell nothing: another desk, or a Ray of the user's own, looks the same. The mark is inherited by
everything that a service starts, Ray's workers included. PostgreSQL and Valkey do not inherit it; `storage` knows them.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from market.clock import Clock

__all__ = ["MARK", "SERVICE", "ProcessIdentity", "descendants", "end", "identity", "living", "marked", "memory_bytes"]

MARK = "EVOQ_DESK"
SERVICE = "EVOQ_SERVICE"
_POLL_S = 0.05


class ProcessIdentity(NamedTuple):
    """A process that cannot be mistaken for a later one of the same number.

    Attributes
    ----------
    pid : int
        Process id.
    started : str
        When it was started, as the system counts.
    """

    pid: int
    started: str


def identity(pid: int) -> ProcessIdentity | None:
    """Return the identity of a process.

    Parameters
    ----------
    pid : int
        Process id.

    Returns
    -------
    ProcessIdentity or None
        None if there is none.
    """
    with suppress(OSError, IndexError):
        # Ticks since the machine was started: unlike a time of day they do not move when the clock is set.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return ProcessIdentity(pid, f"ticks:{fields[19]}")
    with suppress(psutil.Error):
        return ProcessIdentity(pid, f"epoch:{psutil.Process(pid).create_time():.2f}")
    return None


def living(process: ProcessIdentity | None) -> bool:
    """Tell whether this very process lives.

    Parameters
    ----------
    process : ProcessIdentity or None
        Which.

    Returns
    -------
    bool
        False for one that has ended and only waits for its parent to notice.
    """
    if process is None or identity(process.pid) != process:
        return False
    with suppress(psutil.Error):
        return bool(psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE)
    return False


def marked(mark: str, service: str | None = None) -> list[psutil.Process]:
    """Return the processes that carry the mark of a desk; this process is not among them.

    Parameters
    ----------
    mark : str
        `DeskFiles.mark`.
    service : str, optional
        Only those of this service.

    Returns
    -------
    list of psutil.Process
        In no particular order.
    """
    found = []
    for process in _ours():
        with suppress(psutil.Error, OSError):
            environment = process.environ()
            if environment.get(MARK) == mark and service in (None, environment.get(SERVICE)):
                found.append(process)
    return found


def descendants() -> list[psutil.Process]:
    """Return what this process has started, and what that has.

    Returns
    -------
    list of psutil.Process
        Without those that have ended.
    """
    with suppress(psutil.Error):
        return psutil.Process().children(recursive=True)
    return []


def memory_bytes(processes: Iterable[psutil.Process]) -> int:
    """Return the memory of processes, what they share counted once.

    Parameters
    ----------
    processes : iterable of psutil.Process
        Those to measure; one that has ended counts nothing.

    Returns
    -------
    int
        Sum of their proportional set sizes, in bytes; of resident sizes where the system knows no better.
    """
    total = 0
    for process in processes:
        with suppress(psutil.Error, OSError):
            measured = process.memory_full_info()
            total += getattr(measured, "pss", measured.rss)
    return total


def end(processes: Sequence[psutil.Process], patience_s: float, clock: Clock) -> int:
    """End processes: asked first, forced when they take too long.

    Parameters
    ----------
    processes : sequence of psutil.Process
        Which.
    patience_s : float
        How long they may take.
    clock : Clock
        The time.

    Returns
    -------
    int
        How many had to be forced.
    """
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
            process.resume()  # one that is frozen would not hear it
    deadline = clock.monotonic() + patience_s
    left = list(_alive(processes))
    while left and clock.monotonic() < deadline:
        clock.sleep(_POLL_S)
        left = list(_alive(left))
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    deadline = clock.monotonic() + 5.0
    while list(_alive(left)) and clock.monotonic() < deadline:
        clock.sleep(_POLL_S)
    return len(left)


def _alive(processes: Iterable[psutil.Process]) -> Iterator[psutil.Process]:
    for process in processes:
        with suppress(psutil.Error):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def _ours() -> Iterator[psutil.Process]:
    """Return the processes of this user, but for this one."""
    us = os.geteuid()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.uids().effective == us:
                yield process
