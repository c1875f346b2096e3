"""The embedded Valkey of one EVOQ_HOME, shared by all processes that use that home (`storage.server_share`).

It keeps nothing on disk and no more than 64 MB in memory; it is for display only.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from storage.account import ServerAccount, server_account
from storage.cache_client import connects
from storage.cache_files import CacheFiles, installed_cache
from storage.errors import EmbeddedServerError, LoginError
from storage.folders import private_folder
from storage.locks import FileLock
from storage.server_folder import HOST
from storage.server_share import server_use, stop_server
from storage.server_trouble import report_server_trouble

__all__ = ["CacheStatus", "Valkey", "cache_status", "stop_cache"]

_START_TIMEOUT_S = 60.0
_STOPS: Sequence[tuple[str, float]] = (("SIGTERM", 10.0), ("SIGKILL", 5.0))
_POLL_S = 0.02


@dataclass(frozen=True)
class CacheStatus:
    """Whether the embedded cache of a home runs.

    Attributes
    ----------
    running : bool
        Whether it runs.
    pid, port : int or None
        Its process and port, when it runs.
    version : str
        The version of the installed Valkey.
    in_use : bool
        Whether some process uses it now.
    """

    running: bool
    pid: int | None
    port: int | None
    version: str
    in_use: bool


@dataclass(frozen=True)
class Valkey:
    """How Valkey is found, started and stopped.

    Attributes
    ----------
    files : CacheFiles
        Its files.
    """

    files: CacheFiles

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

        Raises
        ------
        EmbeddedServerError
            If one runs and takes no connections.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not lock.try_acquire():
            port = self.files.port()
            if port is not None and self._answers(port):
                return port
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"the embedded Valkey in {self.files.folder} runs but takes no connections: see {self.files.log};"
                    " it may also run in another container, whose loopback is not ours"
                )
            time.sleep(_POLL_S)
        lock.close()  # nobody else looks for it: the caller holds start.lock
        return self._start()

    def stop(self, lock: FileLock) -> None:
        """Stop the running server.

        Parameters
        ----------
        lock : FileLock
            ``server.lock``, which the server holds; afterwards it is ours.

        Raises
        ------
        EmbeddedServerError
            If it cannot be stopped.
        """
        for name, timeout_s in _STOPS:
            pid = self.files.pid()
            if pid is not None and _is_valkey(pid, self.files):
                try:
                    os.kill(pid, getattr(signal, name))
                except ProcessLookupError:
                    pass
                except PermissionError as error:
                    raise EmbeddedServerError(
                        f"the embedded Valkey (process {pid}) belongs to another user: stop it as that user"
                    ) from error
            deadline = time.monotonic() + timeout_s
            while time.monotonic() < deadline:
                if lock.try_acquire():
                    return
                time.sleep(_POLL_S)
        raise EmbeddedServerError(f"the embedded Valkey in {self.files.folder} does not stop: see {self.files.log}")

    def _start(self) -> int:
        """Start the server and return its port, once it takes our password there."""
        files = self.files
        private_folder(files.data)
        files.prune_log()
        account = server_account((files.home, files.home / "logs", files.folder), files.program(), instead="REDIS_URL")
        account.own(files.data)
        account.own(files.logs)
        password = files.password()
        if password is None:
            password = files.new_password()
            files.write_password(password)
        port = files.choose_port()
        for _ in range(5):
            self._launch(account, files.configuration(port, password))
            if self._wait(port):
                return port
            words = files.last_words()
            if "Address already in use" not in words and "Failed listening" not in words:
                report_server_trouble(words, files.folder, "the start of the embedded Valkey")
            port = files.choose_port(avoid=port)
        raise EmbeddedServerError(f"no port of {HOST} stayed free long enough to start Valkey: try again")

    def _launch(self, account: ServerAccount, configuration: str) -> None:
        """Let the server begin; from here on it holds ``server.lock`` for as long as it lives."""
        with self.files.lock("server") as lock:
            if not lock.try_acquire():
                raise EmbeddedServerError(f"the embedded Valkey in {self.files.folder} started twice: try again")
            try:
                done = account.run(
                    [str(self.files.program()), "-"],
                    timeout_s=_START_TIMEOUT_S,
                    input=configuration,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    pass_fds=(lock.descriptor,),
                    cwd=self.files.data,
                    umask=0o077,
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise EmbeddedServerError(f"valkey-server did not run: {type(error).__name__}") from error
        if done.returncode:
            report_server_trouble(done.stderr, self.files.folder, "the start of the embedded Valkey")

    def _wait(self, port: int) -> bool:
        """Return whether the server takes connections; False as soon as it is gone."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._answers(port):
                return True
            with self.files.lock("server") as lock:
                if lock.try_acquire():
                    return False
            time.sleep(_POLL_S)
        raise EmbeddedServerError(f"the embedded Valkey takes no connections: see {self.files.log}")

    def _answers(self, port: int) -> bool:
        """Return whether the server at this port takes our password."""
        try:
            return connects(HOST, port, self.files.password())
        except LoginError as error:
            raise LoginError(
                f"the embedded Valkey refuses the password in {self.files.folder / 'password'}: stop every Evoq"
                " process, delete that file and start again; a new password is then set"
            ) from error


def stop_cache(home: Path) -> bool:
    """Stop the embedded cache of a home, whoever uses it.

    Parameters
    ----------
    home : Path
        EVOQ_HOME.

    Returns
    -------
    bool
        Whether it was running.
    """
    return stop_server(Valkey(CacheFiles(home)))


def cache_status(home: Path) -> CacheStatus:
    """Return whether the embedded cache of a home runs, without touching it.

    Parameters
    ----------
    home : Path
        EVOQ_HOME.

    Returns
    -------
    CacheStatus
        What is to be seen now.
    """
    files = CacheFiles(home)
    running, in_use = server_use(files)
    return CacheStatus(
        running=running,
        pid=files.pid() if running else None,
        port=files.port() if running else None,
        version=installed_cache(),
        in_use=in_use,
    )


def _is_valkey(pid: int, files: CacheFiles) -> bool:
    """Return whether this process is a Valkey server that works in our data folder."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("valkey-server"):
            return False
        return os.path.samefile(process.cwd(), files.data)
    except psutil.AccessDenied:
        return True
    except (psutil.NoSuchProcess, OSError):
        return False
