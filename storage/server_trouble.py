"""What an embedded server complained about, put into our errors."""

from pathlib import Path
from typing import NoReturn

from storage.errors import DiskFullError, EmbeddedServerError, HomeError

__all__ = ["report_server_trouble"]

_SIGNS = ("FATAL", "PANIC:", "rror:", "Failed")


def report_server_trouble(words: str, folder: Path, doing: str) -> NoReturn:
    """Put what one of a server's programs complained about into one line.

    Parameters
    ----------
    words : str
        What it wrote.
    folder : Path
        Where it works.
    doing : str
        What failed, such as "initdb of the embedded PostgreSQL".

    Raises
    ------
    DiskFullError
        If there is no space.
    HomeError
        If the folder is not the server's.
    EmbeddedServerError
        In all other cases.
    """
    if "No space left on device" in words or "Disk quota exceeded" in words:
        raise DiskFullError(f"no space left for the server in {folder}: free some space, or set EVOQ_HOME")
    if "Permission denied" in words or "has wrong ownership" in words:
        raise HomeError(
            f"the server may not use {folder} (permission denied): run Evoq as the user who owns it,"
            " or set EVOQ_HOME to another folder"
        )
    marked = [line for line in words.splitlines() if any(sign in line for sign in _SIGNS)]
    reason = (marked or words.strip().splitlines() or ["it left no word"])[-1].strip()
    raise EmbeddedServerError(f"{doing} failed in {folder}: {reason}")
