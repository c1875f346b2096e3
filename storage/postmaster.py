"""The embedded PostgreSQL's process: is it running, start it, stop it.

Whether it runs says ``server.lock`` (see `storage.server_share`); ``postmaster.pid``, which a crash or a reboot
leaves behind and whose process id may long belong to somebody else, only says where to find it.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass

import psutil

from storage.account import ServerAccount
from storage.driver import DriverError, connect
from storage.errors import EmbeddedServerError, LoginError
from storage.initdb import DATABASE, ROLE
from storage.locks import FileLock
from storage.server_files import ServerFiles
from storage.server_folder import HOST
from storage.server_trouble import report_server_trouble
from storage.settings import ConnectionSettings

__all__ = ["Postmaster", "find", "start", "stop"]

_START_TIMEOUT_S = 120
_STOP_TIMEOUT_S = 60
_QUIT_TIMEOUT_S = 15
_POLL_S = 0.05


@dataclass(frozen=True)
class Postmaster:
    """What ``postmaster.pid`` says.

    Attributes
    ----------
    pid : int
        Process id of the server.
    port : int
        Where it listens.
    ready : bool
        Whether it takes connections.
    """

    pid: int
    port: int
    ready: bool


def read(files: ServerFiles) -> Postmaster | None:
    """Read ``postmaster.pid``.

    Parameters
    ----------
    files : ServerFiles
        The server's files.

    Returns
    -------
    Postmaster or None
        None if it is missing or not yet complete.
    """
    try:
        lines = (files.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return Postmaster(int(lines[0]), int(lines[3]), len(lines) > 7 and lines[7].strip() == "ready")
    except (OSError, ValueError, IndexError):
        return None


def find(files: ServerFiles, lock: FileLock) -> Postmaster | None:
    """Return the running server, once it takes connections.

    Parameters
    ----------
    files : ServerFiles
        The server's files.
    lock : FileLock
        A fresh hold of ``server.lock``.

    Returns
    -------
    Postmaster or None
        None if none runs; `lock` is then held, and nobody else can start one.

    Raises
    ------
    EmbeddedServerError
        If one runs and does not get ready.
    """
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not lock.try_acquire():
        server = read(files)
        if server is not None and server.ready and _answers(files, server.port):
            return server
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"the embedded PostgreSQL in {files.folder} runs but takes no connections:"
                f" see {files.logs}; it may also run in another container, whose loopback is not ours"
            )
        time.sleep(_POLL_S)
    return None


def start(files: ServerFiles, account: ServerAccount, lock: FileLock) -> Postmaster:
    """Start the server and wait until it takes connections.

    Parameters
    ----------
    files : ServerFiles
        The server's files; the cluster is made.
    account : ServerAccount
        Who runs it.
    lock : FileLock
        ``server.lock``, held by us; the server inherits it.

    Returns
    -------
    Postmaster
        The running server.

    Raises
    ------
    EmbeddedServerError
        If it does not start.
    """
    _remove_stale_pid(files)
    account.own(files.logs)
    port = files.choose_port()
    for _ in range(5):
        files.write_configuration(port)
        account.own_file(files.data / "evoq.conf")
        account.own_file(files.data / "pg_hba.conf")
        if _launch(files, account, lock):
            server = read(files)
            if server is not None and _answers(files, server.port):
                return server
            raise EmbeddedServerError(f"the embedded PostgreSQL started but refuses its own role: see {files.logs}")
        words = files.last_words()
        if "Address already in use" not in words and "could not create any TCP/IP sockets" not in words:
            report_server_trouble(words, files.folder, "the start of the embedded PostgreSQL")
        port = files.choose_port(avoid=port)
    raise EmbeddedServerError(f"no port of {HOST} stayed free long enough to start PostgreSQL: try again")


def stop(files: ServerFiles, lock: FileLock) -> None:
    """Stop the running server: fast, and if it does not obey at once.

    Parameters
    ----------
    files : ServerFiles
        The server's files.
    lock : FileLock
        ``server.lock``, which the server holds; afterwards it is ours.

    Raises
    ------
    EmbeddedServerError
        If it cannot be stopped.
    """
    for name, timeout_s in (("SIGINT", _STOP_TIMEOUT_S), ("SIGQUIT", _QUIT_TIMEOUT_S)):
        server = read(files)
        if server is not None and _is_postmaster(server.pid, files):
            try:
                os.kill(server.pid, getattr(signal, name))
            except ProcessLookupError:
                pass
            except PermissionError as error:
                raise EmbeddedServerError(
                    f"the embedded PostgreSQL (process {server.pid}) belongs to another user: stop it as that user"
                ) from error
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if lock.try_acquire():
                return
            time.sleep(_POLL_S)
    raise EmbeddedServerError(f"the embedded PostgreSQL in {files.folder} does not stop: see {files.logs}")


def _launch(files: ServerFiles, account: ServerAccount, lock: FileLock) -> bool:
    """Run pg_ctl start; return whether the server is ready."""
    files.start_log.unlink(missing_ok=True)
    command = [
        str(files.program("pg_ctl")),
        "start",
        f"--pgdata={files.data}",
        f"--log={files.start_log}",
        "--wait",
        f"--timeout={_START_TIMEOUT_S}",
        "--silent",
    ]
    try:
        done = account.run(
            command,
            timeout_s=_START_TIMEOUT_S + 30,
            stdout=subprocess.DEVNULL,  # a pipe would be inherited by the server, and never end
            stderr=subprocess.DEVNULL,
            pass_fds=(lock.descriptor,),
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedServerError(f"pg_ctl did not run: {type(error).__name__}") from error
    return done.returncode == 0


def _answers(files: ServerFiles, port: int) -> bool:
    """Return whether the server at this port takes our role with our password, and proves that it knows it."""
    settings = ConnectionSettings(HOST, port, DATABASE, ROLE, files.password(), embedded_in=files.home)
    try:
        connect(settings).close()
    except DriverError as error:
        if "password" in str(error):
            raise LoginError(
                f"the embedded PostgreSQL refuses the password in {files.folder / 'password'}: stop every Evoq"
                " process, delete that file and start again; a new password is then set"
            ) from error
        return False
    return True


def _remove_stale_pid(files: ServerFiles) -> None:
    """Remove a ``postmaster.pid`` that a crash left behind, whoever has that process id now.

    PostgreSQL itself would refuse to start if the number belongs to another process by now. We hold
    ``server.lock``, so no server that we started runs; one that somebody started by hand is left alone.
    """
    server = read(files)
    if server is not None and not _is_postmaster(server.pid, files):
        (files.data / "postmaster.pid").unlink(missing_ok=True)


def _is_postmaster(pid: int, files: ServerFiles) -> bool:
    """Return whether this process is a PostgreSQL server that works in our data folder."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        return os.path.samefile(process.cwd(), files.data)
    except psutil.AccessDenied:
        return True
    except (psutil.NoSuchProcess, OSError):
        return False
