"""Where a benchmark ran: machine and versions, for every report."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

__all__ = ["machine", "versions"]


def machine() -> str:
    """Return processor, its number, memory and operating system in a line."""
    model = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        models = [line.partition(":")[2].strip() for line in cpus.read_text().splitlines() if "model name" in line]
        model = models[0] if models else model
    memory = psutil.virtual_memory().total / 2**30
    return f"{model}, {psutil.cpu_count()} logical CPUs, {memory:.0f} GiB, {platform.system()}"


def versions(libraries: Sequence[str]) -> dict[str, str]:
    """Return the versions of Python and of libraries.

    Parameters
    ----------
    libraries : sequence of str
        Names of installed distributions.

    Returns
    -------
    dict of str to str
        By name, Python first.
    """
    return {"python": platform.python_version()} | {name: version(name) for name in libraries}
