"""The clock: candles, signatures of orders and leases all depend on it."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from cluster.checkup.finding import Finding, Grade
from cluster.supervisor.desk import Desk

__all__ = ["examine"]

_EARLIEST_MS = 1_767_225_600_000  # 2026: this was written later
_BACK_MS = 60_000
_TIMEX_BYTES = 512  # more than struct timex has
_UNSYNCHRONISED = 5


def examine(desk: Desk) -> Iterator[Finding]:
    """Examine the clock.

    Parameters
    ----------
    desk : Desk
        The desk.

    Yields
    ------
    Finding
        What was found.
    """
    now = desk.clock.now_ms()
    told = desk.files.read_state().get("updated_ms", 0)
    shown = f"{datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    cure = "set the clock, best by `timedatectl set-ntp true` or chrony"
    if now < _EARLIEST_MS:
        yield Finding("clock", Grade.PROBLEM, f"it is {shown}, which is over", cure)
    elif told - now > _BACK_MS:
        yield Finding("clock", Grade.PROBLEM, f"it is {shown}, before the desk wrote its state last", cure)
    elif _synchronised() is False:
        yield Finding("clock", Grade.WARNING, f"it is {shown}; nobody keeps it right (NTP)", cure)
    else:
        yield Finding("clock", Grade.OK, f"it is {shown}")


def _synchronised() -> bool | None:
    """Return whether something keeps the clock right; None if the system does not tell."""
    if not sys.platform.startswith("linux"):
        return None
    with suppress(OSError, AttributeError):
        buffer = ctypes.create_string_buffer(_TIMEX_BYTES)  # `modes` is 0: only asked, nothing changed
        state = ctypes.CDLL(None).adjtimex(buffer)
        return None if state < 0 else state != _UNSYNCHRONISED
    return None
