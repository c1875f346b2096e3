"""Sharing an embedded server of one EVOQ_HOME among all processes that use that home.

Three lock files in the server's folder rule it, all of them released by the kernel when a holder dies:

``users.lock``
    held shared by every user of the server for as long as it uses it. Whoever leaves and gets it
    exclusively was the last one, and stops the server.
``start.lock``
    held exclusively while somebody looks for, starts or stops the server.
``server.lock``
    held by the server itself, which inherits it from whoever starts it, until its last process is gone. So
    the kernel tells a running server from a dead one; files that a crash or a reboot leaves behind only say
    where to find it.

So a server that outlived its killed user is joined by the next one, which then also stops it; and a server
never goes away under somebody who still works with it.
"""

import contextlib
from typing import NamedTuple, Protocol

from storage.locks import FileLock
from storage.server_folder import ServerFolder

__all__ = ["EmbeddedProgram", "ServerShare", "ServerUse", "server_use", "stop_server"]

_USERS_TIMEOUT_S = 120.0
_START_TIMEOUT_S = 300.0


class EmbeddedProgram(Protocol):
    """How one kind of server is found, started and stopped; whoever calls holds ``start.lock``."""

    @property
    def files(self) -> ServerFolder:
        """Where it lives."""
        ...

    def find_or_start(self, lock: FileLock) -> int:
        """Return the port of the running server, started if need be.

        Parameters
        ----------
        lock : FileLock
            A fresh hold of ``server.lock``, which a server that is started inherits.

        Returns
        -------
        int
            Where it listens and takes our password.
        """
        ...

    def stop(self, lock: FileLock) -> None:
        """Stop the running server.

        Parameters
        ----------
        lock : FileLock
            ``server.lock``, which the server holds; afterwards it is ours.
        """
        ...


class ServerShare:
    """One user's share of an embedded server: made by `join`, given back by `leave`.

    Parameters
    ----------
    program : EmbeddedProgram
        The server.
    users : FileLock
        ``users.lock``, held shared.
    port : int
        Where it listens.
    """

    def __init__(self, program: EmbeddedProgram, users: FileLock, port: int) -> None:
        self.port = port
        self._program = program
        self._users: FileLock | None = users

    @classmethod
    def join(cls, program: EmbeddedProgram) -> "ServerShare":
        """Start the server, or join the one that runs.

        Parameters
        ----------
        program : EmbeddedProgram
            The server.

        Returns
        -------
        ServerShare
            Our share, to be given back by `leave`.
        """
        files = program.files
        files.make_folders()
        with contextlib.ExitStack() as undo:
            users = undo.enter_context(files.lock("users"))
            users.acquire(shared=True, timeout_s=_USERS_TIMEOUT_S)  # waits for a leaver that is just stopping it
            with files.lock("start") as starting:
                starting.acquire(timeout_s=_START_TIMEOUT_S)
                with files.lock("server") as lock:
                    port = program.find_or_start(lock)
            undo.pop_all()
        return cls(program, users, port)

    def take_alone(self) -> bool:
        """Keep everybody else out until we leave: whoever would join waits.

        Returns
        -------
        bool
            False if somebody else uses the server. Our own share may be lost then, so we must leave.
        """
        return self._users is not None and self._users.try_acquire()

    def leave(self) -> None:
        """Give our share back; the last user stops the server. A second call does nothing."""
        users, self._users = self._users, None
        if users is None:
            return
        with users, self._program.files.lock("start") as starting:
            starting.acquire(timeout_s=_START_TIMEOUT_S)
            # Newcomers take users.lock before start.lock: from here on they either stand in the way, and will
            # find the server running, or wait until it is stopped, and will start it again.
            if users.try_acquire():
                _stop_if_running(self._program)


class ServerUse(NamedTuple):
    """Whether an embedded server runs.

    Attributes
    ----------
    running : bool
        Whether it runs.
    in_use : bool
        Whether some process uses it, or starts or stops it just now.
    """

    running: bool
    in_use: bool


def stop_server(program: EmbeddedProgram) -> bool:
    """Stop an embedded server, whoever uses it.

    Parameters
    ----------
    program : EmbeddedProgram
        The server.

    Returns
    -------
    bool
        Whether it was running.
    """
    if not program.files.data.exists():
        return False
    with program.files.lock("start") as starting:
        starting.acquire(timeout_s=_START_TIMEOUT_S)
        return _stop_if_running(program)


def server_use(files: ServerFolder) -> ServerUse:
    """Return whether an embedded server runs, without touching it.

    Parameters
    ----------
    files : ServerFolder
        Where it lives.

    Returns
    -------
    ServerUse
        What is to be seen now.
    """
    if not files.data.exists():
        return ServerUse(running=False, in_use=False)
    with files.lock("start") as starting, files.lock("server") as lock, files.lock("users") as users:
        # Whoever starts or stops the server just now must not take our look at the locks for a user.
        undisturbed = starting.try_acquire()
        running = not lock.try_acquire(shared=True)
        in_use = not undisturbed or not users.try_acquire()
    return ServerUse(running, in_use)


def _stop_if_running(program: EmbeddedProgram) -> bool:
    """Stop the server and return whether there was one; the caller holds ``start.lock``."""
    with program.files.lock("server") as lock:
        if lock.try_acquire():
            return False
        program.stop(lock)
        return True
