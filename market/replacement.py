"""Replacing a file in one step: after a crash or on a full disk it holds the old contents or the new, never a part."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from market.errors import StoreError, StoreFullError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def replace_file(path: Path, contents: bytes | memoryview) -> None:
    """Write a file beside its place, make it durable, and move it there.

    Parameters
    ----------
    path : Path
        The file, in an existing folder. Writers of one path must hold its lock.
    contents : bytes
        All of it.

    Raises
    ------
    OSError
        If it cannot be written; then the old file is untouched and nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, among processes and threads, waiting for whoever has it.

    Parameters
    ----------
    path : Path
        The file that is to be replaced; the lock is a file of its own beside it, since this one changes identity.

    Yields
    ------
    None
        While the lock is held.
    """
    with path.with_name(f".{path.name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error of ours.

    Parameters
    ----------
    path : Path
        What was being written, for the message.

    Yields
    ------
    None
        While the disk is in use.

    Raises
    ------
    StoreFullError
        If there is no room left.
    StoreError
        If the disk refuses for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFullError(
                f"{path}: the disk is full; what was stored before is intact: free space, then repeat"
            ) from error
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); choose a folder that you may write to"
        ) from error
