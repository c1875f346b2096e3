"""The Ray head of the desk: on loopback, behind a token, without our secrets, without a server for remote clients."""

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import psutil

from cluster.dashboard_port import free_dashboard_port
from cluster.ray_environment import local_settings
from cluster.ray_folder import ray_folder, remove_old_sessions
from cluster.ray_token import private_token_file
from cluster.supervisor.desk import Desk, RayPorts
from cluster.supervisor.machine import processors
from cluster.supervisor.ports import free_port
from cluster.supervisor.ray_start_hook import without_client_server

__all__ = ["head_command", "head_environment", "joining_environment"]

_LOOPBACK = "127.0.0.1"
_HOOK = f"{without_client_server.__module__}.{without_client_server.__name__}"
_HEAD_PORTS = (6379, *range(6399, 6499))
_MEBIBYTE = 2**20
_FOLDER_LETTERS = 8
_STORE_SHARE = 0.1  # of the memory that is free


def head_command(desk: Desk) -> Sequence[str]:
    """Return the command that starts the head; its ports are decided here, and noted in the desk.

    Parameters
    ----------
    desk : Desk
        The desk.

    Returns
    -------
    sequence of str
        `ray start` that stays in the foreground, and takes every process of Ray with it when it ends.
    """
    folder = ray_folder(desk.files.mark[:_FOLDER_LETTERS])
    remove_old_sessions(folder)
    before = desk.ray
    head = free_port(chain([] if before is None else [before.head], _HEAD_PORTS))
    ports = desk.ray = RayPorts(head, free_dashboard_port())
    store = min(max(128 * _MEBIBYTE, int(psutil.virtual_memory().available * _STORE_SHARE)), 512 * _MEBIBYTE)
    return [
        sys.executable,
        "-P",  # the folder it works in is no place for code
        "-m",
        "ray.scripts.scripts",
        "start",
        "--head",
        "--block",
        "--disable-usage-stats",
        f"--node-ip-address={_LOOPBACK}",
        f"--port={ports.head}",
        # Any free port for everything else: two desks of one machine must not be in each other's way.
        "--min-worker-port=0",
        "--max-worker-port=0",
        "--dashboard-agent-listen-port=0",
        "--include-dashboard=True",
        f"--dashboard-host={_LOOPBACK}",
        f"--dashboard-port={ports.dashboard}",
        f"--temp-dir={folder}",
        f"--object-store-memory={store}",
        # One more than there are: replicas and actors of the desk hold shares of a processor while they mostly wait,
        # and evolution takes whole ones.
        f"--num-cpus={processors() + 1}",
    ]


def head_environment(desk: Desk) -> Mapping[str, str | None]:
    """Return what the environment of the head has besides what every service gets.

    Parameters
    ----------
    desk : Desk
        The desk.

    Returns
    -------
    mapping of str to (str or None)
        Values by name; None removes a variable.
    """
    return {
        **local_settings(private_token_file()),
        # What `ray job submit -- python ...` runs is this Python, whoever started the desk with whatever path.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), desk.environ.get("PATH", os.defpath))),
        # For drivers only: a node that has lost its head shall end.
        "RAY_gcs_rpc_server_reconnect_timeout_s": None,
        "RAY_START_HOOK": _HOOK,
        # Ray would give all its processes the nice value 15: those that answer people, and those that evaluate.
        "RAY_worker_niceness": "0",
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",  # services that use Ray have ended before it is asked to
    }


def joining_environment(desk: Desk) -> Mapping[str, str | None]:
    """Return what a service needs to join the desk's Ray.

    Parameters
    ----------
    desk : Desk
        The desk; its Ray has been started.

    Returns
    -------
    mapping of str to (str or None)
        Values by name; None removes a variable.
    """
    assert desk.ray is not None
    return {
        "RAY_ADDRESS": desk.ray.address,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": None,
        "RAY_AUTH_TOKEN_PATH": str(private_token_file()),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }
