"""EVOQ_HOME: the one folder of an installation, and how private folders and files are made in it.

Only what we make ourselves gets a mode (folders 0700, files 0600); the mode of a folder that was there
before, and of every parent, is never touched.
"""

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from storage.errors import DiskFullError, HomeError

__all__ = ["home", "home_path", "private_folder", "report_home_trouble", "write_private"]

_CHECKOUT = Path(__file__).resolve().parent.parent


def home(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of this installation, made (0700) if it is not there.

    Parameters
    ----------
    environ : mapping of str to str, optional
        Where `EVOQ_HOME` is looked up; by default `os.environ`.

    Returns
    -------
    Path
        That of `home_path`.
    """
    return private_folder(home_path(environ))


def home_path(environ: Mapping[str, str] | None = None) -> Path:
    """Return where the folder of this installation is, whether it is there or not.

    Parameters
    ----------
    environ : mapping of str to str, optional
        As for `home`.

    Returns
    -------
    Path
        `$EVOQ_HOME`; when that is unset the checkout's `data/`, or `~/.evoq` for an installed package.
    """
    named = (os.environ if environ is None else environ).get("EVOQ_HOME", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    if (_CHECKOUT / "pyproject.toml").is_file():
        return _CHECKOUT / "data"
    return Path.home() / ".evoq"


def private_folder(path: Path) -> Path:
    """Make a folder that only we may enter, unless it is there already.

    Parameters
    ----------
    path : Path
        The folder. Missing parents are made with the usual mode of the process.

    Returns
    -------
    Path
        `path`.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        report_home_trouble(path, error)
    return path


def write_private(path: Path, content: str) -> None:
    """Write a file that only we may read (0600), whole or not at all.

    Parameters
    ----------
    path : Path
        The file; an older one is replaced atomically.
    content : str
        What it will hold.
    """
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        report_home_trouble(path, error)


def report_home_trouble(path: Path, error: OSError) -> NoReturn:
    """Put an operating system's refusal to make or write something below EVOQ_HOME into one line.

    Parameters
    ----------
    path : Path
        What was to be made or written.
    error : OSError
        What the operating system said.

    Raises
    ------
    DiskFullError
        If there is no space.
    HomeError
        In all other cases.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise DiskFullError(
            f"no space left to write {path}: free some space, or set EVOQ_HOME to a larger disk"
        ) from error
    reason = error.strerror or str(error)
    raise HomeError(
        f"EVOQ_HOME must be a folder we may write: {path}: {reason}; set EVOQ_HOME to another folder"
    ) from error
