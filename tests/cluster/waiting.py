"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_S = 60.0


def until(condition: Callable[[], Found], patience_s: float = PATIENCE_S, pause_s: float = 0.02) -> Found:
    """Wait until a condition holds, and return what it returned; nothing tells when, so it is asked again and again."""
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(pause_s)  # between two looks; a longer one where a look itself is work
    return found
