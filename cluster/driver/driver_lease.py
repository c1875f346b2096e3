"""The lease of the driver: only one of them evolves on a database."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import psutil

from cluster.errors import UserError
from storage import Lease, LeaseRepository, StorageError

__all__ = ["NAME", "DriverLease"]

NAME = "driver"
_TTL_S = 20.0
_EVERY_S = 4.0
_MARGIN_S = 4.0
_LATE_S = 6.0  # whoever has not renewed for so long has missed it once
_LOOK_S = 0.5

_logger = logging.getLogger(__name__)


class DriverLease:
    """Holds the lease `driver` and renews it; a context manager.

    A driver whose database does not answer goes on until the lease could have expired, less a margin; then it stops,
    because another one may have begun.

    Parameters
    ----------
    leases : LeaseRepository
        Where it is kept.
    on_loss : callable
        Called once, from a thread of its own, when the lease is lost.
    patience_s : float
        How long to wait for the lease of another driver: one that was killed still has it for a while. From one of
        this machine whose process is gone it is taken as soon as it has missed a renewal.
    """

    def __init__(self, leases: LeaseRepository, on_loss: Callable[[], None], patience_s: float = 0.0) -> None:
        self._leases = leases
        self._on_loss = on_loss
        self._patience_s = patience_s
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._ended = threading.Event()
        self._lease: Lease | None = None
        self._thread = threading.Thread(target=self._renew, name="driver lease", daemon=True)

    def __enter__(self) -> Self:
        waited = 0.0
        while (lease := self._taken()) is None and waited < self._patience_s:
            if not waited:
                _logger.info("waiting for the lease of another driver")
            self._ended.wait(_LOOK_S)
            waited += _LOOK_S
        self._lease = lease
        if lease is None:
            record = self._leases.get(NAME)
            holder = "somebody" if record is None else record.holder
            raise UserError(f"one driver evolves on a database, {holder} does; stop that one first: evoq down")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=_EVERY_S)
        if self._lease is not None:
            try:
                self._leases.release(self._lease)
            except StorageError as failure:
                _logger.warning("the driver's lease runs out by itself: %s", failure)

    def _taken(self) -> Lease | None:
        """Take the lease, if nobody has it or whoever has it has ended."""
        lease = self._leases.acquire(NAME, self._holder, _TTL_S)
        record = None if lease is not None else self._leases.get(NAME)
        if record is None or record.left_s > _TTL_S - _LATE_S or not _has_ended(str(record.holder)):
            return lease
        return self._leases.take_over(record, self._holder, _TTL_S)

    def _renew(self) -> None:
        while not self._ended.wait(_EVERY_S):
            assert self._lease is not None
            try:
                self._lease = self._leases.renew(self._lease)
            except StorageError as failure:
                _logger.warning("the driver's lease was not renewed: %s", failure)
            if self._lease.left_s(_MARGIN_S) <= 0.0:
                self._on_loss()
                return


def _has_ended(holder: str) -> bool:
    """Tell whether a holder was a process of this machine that is no more."""
    host, _, pid = holder.rpartition(":")
    return host == socket.gethostname() and pid.isdigit() and not psutil.pid_exists(int(pid))
