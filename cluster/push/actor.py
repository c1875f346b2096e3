"""The Ray actor that holds the push server: a process of its own, on the node of whoever created it."""

import asyncio
import gc
import logging
import os
import resource
from collections import deque
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from cluster.access import Gate, Passwords, Sessions, SharedLockout, Tokens
from cluster.cache_line import CacheLine
from cluster.json_log import JsonFormatter, Redaction
from cluster.opened_database import OpenedDatabase, join_database
from cluster.push.cache_feed import CacheFeed
from cluster.push.limits import PushLimits
from cluster.push.server import PushServer
from cluster.push.settings import PushSettings
from market.clock import SystemClock

__all__ = ["PushActor", "PushReport"]

_MOST_LINES = 1_000
_OTHER_FILES = 1_024


@dataclass(frozen=True, slots=True)
class PushReport:
    """A sign of life.

    Attributes
    ----------
    process : int
        Where the actor runs.
    status : dict
        What `PushServer.status` says, and whether the cache answers.
    lines : tuple of str
        Log lines since the last report: what an actor writes to standard error ends in a file of Ray's.
    """

    process: int
    status: dict[str, Any]
    lines: tuple[str, ...]


class _LogTail(logging.Handler):
    """Keeps log lines until somebody fetches them; the oldest go first."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record.

        Parameters
        ----------
        record : LogRecord
            What was logged.
        """
        self._lines.append(self.format(record))

    def fetch(self) -> tuple[str, ...]:
        """Return what was kept, and forget it.

        Returns
        -------
        tuple of str
            Lines of JSON.
        """
        lines = tuple(self._lines)
        self._lines.clear()
        return lines


class PushActor:
    """Runs a push server in the event loop of an asynchronous actor."""

    def __init__(self) -> None:
        self._log = _LogTail()
        self._log.setFormatter(JsonFormatter("push", Redaction.of(os.environ)))
        logger = logging.getLogger("cluster")
        logger.setLevel(logging.INFO)
        logger.addHandler(self._log)
        self._server: PushServer | None = None
        self._database: OpenedDatabase | None = None
        self._feed: CacheFeed | None = None
        self._feeding: asyncio.Task[None] | None = None

    async def serve(self, settings: PushSettings) -> str:
        """Listen, and take in what the cache publishes.

        Parameters
        ----------
        settings : PushSettings
            Where and what. They are handed over here, not when the actor is created: what creates an actor is kept
            by Ray's head, and they hold a password.

        Returns
        -------
        str
            The address for clients.
        """
        limits = PushLimits()
        _allow_files(limits.connections + _OTHER_FILES)
        clock = SystemClock()
        self._database = OpenedDatabase(lambda: join_database(settings.home, settings.database), clock)
        sessions = Sessions(self._database, Passwords(settings.home))
        line = CacheLine(settings.cache_url, clock, "wrong tokens count by process meanwhile")
        gate = Gate(Tokens(settings.home), clock, SharedLockout(line, clock), sessions)
        server = PushServer(gate, settings.address, settings.port, limits=limits)
        await server.start()
        self._server = server
        if settings.cache_url is None:
            logging.getLogger(__name__).warning("REDIS_URL is not set: the push has nothing to tell")
        else:
            self._feed = CacheFeed(settings.cache_url, server.hub, clock)
            self._feeding = asyncio.create_task(self._feed.run())
        gc.collect()
        gc.freeze()  # what was imported is never garbage, and looking through it would hold up everybody
        return server.url

    async def status(self) -> dict[str, Any]:
        """Return what there is to know about the server.

        Returns
        -------
        dict
            Empty before it serves.
        """
        if self._server is None:
            return {}
        cache = None if self._feed is None else self._feed.connected
        return {**self._server.status(), "cache_ok": cache}

    async def report(self) -> PushReport:
        """Give a sign of life.

        Returns
        -------
        PushReport
            With the log lines since the last one.
        """
        return PushReport(os.getpid(), await self.status(), self._log.fetch())

    async def stop(self) -> None:
        """Say goodbye to everybody."""
        if self._feeding is not None:
            self._feeding.cancel()
        if self._server is not None:
            await self._server.stop()
        if self._database is not None:
            await asyncio.to_thread(self._database.close)


def _allow_files(wanted: int) -> None:
    """Let this process open more files, if it may: every client is one.

    Parameters
    ----------
    wanted : int
        How many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
