"""Ports of this machine: which are free, and who has the others."""

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

__all__ = ["PortHolder", "free_port", "holder_of", "is_free"]

_LOOPBACK = "127.0.0.1"
_TRIED = 100


@dataclass(frozen=True, slots=True)
class PortHolder:
    """Who listens on a port.

    Attributes
    ----------
    pid : int or None
        Its process; None where the system does not tell us.
    name : str
        What it is called.
    """

    pid: int | None
    name: str

    def __str__(self) -> str:
        return self.name if self.pid is None else f"{self.name} (process {self.pid})"


def is_free(port: int, host: str = _LOOPBACK) -> bool:
    """Tell whether we could listen on a port.

    Parameters
    ----------
    port : int
        A TCP port.
    host : str, optional
        An IP address of this machine.

    Returns
    -------
    bool
        Whether it is free there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(wanted: Iterable[int]) -> int:
    """Return the first port of some that is free on this machine, or any.

    Parameters
    ----------
    wanted : iterable of int
        Ports, the best first; some of them are tried.

    Returns
    -------
    int
        Free just now.
    """
    for port, _ in zip(wanted, range(_TRIED), strict=False):
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def holder_of(port: int) -> PortHolder | None:
    """Return who listens on a port of this machine.

    Parameters
    ----------
    port : int
        A TCP port.

    Returns
    -------
    PortHolder or None
        None if nobody is seen to; processes of other users may stay unseen.
    """
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                return _named(connection.pid)
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.uids().effective == os.geteuid() and any(
                one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in process.net_connections("tcp")
            ):
                return _named(process.pid)
    return None


def _named(pid: int | None) -> PortHolder:
    if pid is not None:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            words = [word for word in process.cmdline()[:4] if not word.startswith("-")]
            name = process.name()
            module = next((word for word in words[1:] if word), "")
            return PortHolder(pid, f"{name} {os.path.basename(module)}".strip())
    return PortHolder(pid, "another process")
