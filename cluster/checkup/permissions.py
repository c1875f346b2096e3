"""Permissions: tokens, passwords and keys are for us alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from dotenv import dotenv_values

from cluster.access import Role
from cluster.checkup.finding import Finding, Grade
from cluster.ray_environment import secret_names
from cluster.supervisor.desk import Desk
from storage.cache_files import CacheFiles
from storage.server_files import ServerFiles

__all__ = ["examine"]


def examine(desk: Desk) -> Iterator[Finding]:
    """Examine who may read and write what.

    Parameters
    ----------
    desk : Desk
        The desk.

    Yields
    ------
    Finding
        What was found.
    """
    home = desk.home
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o022:
        yield Finding("EVOQ_HOME", Grade.PROBLEM, f"others may write into {home}", f"chmod go-w {home}")
    elif not os.access(home, os.W_OK | os.X_OK):
        yield Finding("EVOQ_HOME", Grade.PROBLEM, f"we may not write into {home}", "set EVOQ_HOME to another folder")
    else:
        yield Finding("EVOQ_HOME", Grade.OK, f"{home}")
    secrets = [home / f"token.{role}" for role in Role]
    secrets += [home / "ray.token", home / "secrets.env", *_dotenv()]
    secrets += [ServerFiles(home).folder / "password", CacheFiles(home).folder / "password"]
    bad = [finding for path in secrets if path.exists() for finding in _private(path)]
    yield from bad
    if not bad:
        yield Finding("secrets", Grade.OK, "token and password files are readable by us alone")


def _dotenv() -> list[Path]:
    """Return the .env of this folder, if it holds a secret."""
    path = Path.cwd() / ".env"
    values = {name: value or "" for name, value in dotenv_values(path).items()} if path.is_file() else {}
    return [path] if secret_names(values) else []


def _private(path: Path) -> Iterator[Finding]:
    status = path.stat()
    if status.st_uid != os.geteuid():
        yield Finding(
            "secrets", Grade.PROBLEM, f"{path} belongs to user {status.st_uid}", "remove it, or give it to us"
        )
    elif stat.S_IMODE(status.st_mode) & 0o077:
        yield Finding("secrets", Grade.PROBLEM, f"others may read {path}", f"chmod 600 {path}")
