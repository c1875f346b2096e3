"""A session: Ray started privately on this machine, or a running cluster joined, with its doors closed.

A private Ray listens on loopback only, dashboard included, and answers nobody who does not show the token of this
installation. Its processes do not inherit keys or passwords. It ends with this process.
"""

import logging
import os
import socket
from types import TracebackType
from typing import Any, Self

from cluster.dashboard_port import free_dashboard_port
from cluster.errors import AddressError, SettingError, StartError, UserError
from cluster.ray_address import (
    ClusterFacts,
    HeadAddress,
    answers,
    find_address,
    parse_address,
    running_heads,
    survey,
)
from cluster.ray_connection import connect, node_on_loopback, one_line, refuse_second_session
from cluster.ray_environment import changed_environment, join_settings, local_settings
from cluster.ray_folder import ray_folder, remove_old_sessions
from cluster.ray_shipping import code_for_workers
from cluster.ray_token import private_token_file, token_file_to_join

__all__ = ["RaySession"]

_logger = logging.getLogger(__name__)
_LOOPBACK = "127.0.0.1"
_MEBIBYTE = 1024 * 1024
_SMALLEST_STORE = 256 * _MEBIBYTE
_STORE_SHARE = 0.3  # of the memory that is free
_MOST_WORKERS = 1_024
_START_S = 6.0


class RaySession:
    """Ray, started or joined when it is first needed. A context manager; one at a time in a process.

    Parameters
    ----------
    address : str, optional
        `local` starts Ray on this machine, `auto` joins what `RAY_ADDRESS` names or what runs here, `HOST:PORT` and
        `ray://HOST:PORT` join a cluster.
    workers : int, optional
        How many processes evaluate; by default the processors of this machine, or all of a joined cluster.
    dashboard : bool, optional
        Whether a private Ray serves its dashboard (at `EVOQ_RAY_DASHBOARD_PORT`, 8265 by default, or the next free
        port); without it Ray needs 0.2 GB less.

    Raises
    ------
    UserError
        If `workers` is not in 1..1024.
    """

    def __init__(self, address: str = "local", *, workers: int | None = None, dashboard: bool = True) -> None:
        if workers is not None and not 1 <= workers <= _MOST_WORKERS:
            raise UserError(f"--workers must be in [1, {_MOST_WORKERS}], was {workers}")
        self._named = address.strip()
        if self._named not in {"local", "auto"}:
            parse_address(self._named)
        self._asked_workers = workers
        self._dashboard = dashboard
        self._facts: ClusterFacts | None = None
        self._head: HeadAddress | None = None
        self._raylet: str | None = None
        self._dashboard_url: str | None = None
        self._started = False

    @property
    def local(self) -> bool:
        """Whether this is a private Ray of this process."""
        return self._named == "local"

    @property
    def started(self) -> bool:
        """Whether Ray runs, or has been joined."""
        return self._started

    @property
    def workers(self) -> int:
        """How many processes evaluate; all of a cluster's once it is joined."""
        if self._facts is not None:
            return max(1, min(self._asked_workers or _MOST_WORKERS, self._facts.cpus))
        return self._asked_workers or len(os.sched_getaffinity(0))

    @property
    def start_seconds(self) -> float:
        """About how long `start` would take now."""
        return _START_S if self.local and not self._started else 0.0

    @property
    def head(self) -> str | None:
        """The address of the head, once started."""
        return None if self._head is None else str(self._head)

    @property
    def dashboard_url(self) -> str | None:
        """The dashboard's address, once started; None without one."""
        return self._dashboard_url

    def start(self, shared_bytes: int = 0) -> None:
        """Start or join Ray, unless that is done.

        Parameters
        ----------
        shared_bytes : int, optional
            Size of what will be put into the object store; a private Ray makes room for it.

        """
        if self._started:
            return
        if self.local:
            self._start_local(shared_bytes)
        else:
            self._join()
        self._started = True

    def alive(self) -> bool:
        """Tell whether Ray still answers.

        Returns
        -------
        bool
            False once the head, or the node of this process, is gone.
        """
        if not self._started or self._head is None or not answers(self._head.host, self._head.port):
            return False
        if self._raylet is None:
            return True
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(3.0)
            try:
                connection.connect(self._raylet)
            except OSError:
                return False
        return True

    def close(self) -> None:
        """Leave Ray, and end it if this session started it."""
        if not self._started:
            return
        import ray

        self._started = False
        ray.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start_local(self, shared_bytes: int) -> None:
        """Start a private Ray.

        Parameters
        ----------
        shared_bytes : int
            Size of what will be put into the object store.

        Raises
        ------
        StartError
            If Ray does not start.
        """
        refuse_second_session()
        folder = ray_folder()
        remove_old_sessions(folder)
        store = _store_size(shared_bytes)
        port = free_dashboard_port() if self._dashboard else None
        options = {
            "num_cpus": self.workers,
            "include_dashboard": self._dashboard,
            "dashboard_host": _LOOPBACK,
            "dashboard_port": port,
            "object_store_memory": store,
            "log_to_driver": False,
            "logging_level": logging.WARNING,
            "_node_ip_address": _LOOPBACK,
            "_temp_dir": str(folder),
        }
        environment = changed_environment(local_settings(private_token_file()), hide_secrets=True)
        with environment, node_on_loopback(True):
            try:
                information = connect("local", options)
            except Exception as error:  # Ray raises whatever it met, bare Exception included
                raise StartError(f"Ray did not start: {one_line(error)}; its logs are in {folder}") from error
        self._take(information)
        if self._dashboard:
            self._dashboard_url = f"http://{_LOOPBACK}:{port}"

    def _join(self) -> None:
        """Join a running cluster.

        Raises
        ------
        AddressError
            If there is none, or this machine is no part of it.
        """
        address = find_address(running_heads()) if self._named == "auto" else parse_address(self._named)
        if address.client:
            self._join_as_client(address)
            return
        facts = survey(address)
        here = facts.here()
        if not here:
            raise AddressError(
                f"this machine must be a node of the cluster at {address}, is none: run `ray start --address={address}`"
                f" here, or join with --ray ray://{address.host}:10001, or submit with `ray job submit`"
            )
        refuse_second_session()
        _warn_of_open_cluster(address, facts.wants_token)
        loopback = _LOOPBACK in here
        settings = join_settings(token_file_to_join(), with_token=facts.wants_token, loopback=loopback)
        with changed_environment(settings, hide_secrets=False), node_on_loopback(loopback):
            try:
                information = connect(str(address), _join_options(facts))
            except Exception as error:  # Ray raises whatever it met, bare Exception included
                raise AddressError(f"the cluster at {address} cannot be joined: {one_line(error)}") from error
        self._take(information)
        self._facts = facts
        self._head = address

    def _join_as_client(self, address: HeadAddress) -> None:
        """Join a cluster that this machine is no node of.

        Parameters
        ----------
        address : HeadAddress
            Its client server.

        Raises
        ------
        AddressError
            If it cannot be joined.
        """
        wants_token = survey(address).wants_token
        refuse_second_session()
        _warn_of_open_cluster(address, wants_token)
        import ray

        elsewhere = ClusterFacts(nodes=("",), cpus=0, wants_token=wants_token)
        settings = join_settings(token_file_to_join(), with_token=wants_token, loopback=False)
        with changed_environment(settings, hide_secrets=False):
            try:
                connect(str(address), _join_options(elsewhere))
                cpus = int(ray.cluster_resources().get("CPU", 0.0))
            except Exception as error:  # Ray raises whatever it met, bare Exception included
                ray.shutdown()
                raise AddressError(f"the cluster at {address} cannot be joined: {one_line(error)}") from error
        self._facts = ClusterFacts(nodes=(), cpus=cpus, wants_token=wants_token)
        self._head = address

    def _take(self, information: dict[str, Any]) -> None:
        """Note where Ray is.

        Parameters
        ----------
        information : dict
            What `ray.init` answered.
        """
        self._head = parse_address(information["gcs_address"])
        self._raylet = information["raylet_socket_name"]


def _join_options(facts: ClusterFacts) -> dict[str, Any]:
    """Return what `ray.init` is told when it joins a cluster.

    Parameters
    ----------
    facts : ClusterFacts
        The cluster.

    Returns
    -------
    dict
        Its arguments.
    """
    return {
        "runtime_env": code_for_workers(facts) or None,
        "log_to_driver": False,
        "logging_level": logging.WARNING,
    }


def _warn_of_open_cluster(address: HeadAddress, wants_token: bool) -> None:
    """Say that a cluster lets everybody in.

    Parameters
    ----------
    address : HeadAddress
        The cluster.
    wants_token : bool
        Whether it does not.
    """
    if not wants_token:
        _logger.warning("the cluster at %s asks for no token: whoever reaches it may run code in it", address)


def _store_size(shared_bytes: int) -> int:
    """Return a sensible size of the object store.

    Parameters
    ----------
    shared_bytes : int
        Size of what will be put into it.

    Returns
    -------
    int
        Twice that and some, in bytes; at least 256 MiB.

    Raises
    ------
    SettingError
        If that is more than a fair share of the free memory.
    """
    import psutil

    wanted = max(_SMALLEST_STORE, 2 * shared_bytes + 128 * _MEBIBYTE)
    most = int(psutil.virtual_memory().available * _STORE_SHARE)
    if shared_bytes + 64 * _MEBIBYTE > most:
        raise SettingError(
            f"the candles must fit into {most // _MEBIBYTE} MiB (30 % of the free memory), need"
            f" {shared_bytes // _MEBIBYTE} MiB: use fewer or shorter candle files, or a larger machine"
        )
    return max(min(wanted, most), 80 * _MEBIBYTE)
