"""Locks between processes that the kernel lets go of when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from storage.errors import DatabaseBusyError, EmbeddedServerError
from storage.folders import report_home_trouble

__all__ = ["FileLock"]

_POLL_S = 0.05


class FileLock:
    """An flock(2) on a file of its own, shared or exclusive.

    The lock belongs to the open file, not to the process: a child that inherits `descriptor` keeps the lock
    after we have closed our copy. This is how a running server is told from a dead one (see
    `storage.postmaster`), across reboots, reused process ids and containers.

    Parameters
    ----------
    path : Path
        The lock file (0600). It is made when missing and never removed: removing would let two hold it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            report_home_trouble(path, error)

    @property
    def descriptor(self) -> int:
        """The open file descriptor, to be inherited by a child that shall keep the lock."""
        if self._descriptor is None:
            raise EmbeddedServerError(f"the lock {self.path.name} was used after it was closed")
        return self._descriptor

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Take the lock, or turn a lock held into one of the other kind, without waiting.

        Parameters
        ----------
        shared : bool
            Whether others may hold it (shared) at the same time.

        Returns
        -------
        bool
            False if somebody else stands in the way. A shared lock that could not be made exclusive may have
            been lost by then, as flock(2) says: nobody may rely on it afterwards.
        """
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:  # a file system without locks
            report_home_trouble(self.path, error)
        return True

    def acquire(self, *, timeout_s: float, shared: bool = False) -> None:
        """Take the lock, waiting for it.

        Parameters
        ----------
        timeout_s : float
            How long to wait at most, in seconds.
        shared : bool
            Whether others may hold it (shared) at the same time.

        Raises
        ------
        DatabaseBusyError
            If the others do not let go of it in time.
        """
        deadline = time.monotonic() + timeout_s
        while not self.try_acquire(shared=shared):
            if time.monotonic() > deadline:
                raise DatabaseBusyError(
                    f"another process held {self.path} for more than {timeout_s:.0f} s: "
                    "see what it does, end it if it hangs, and try again"
                )
            time.sleep(_POLL_S)

    def close(self) -> None:
        """Let go of our hold; a child that inherited the descriptor keeps its own."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "FileLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
