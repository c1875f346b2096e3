"""What every embedded server has below EVOQ_HOME: a folder, a password, a port, locks and a folder for its log.

``EVOQ_HOME/NAME`` holds the password, the port and the locks, all of them 0600; ``EVOQ_HOME/NAME/data`` is
the server's own, and ``EVOQ_HOME/logs/NAME`` has its log.
"""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from storage.errors import HomeError
from storage.folders import private_folder, write_private
from storage.locks import FileLock

__all__ = ["HOST", "ServerFolder"]

HOST = "127.0.0.1"

_NEVER = (6379,)  # the head of a Ray cluster takes it


@dataclass(frozen=True)
class ServerFolder:
    """The folder of one home's embedded server.

    Attributes
    ----------
    home : Path
        EVOQ_HOME; it exists.
    """

    home: Path

    name: ClassVar[str]

    @property
    def folder(self) -> Path:
        """Everything but the log."""
        return self.home / self.name

    @property
    def data(self) -> Path:
        """What the server itself writes."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """The server's log files."""
        return self.home / "logs" / self.name

    def make_folders(self) -> None:
        """Make the folders that are missing."""
        for path in (self.folder, self.home / "logs", self.logs):
            private_folder(path)

    def lock(self, name: str) -> FileLock:
        """Return one of the locks, not yet taken.

        Parameters
        ----------
        name : str
            "users", "start" or "server".

        Returns
        -------
        FileLock
            A lock of its own file.
        """
        return FileLock(self.folder / f"{name}.lock")

    def password(self) -> str | None:
        """Return the password.

        Returns
        -------
        str or None
            None if there is none yet, or its file was lost.

        Raises
        ------
        HomeError
            If the file cannot be read.
        """
        try:
            return (self.folder / "password").read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise HomeError(
                f"{self.folder / 'password'} cannot be read ({error.strerror}): run Evoq as the user who owns it"
            ) from error

    def write_password(self, password: str) -> None:
        """Store the password (0600).

        Parameters
        ----------
        password : str
            The new password.
        """
        write_private(self.folder / "password", password + "\n")

    @staticmethod
    def new_password() -> str:
        """Return a password nobody can guess.

        Returns
        -------
        str
            192 random bits.
        """
        return secrets.token_urlsafe(24)

    def port(self) -> int | None:
        """Return the port of the last start.

        Returns
        -------
        int or None
            None if there is none that may be used.
        """
        try:
            stored = (self.folder / "port").read_text(encoding="utf-8").strip()
        except OSError:
            return None
        usable = stored.isascii() and stored.isdigit() and 1024 <= int(stored) <= 65535
        return int(stored) if usable and int(stored) not in _NEVER else None

    def choose_port(self, *, avoid: int | None = None) -> int:
        """Return a free port, the same as last time if possible, and remember it.

        Parameters
        ----------
        avoid : int, optional
            A port that turned out not to be free.

        Returns
        -------
        int
            A port of the loopback address on which nobody listens now.
        """
        port = self.port()
        if port is None or port == avoid or not _is_free(port):
            port = _any_free()
            write_private(self.folder / "port", f"{port}\n")
        return port


def _any_free() -> int:
    """Return a port that the system says is free."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in _NEVER:
            return port


def _is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: TIME_WAIT is no obstacle
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
