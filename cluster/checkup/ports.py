"""Ports: free, or held by the desk itself."""

import os
from collections.abc import Iterator
from contextlib import suppress

import psutil

from cluster.checkup.finding import Finding, Grade
from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_processes import MARK
from cluster.supervisor.ports import holder_of, is_free
from cluster.supervisor.services import services_of_the_desk

__all__ = ["examine"]

_DASHBOARD = ("EVOQ_RAY_DASHBOARD_PORT", 8265)


def examine(desk: Desk) -> Iterator[Finding]:
    """Examine the ports that people know.

    Parameters
    ----------
    desk : Desk
        The desk.

    Yields
    ------
    Finding
        What was found.
    """
    wanted = [(service.about, service.port) for service in services_of_the_desk() if service.port is not None]
    for about, (name, default) in [*wanted, ("Ray's dashboard", _DASHBOARD)]:
        port = desk.port(name, default)
        subject = f"port {port}"
        if is_free(port):
            yield Finding(subject, Grade.OK, f"free, for {about} ({name})")
            continue
        holder = holder_of(port)
        if holder is not None and _is_ours(holder.pid, desk):
            yield Finding(subject, Grade.OK, f"{about} of this desk listens there ({name})")
        elif name == _DASHBOARD[0]:
            words = f"held by {holder or 'another process'}"
            yield Finding(subject, Grade.WARNING, words, f"{about} takes the next free one; or set {name}")
        else:
            words = f"{about} needs it, and it is held by {holder or 'another process'}"
            yield Finding(subject, Grade.PROBLEM, words, f"end that, or set {name} to another port")


def _is_ours(pid: int | None, desk: Desk) -> bool:
    if pid is None:
        return False
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        return process.uids().effective == os.geteuid() and process.environ().get(MARK) == desk.files.mark
    return False
