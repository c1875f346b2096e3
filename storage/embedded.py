"""The embedded PostgreSQL of one EVOQ_HOME, shared by all processes that use that home.

Three lock files in ``EVOQ_HOME/postgres`` rule it, all of them released by the kernel when a holder dies:

``users.lock``
    held shared by every user of the server for as long as it uses it. Whoever leaves and gets it
    exclusively was the last one, and stops the server.
``start.lock``
    held exclusively while somebody looks for, starts or stops the server.
``server.lock``
    held by the server itself (see `storage.postmaster`).

So a server that outlived its killed user is joined by the next one, which then also stops it; and the
database never goes away under somebody who still works with it.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from storage import postmaster
from storage.account import server_account
from storage.errors import EmbeddedServerError
from storage.initdb import DATABASE, ROLE, check_version, prepare_cluster
from storage.locks import FileLock
from storage.server_files import HOST, ServerFiles, installed_version
from storage.settings import ConnectionSettings

__all__ = ["EmbeddedServer", "EmbeddedStatus", "embedded_status", "stop_embedded"]

_USERS_TIMEOUT_S = 120.0
_START_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class EmbeddedStatus:
    """Whether the embedded server of a home runs.

    Attributes
    ----------
    running : bool
        Whether it runs.
    pid, port : int or None
        Its process and port, when it runs and is ready.
    version : str
        The version of the installed PostgreSQL.
    in_use : bool
        Whether some process uses it now.
    """

    running: bool
    pid: int | None
    port: int | None
    version: str
    in_use: bool


class EmbeddedServer:
    """One user's share of the embedded server: made by `join`, given back by `leave`.

    Parameters
    ----------
    files : ServerFiles
        The server's files.
    users : FileLock
        ``users.lock``, held shared.
    settings : ConnectionSettings
        How to connect.
    """

    def __init__(self, files: ServerFiles, users: FileLock, settings: ConnectionSettings) -> None:
        self.files = files
        self.settings = settings
        self._users: FileLock | None = users

    @classmethod
    def join(cls, home: Path) -> "EmbeddedServer":
        """Start the server of a home, or join the one that runs.

        Parameters
        ----------
        home : Path
            EVOQ_HOME; it exists.

        Returns
        -------
        EmbeddedServer
            Our share, to be given back by `leave`.

        Raises
        ------
        EmbeddedServerError
            If the server runs but its password is lost.
        """
        files = ServerFiles(home)
        files.make_folders()
        with contextlib.ExitStack() as undo:
            users = undo.enter_context(FileLock(files.folder / "users.lock"))
            users.acquire(shared=True, timeout_s=_USERS_TIMEOUT_S)  # waits for a leaver that is just stopping it
            with FileLock(files.folder / "start.lock") as starting:
                starting.acquire(timeout_s=_START_TIMEOUT_S)
                server = _find_or_start(files)
            password = files.password()
            if password is None:
                raise EmbeddedServerError(
                    f"{files.folder / 'password'} vanished: stop every Evoq process and try again"
                )
            undo.pop_all()
        return cls(files, users, ConnectionSettings(HOST, server.port, DATABASE, ROLE, password, embedded_in=home))

    def leave(self) -> None:
        """Give our share back; the last user stops the server. A second call does nothing."""
        users, self._users = self._users, None
        if users is None:
            return
        with users, FileLock(self.files.folder / "start.lock") as starting:
            starting.acquire(timeout_s=_START_TIMEOUT_S)
            # Newcomers take users.lock before start.lock: from here on they either stand in the way, and will
            # find the server running, or wait until it is stopped, and will start it again.
            if users.try_acquire():
                _stop_if_running(self.files)


def stop_embedded(home: Path) -> bool:
    """Stop the embedded server of a home, whoever uses it.

    Parameters
    ----------
    home : Path
        EVOQ_HOME.

    Returns
    -------
    bool
        Whether it was running.
    """
    files = ServerFiles(home)
    if not files.data.exists():
        return False
    with FileLock(files.folder / "start.lock") as starting:
        starting.acquire(timeout_s=_START_TIMEOUT_S)
        return _stop_if_running(files)


def embedded_status(home: Path) -> EmbeddedStatus:
    """Return whether the embedded server of a home runs, without touching it.

    Parameters
    ----------
    home : Path
        EVOQ_HOME.

    Returns
    -------
    EmbeddedStatus
        What is to be seen now.
    """
    files = ServerFiles(home)
    version = installed_version()
    if not files.data.exists():
        return EmbeddedStatus(running=False, pid=None, port=None, version=version, in_use=False)
    with contextlib.ExitStack() as locks:
        starting, lock, users = (
            locks.enter_context(FileLock(files.folder / f"{name}.lock")) for name in ("start", "server", "users")
        )
        # Whoever starts or stops the server just now must not take our look at the locks for a user.
        undisturbed = starting.try_acquire()
        running = not lock.try_acquire(shared=True)
        in_use = not undisturbed or not users.try_acquire()
    server = postmaster.read(files) if running else None
    return EmbeddedStatus(
        running=running,
        pid=server.pid if server else None,
        port=server.port if server else None,
        version=version,
        in_use=in_use,
    )


def _find_or_start(files: ServerFiles) -> postmaster.Postmaster:
    """Return the running server, started if need be; the caller holds ``start.lock``."""
    with FileLock(files.folder / "server.lock") as lock:
        check_version(files.data)
        files.prune_logs()
        running = postmaster.find(files, lock)
        if running is not None:
            return running
        folders = (files.home, files.home / "logs", files.folder)
        account = server_account(folders, files.program("postgres"))
        prepare_cluster(files, account)
        return postmaster.start(files, account, lock)


def _stop_if_running(files: ServerFiles) -> bool:
    """Stop the server and return whether there was one; the caller holds ``start.lock``."""
    with FileLock(files.folder / "server.lock") as lock:
        if lock.try_acquire():
            return False
        postmaster.stop(files, lock)
        return True
