"""Versions of what the desk is made of."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from cluster.checkup.finding import Finding, Grade
from cluster.supervisor.desk import Desk
from storage import StorageError
from storage.cache_server import cache_status
from storage.embedded import embedded_status

__all__ = ["examine"]

_OLDEST_PYTHON = (3, 11)
_CURE = "install what is pinned: `make setup`"


def examine(desk: Desk) -> Iterator[Finding]:
    """Examine the versions.

    Parameters
    ----------
    desk : Desk
        The desk.

    Yields
    ------
    Finding
        What was found.
    """
    python = platform.python_version()
    if sys.version_info[:2] >= _OLDEST_PYTHON:
        yield Finding("Python", Grade.OK, f"{python} on {platform.system()} {platform.release()}")
    else:
        yield Finding("Python", Grade.PROBLEM, python, "install Python 3.11 or newer")
    for package, name in (("evoq", "Evoq"), ("ray", "Ray")):
        try:
            yield Finding(name, Grade.OK, version(package))
        except PackageNotFoundError:
            yield Finding(name, Grade.PROBLEM, "is not installed", _CURE)
    for name, status, setting in (
        ("PostgreSQL", embedded_status, "DB_HOST"),
        ("Valkey", cache_status, "REDIS_URL"),
    ):
        elsewhere = desk.environ.get(setting, "").strip()
        try:
            yield Finding(f"embedded {name}", Grade.OK, status(desk.home).version)
        except StorageError as error:
            grade = Grade.OK if elsewhere else Grade.PROBLEM
            cure = "" if elsewhere else f"{_CURE}, or set {setting} to one of your own"
            yield Finding(f"embedded {name}", grade, str(error), cure)
