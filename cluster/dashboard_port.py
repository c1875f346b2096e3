"""The port of Ray's dashboard: the one asked for, or the next that is free."""

import logging
import os
import socket

from cluster.errors import SettingError

__all__ = ["free_dashboard_port"]

_logger = logging.getLogger(__name__)
_LOOPBACK = "127.0.0.1"
_PORTS_TRIED = 50


def free_dashboard_port() -> int:
    """Return the port for the dashboard.

    Returns
    -------
    int
        `EVOQ_RAY_DASHBOARD_PORT` (8265 by default), or the next free port if that is taken, with a word about it.

    Raises
    ------
    SettingError
        If it is no port, or all of the next ones are taken.
    """
    text = os.environ.get("EVOQ_RAY_DASHBOARD_PORT", "").strip() or "8265"
    wanted = int(text) if text.isdecimal() else 0
    if not 1 <= wanted < 2**16:
        raise SettingError(f'EVOQ_RAY_DASHBOARD_PORT must be in [1, 65535], was "{text}"')
    for port in range(wanted, min(wanted + _PORTS_TRIED, 2**16)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_LOOPBACK, port))
            except OSError:
                continue
        if port != wanted:
            _logger.warning("port %d is taken: Ray's dashboard is at http://%s:%d", wanted, _LOOPBACK, port)
        return port
    raise SettingError(
        f"EVOQ_RAY_DASHBOARD_PORT must be free or near a free port, {wanted} and the {_PORTS_TRIED - 1} after it are"
        " taken: set another"
    )
