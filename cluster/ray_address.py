"""Where a running cluster is, and whether it can be joined: asked in seconds, before Ray would try for minutes."""

import contextlib
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.errors import AddressError, TokenError
from cluster.ray_token import token_file_to_join

__all__ = [
    "ClusterFacts",
    "HeadAddress",
    "answers",
    "find_address",
    "own_addresses",
    "parse_address",
    "running_heads",
    "survey",
]

_ADDRESS = re.compile(r"(?P<client>ray://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):(?P<port>\d{1,5})")
_CLIENT = "ray://"
_ANSWER_S = 3.0
_SURVEY_S = 5.0
_CURE = "start one with `ray start --head`, or use --ray local"


@dataclass(frozen=True, slots=True)
class HeadAddress:
    """The address of a cluster's head.

    Attributes
    ----------
    host : str
        A name or an IP address.
    port : int
        The head's port (6379 by default), or its client server's (10001 by default).
    client : bool
        Whether the address is a Ray client's, `ray://host:port`.
    """

    host: str
    port: int
    client: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{_CLIENT if self.client else ''}{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What a cluster's head says of it.

    Attributes
    ----------
    nodes : tuple of str
        Addresses of the nodes that are alive.
    cpus : int
        CPUs of all of them.
    wants_token : bool
        Whether the head answers only those who show its token.
    """

    nodes: tuple[str, ...]
    cpus: int
    wants_token: bool

    def here(self) -> list[str]:
        """Return the nodes that run on this machine.

        Returns
        -------
        list of str
            Those of `nodes` that are addresses of this machine.
        """
        own = own_addresses()
        return [node for node in self.nodes if node in own]


def parse_address(text: str) -> HeadAddress:
    """Read an address as the user writes it.

    Parameters
    ----------
    text : str
        `host:port` or `ray://host:port`.

    Returns
    -------
    HeadAddress
        Its parts.

    Raises
    ------
    AddressError
        If it is none.
    """
    match = _ADDRESS.fullmatch(text.strip())
    if match is None or not 0 < int(match["port"]) < 2**16:
        raise AddressError(f'--ray must be local, auto, HOST:PORT or ray://HOST:PORT, was "{text}"')
    return HeadAddress(match["host"].strip("[]"), int(match["port"]), match["client"] is not None)


def find_address(running: Sequence[str]) -> HeadAddress:
    """Return the cluster that `auto` means.

    Parameters
    ----------
    running : sequence of str
        Addresses of the heads that run on this machine, as `running_heads` finds them.

    Returns
    -------
    HeadAddress
        What `RAY_ADDRESS` names, else the only head that runs here.

    Raises
    ------
    AddressError
        If there is none, or more than one.
    """
    named = os.environ.get("RAY_ADDRESS", "").strip()
    if named and named not in {"auto", "local"}:
        try:
            return parse_address(named)
        except AddressError as error:
            raise AddressError(f'RAY_ADDRESS must be HOST:PORT or ray://HOST:PORT, was "{named}"') from error
    if not running:
        raise AddressError(f"--ray auto needs a running cluster, found none (RAY_ADDRESS is not set): {_CURE}")
    if len(running) > 1:
        raise AddressError(
            f"--ray auto needs one running cluster, found {len(running)} ({', '.join(running)}):"
            " name one with --ray HOST:PORT or RAY_ADDRESS"
        )
    return parse_address(running[0])


def running_heads() -> list[str]:
    """Return the heads that run on this machine, as Ray's own discovery finds them.

    Returns
    -------
    list of str
        Their addresses; the one that `ray start` began last stands alone when it is among them.
    """
    from ray._private import services

    services.find_gcs_addresses.cache_clear()
    found = sorted(services.find_gcs_addresses())
    latest = services.find_bootstrap_address(None)
    return [latest] if latest in found else found


def answers(host: str, port: int) -> bool:
    """Tell whether anything accepts a connection, in at most three seconds for each of its addresses.

    Parameters
    ----------
    host : str
        A name or an IP address.
    port : int
        A TCP port.

    Returns
    -------
    bool
        Whether something listens there.
    """
    try:
        socket.create_connection((host, port), timeout=_ANSWER_S).close()
    except OSError:
        return False
    return True


def survey(address: HeadAddress) -> ClusterFacts:
    """Ask a head, or a client server, what its cluster is. Our token is sent only to one that wants a token.

    Parameters
    ----------
    address : HeadAddress
        Where it is.

    Returns
    -------
    ClusterFacts
        What it says. A client server names neither nodes nor CPUs before it is joined.

    Raises
    ------
    AddressError
        If nobody answers, or somebody who is no head of this version of Ray.
    TokenError
        If it wants a token that we do not have, or refuses ours.
    """
    if not answers(address.host, address.port):
        raise AddressError(f"--ray must name a reachable cluster, nothing answers at {address}: {_CURE}")
    import grpc

    target = str(address).removeprefix(_CLIENT)
    ask = _ask_client_server if address.client else _ask_head
    with contextlib.closing(grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)])) as channel:
        try:
            return ask(channel, address, metadata=())
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise AddressError(_no_head(address, error)) from error
        try:
            return ask(channel, address, metadata=(("authorization", f"Bearer {_token(address)}"),))
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAUTHENTICATED:
                raise TokenError(
                    f"the cluster at {address} refuses our token: copy its token to $EVOQ_HOME/ray.token,"
                    " or name the file with RAY_AUTH_TOKEN_PATH"
                ) from error
            raise AddressError(_no_head(address, error)) from error


def _ask_client_server(channel: Any, address: HeadAddress, metadata: tuple[tuple[str, str], ...]) -> ClusterFacts:
    """Ask whether a client server is there.

    Parameters
    ----------
    channel : grpc.Channel
        A connection to it.
    address : HeadAddress
        Where it leads; unused, for the sake of `_ask_head`.
    metadata : tuple
        What authenticates us.

    Returns
    -------
    ClusterFacts
        Whether it wants a token.
    """
    from ray.core.generated import ray_client_pb2, ray_client_pb2_grpc

    stub = ray_client_pb2_grpc.RayletDriverStub(channel)
    ping = ray_client_pb2.ClusterInfoRequest(type=ray_client_pb2.ClusterInfoType.PING)
    stub.ClusterInfo(ping, timeout=_SURVEY_S, metadata=metadata)
    return ClusterFacts(nodes=(), cpus=0, wants_token=bool(metadata))


def _ask_head(channel: Any, address: HeadAddress, metadata: tuple[tuple[str, str], ...]) -> ClusterFacts:
    """Ask for the version and the nodes.

    Parameters
    ----------
    channel : grpc.Channel
        A connection to the head.
    address : HeadAddress
        Where it leads, for messages.
    metadata : tuple
        What authenticates us.

    Returns
    -------
    ClusterFacts
        What the head says.

    Raises
    ------
    AddressError
        If it runs another version of Ray.
    """
    import ray
    from ray.core.generated import gcs_pb2, gcs_service_pb2, gcs_service_pb2_grpc

    stub = gcs_service_pb2_grpc.NodeInfoGcsServiceStub(channel)
    asked = {"timeout": _SURVEY_S, "metadata": metadata}
    version = stub.CheckAlive(gcs_service_pb2.CheckAliveRequest(), **asked).ray_version
    if version != ray.__version__:
        raise AddressError(
            f"the cluster at {address} must run the Ray installed here ({ray.__version__}), runs {version}:"
            " install the same version on both sides"
        )
    reply = stub.GetAllNodeInfo(gcs_service_pb2.GetAllNodeInfoRequest(), **asked)
    alive = [node for node in reply.node_info_list if node.state == gcs_pb2.GcsNodeInfo.ALIVE]
    return ClusterFacts(
        nodes=tuple(node.node_manager_address for node in alive),
        cpus=int(sum(node.resources_total.get("CPU", 0.0) for node in alive)),
        wants_token=bool(metadata),
    )


def _token(address: HeadAddress) -> str:
    """Return our token for a cluster that wants one.

    Parameters
    ----------
    address : HeadAddress
        The cluster, for messages.

    Returns
    -------
    str
        The token.

    Raises
    ------
    TokenError
        If there is none.
    """
    path = token_file_to_join()
    token = os.environ.get("RAY_AUTH_TOKEN", "") if path is None else Path(path).read_text(encoding="utf-8")
    if not token.strip():
        raise TokenError(
            f"the cluster at {address} wants a token, found none: copy its token to $EVOQ_HOME/ray.token (mode 0600),"
            " or name the file with RAY_AUTH_TOKEN_PATH"
        )
    return token.strip()


def _no_head(address: HeadAddress, error: Any) -> str:
    """Say that whoever answers is no head we can talk to.

    Parameters
    ----------
    address : HeadAddress
        Where it is.
    error : grpc.RpcError
        What came of asking.

    Returns
    -------
    str
        The message.
    """
    return (
        f"--ray must name the head of a Ray cluster; what answers at {address} is none ({error.code().name.lower()}):"
        f" correct the port ({10001 if address.client else 6379} by default), or {_CURE}"
    )


def own_addresses() -> set[str]:
    """Return the addresses of this machine.

    Returns
    -------
    set of str
        IPv4 and IPv6 addresses of all interfaces.
    """
    import psutil

    return {entry.address.split("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries}
