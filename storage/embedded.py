"""The embedded PostgreSQL of one EVOQ_HOME, shared by all processes that use that home (`storage.server_share`)."""

from dataclasses import dataclass
from pathlib import Path

from storage import postmaster
from storage.account import server_account
from storage.errors import EmbeddedServerError
from storage.initdb import DATABASE, ROLE, check_version, prepare_cluster
from storage.locks import FileLock
from storage.server_files import ServerFiles, installed_version
from storage.server_folder import HOST
from storage.server_share import ServerShare, server_use, stop_server
from storage.settings import ConnectionSettings

__all__ = ["EmbeddedServer", "EmbeddedStatus", "embedded_status", "stop_embedded"]


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


@dataclass(frozen=True)
class _PostgreSQL:
    """How PostgreSQL is found, started and stopped.

    Attributes
    ----------
    files : ServerFiles
        Its files.
    """

    files: ServerFiles

    def find_or_start(self, lock: FileLock) -> int:
        """Return the port of the running server, started if need be.

        Parameters
        ----------
        lock : FileLock
            A fresh hold of ``server.lock``.

        Returns
        -------
        int
            Where it listens.
        """
        files = self.files
        check_version(files.data)
        files.prune_logs()
        running = postmaster.find(files, lock)
        if running is None:
            folders = (files.home, files.home / "logs", files.folder)
            account = server_account(folders, files.program("postgres"))
            prepare_cluster(files, account)
            running = postmaster.start(files, account, lock)
        return running.port

    def stop(self, lock: FileLock) -> None:
        """Stop the running server.

        Parameters
        ----------
        lock : FileLock
            ``server.lock``, which the server holds.
        """
        postmaster.stop(self.files, lock)


class EmbeddedServer:
    """One user's share of the embedded server: made by `join`, given back by `leave`.

    Parameters
    ----------
    share : ServerShare
        Our share.
    settings : ConnectionSettings
        How to connect.
    """

    def __init__(self, share: ServerShare, settings: ConnectionSettings) -> None:
        self.settings = settings
        self._share = share

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
        share = ServerShare.join(_PostgreSQL(files))
        try:
            password = files.password()
            if password is None:
                raise EmbeddedServerError(
                    f"{files.folder / 'password'} vanished: stop every Evoq process and try again"
                )
        except BaseException:
            share.leave()
            raise
        settings = ConnectionSettings(HOST, share.port, DATABASE, ROLE, password, embedded_in=home)
        return cls(share, settings)

    def take_alone(self) -> bool:
        """Keep everybody else out until we leave.

        Returns
        -------
        bool
            False if somebody else uses the server: then we must leave.
        """
        return self._share.take_alone()

    def leave(self) -> None:
        """Give our share back; the last user stops the server. A second call does nothing."""
        self._share.leave()


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
    return stop_server(_PostgreSQL(ServerFiles(home)))


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
    running, in_use = server_use(files)
    server = postmaster.read(files) if running else None
    return EmbeddedStatus(
        running=running,
        pid=server.pid if server else None,
        port=server.port if server else None,
        version=installed_version(),
        in_use=in_use,
    )
