"""What this machine has for us."""

import os

__all__ = ["processors"]


def processors() -> int:
    """Return how many processors this process may use.

    Returns
    -------
    int
        At least one.
    """
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
