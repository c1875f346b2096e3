"""How the supervisor asks whether a service answers."""

import http.client
import json
import socket
import ssl
from collections.abc import Callable

from cluster.supervisor.desk import Desk
from cluster.supervisor.probe import Lost
from cluster.supervisor.service import Check, Life
from storage import LeaseRepository, StorageError, SystemStatusRepository

__all__ = ["holds_lease", "http_answers", "port_answers", "ray_answers", "told_lately"]

_ANSWER_S = 3.0
_MOST_BYTES = 2**20


def port_answers(port: Callable[[Desk], int]) -> Check:
    """Return a check whether something accepts connections.

    Parameters
    ----------
    port : callable
        Which port of the desk.

    Returns
    -------
    callable
        The check.
    """

    def check(desk: Desk, life: Life) -> bool:
        host = desk.local_host.strip("[]")
        with socket.create_connection((host, port(desk)), timeout=_ANSWER_S):
            return True

    return check


def http_answers(port: Callable[[Desk], int], path: str) -> Check:
    """Return a check whether an HTTP server gives an answer in JSON, whatever it says.

    Parameters
    ----------
    port : callable
        Which port of the desk.
    path : str
        Open to everybody.

    Returns
    -------
    callable
        The check.
    """

    def check(desk: Desk, life: Life) -> bool:
        status, body = _get(desk.local_host, port(desk), path, tls=desk.listen.certificate is not None)
        return status > 0 and isinstance(json.loads(body), dict)

    return check


def ray_answers(desk: Desk, life: Life) -> bool:
    """Tell whether Ray's head answers and its node lives.

    Parameters
    ----------
    desk : Desk
        The desk.
    life : Life
        Of the head; it does not matter.

    Returns
    -------
    bool
        False while it starts.

    Raises
    ------
    Lost
        If the head lives without its node.
    """
    if desk.ray is None:
        return False
    with socket.create_connection(("127.0.0.1", desk.ray.head), timeout=_ANSWER_S):
        pass
    token = (desk.home / "ray.token").read_text(encoding="utf-8").strip()
    _, body = _get("127.0.0.1", desk.ray.dashboard, "/nodes?view=summary", token=token)
    nodes = json.loads(body)["data"]["summary"]
    if not any(node.get("raylet", {}).get("state") == "ALIVE" for node in nodes):
        raise Lost("its node is gone")  # a raylet that ends in good order does not end the head
    return True


def told_lately(name: str, within_s: float) -> Check:
    """Return a check whether a service has told of itself in the table system_status.

    Parameters
    ----------
    name : str
        What it tells under.
    within_s : float
        What is older does not count, nor what was told before the service was started.

    Returns
    -------
    callable
        The check.
    """

    def check(desk: Desk, life: Life) -> bool | None:
        if desk.engine is None:
            return None
        try:
            record = SystemStatusRepository(desk.engine).latest(name)
        except StorageError:
            return None
        return record is not None and record.age_s <= min(within_s, life.age_s)

    return check


def holds_lease(name: str) -> Check:
    """Return a check whether the service holds a lease; its holder ends with the process, as in `HOST:PROCESS`.

    Parameters
    ----------
    name : str
        Of the lease.

    Returns
    -------
    callable
        The check.
    """

    def check(desk: Desk, life: Life) -> bool | None:
        if desk.engine is None:
            return None
        try:
            lease = LeaseRepository(desk.engine).get(name)
        except StorageError:
            return None
        return lease is not None and lease.held and str(lease.holder).endswith(f":{life.pid}")

    return check


def _get(host: str, port: int, path: str, *, tls: bool = False, token: str | None = None) -> tuple[int, bytes]:
    """Ask an HTTP server of this machine, past every proxy."""
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False  # our own certificate, by an address of this machine
        context.verify_mode = ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=_ANSWER_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_S)
    try:
        connection.request("GET", path, headers={} if token is None else {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read(_MOST_BYTES)
    finally:
        connection.close()
