"""Measures of the machine and of the desk: processor, memory, disk, network."""

from contextlib import suppress
from typing import Any

import psutil

from cluster.supervisor.desk import Desk
from cluster.supervisor.desk_processes import marked, memory_bytes
from storage.cache_server import cache_status
from storage.embedded import embedded_status

__all__ = ["SystemMetrics", "desk_memory_bytes"]

_MEMORY_EVERY_S = 60.0


class SystemMetrics:
    """Measures; what is a rate is one since the measure before.

    Parameters
    ----------
    desk : Desk
        Whose machine.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._network = _network_bytes()
        self._at = desk.clock.monotonic()
        self._memory_at = float("-inf")
        self._memory_mb: float | None = None
        psutil.cpu_percent()

    def measure(self) -> dict[str, Any]:
        """Return what is so now.

        Returns
        -------
        dict
            `cpu_pct`, `memory_pct`, `disk_pct`, `disk_free_mb`, `net_rx_bps`, `net_tx_bps` (bits a second, without
            the traffic within this machine), `kill_state`, and `desk_memory_mb`, the memory of all processes of the
            desk, which is measured once a minute.
        """
        clock = self._desk.clock
        now, network = clock.monotonic(), _network_bytes()
        elapsed = max(now - self._at, 1e-3)
        received, sent = (
            8 * max(0, after - before) / elapsed for after, before in zip(network, self._network, strict=True)
        )
        self._at, self._network = now, network
        if now - self._memory_at >= _MEMORY_EVERY_S:
            self._memory_at = now
            self._memory_mb = round(desk_memory_bytes(self._desk) / 2**20, 1)
        disk = psutil.disk_usage(str(self._desk.home))
        return {
            "cpu_pct": psutil.cpu_percent(),
            "memory_pct": psutil.virtual_memory().percent,
            "disk_pct": disk.percent,
            "disk_free_mb": disk.free // 2**20,
            "net_rx_bps": round(received),
            "net_tx_bps": round(sent),
            "kill_state": "killed" if (self._desk.home / "KILL").exists() else "armed",
            "desk_memory_mb": self._memory_mb,
        }


def desk_memory_bytes(desk: Desk) -> int:
    """Return the memory of all processes of a desk.

    Parameters
    ----------
    desk : Desk
        The desk.

    Returns
    -------
    int
        Proportional set sizes in bytes: services, all of Ray, the embedded servers, and this process.
    """
    processes = {process.pid: process for process in [psutil.Process(), *marked(desk.files.mark)]}
    for pid in (embedded_status(desk.home).pid, cache_status(desk.home).pid):
        with suppress(psutil.Error):
            if pid is not None:
                server = psutil.Process(pid)
                processes |= {process.pid: process for process in [server, *server.children(recursive=True)]}
    return memory_bytes(processes.values())


def _network_bytes() -> tuple[int, int]:
    """Return bytes received and sent since the machine was started, without those that never left it."""
    received = sent = 0
    with suppress(OSError):
        for name, counter in psutil.net_io_counters(pernic=True).items():
            if not name.startswith("lo"):
                received, sent = received + counter.bytes_recv, sent + counter.bytes_sent
    return received, sent
