"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable

PATIENCE_S = 20.0


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; nothing tells when it does, so it is asked again and again."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
