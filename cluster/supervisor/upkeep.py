"""The upkeep of the database: once a day, in a thread of its own, for it may wait for a lock."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from market.clock import Clock
from storage import StorageError

__all__ = ["Upkeep"]

_EVERY_S = 86_400.0
_AGAIN_S = 600.0

_logger = logging.getLogger(__name__)


class _Maintained(Protocol):
    """What is kept in order."""

    def maintain(self) -> None:
        """Make the partitions of the time to come, and drop what is past its retention."""
        ...


class Upkeep:
    """Lets a database make its next partitions and drop what is past its retention; a failure ends nothing.

    Parameters
    ----------
    clock : Clock
        The time.
    told : callable
        Is told after each attempt why it failed, or None; from the thread that did it.
    """

    def __init__(self, clock: Clock, told: Callable[[str | None], None]) -> None:
        self._clock = clock
        self._told = told
        self._due = float("-inf")
        self._thread: threading.Thread | None = None

    def step(self, database: _Maintained) -> None:
        """Begin, if a day has passed since the last time, or ten minutes since a failure; does not wait.

        Parameters
        ----------
        database : Database
            Open.
        """
        if self._clock.monotonic() < self._due or (self._thread is not None and self._thread.is_alive()):
            return
        self._due = self._clock.monotonic() + _EVERY_S
        self._thread = threading.Thread(target=self._maintain, args=(database,), name="upkeep", daemon=True)
        self._thread.start()

    def _maintain(self, database: _Maintained) -> None:
        try:
            database.maintain()
        except StorageError as error:
            self._due = self._clock.monotonic() + _AGAIN_S
            _logger.warning("the upkeep of the database failed: %s", error)
            self._told(str(error))
        else:
            self._told(None)
