"""How the feed is, told to the database: from a thread of its own, so that a slow database never delays a candle."""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from storage import Database, DatabaseBusyError, SystemStatusRepository, open_database
from storage.embedded import embedded_status

__all__ = ["StatusRecorder", "database_status"]

_FEED = "feed"
_CLOSING_S = 1.0

_logger = logging.getLogger(__name__)

Record = Callable[[Mapping[str, Any]], None]


class StatusRecorder:
    """Hands the newest report on to somebody who may take long or fail; older ones that still wait are dropped.

    Parameters
    ----------
    record : callable
        Takes a report. What it raises is logged once, until it succeeds again.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._condition = threading.Condition()
        self._newest: Mapping[str, Any] | None = None
        self._closed = False
        self._complained = False
        self._thread = threading.Thread(target=self._work, name="feed-status", daemon=True)
        self._thread.start()

    def __call__(self, report: Mapping[str, Any]) -> None:
        """Leave a report; returns at once.

        Parameters
        ----------
        report : mapping
            JSON values.
        """
        with self._condition:
            self._newest = report
            self._condition.notify()

    def close(self) -> None:
        """Stop recording; a record that hangs is left behind with its thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join(_CLOSING_S)

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._closed or self._newest is not None)
                report, self._newest = self._newest, None
                if self._closed or report is None:
                    return
            try:
                self._record(report)
            except Exception as error:  # whatever the listener does, candles go on
                if not self._complained:
                    _logger.warning("the status of the feed cannot be recorded: %s", error)
                self._complained = True
                continue
            if self._complained:
                _logger.info("the status of the feed is recorded again")
            self._complained = False


def database_status(home: Path, environ: Mapping[str, str]) -> Record:
    """Return what records a report in the database of a desk, joined when it is first needed and after it was lost.

    Parameters
    ----------
    home : Path
        EVOQ_HOME.
    environ : mapping of str to str
        Where the DB_* variables are looked up. An embedded server is joined, never started: it would end with the feed.

    Returns
    -------
    callable
        Takes a report.
    """
    opened: list[Database] = []

    def record(report: Mapping[str, Any]) -> None:
        if not opened:
            if not environ.get("DB_HOST", "").strip() and not embedded_status(home).running:
                raise DatabaseBusyError("the embedded PostgreSQL does not run yet")
            opened.append(open_database(home, environ))
        try:
            SystemStatusRepository(opened[0].engine).record(_FEED, report)
        except Exception:
            opened.pop().close()  # it may have moved: the next report looks for it again
            raise

    return record
