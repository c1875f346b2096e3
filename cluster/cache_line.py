"""A line to the cache: what is asked is answered within a second, or not at all."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from market import Clock, SystemClock

__all__ = ["CacheLine"]

Told = TypeVar("Told")

_ANSWER_S = 1.0
_REST_S = 2.0

_logger = logging.getLogger(__name__)


class CacheLine:
    """Asks the cache, and never raises because of it; safe to share among threads.

    A cache that does not answer is mentioned once, left in peace for two seconds, and mentioned again when it is back.

    Parameters
    ----------
    url : str or None
        The cache, `redis://...`; it has a password in it and is never printed. None or empty for no cache.
    clock : Clock, optional
        By default the machine's.
    without : str, optional
        What is missing while it does not answer, for the log.
    """

    def __init__(
        self, url: str | None, clock: Clock | None = None, without: str = "nothing is shown meanwhile"
    ) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._without = without
        self._lock = threading.Lock()
        self._resting_until = float("-inf")
        self._complained = False
        self._client: Redis | None = None
        if url:
            self._client = Redis.from_url(
                url,
                retry=Retry(NoBackoff(), 0),
                socket_timeout=_ANSWER_S,
                socket_connect_timeout=_ANSWER_S,
                decode_responses=True,
                client_name="evoq-bus",
            )

    def ask(self, request: Callable[[Redis], Told]) -> Told | None:
        """Return what the cache answers.

        Parameters
        ----------
        request : callable
            Is given the client.

        Returns
        -------
        object or None
            What `request` returned; None where the cache does not answer.
        """
        if self._client is None or self._clock.monotonic() < self._resting_until:
            return None
        try:
            told = request(self._client)
        except (RedisError, OSError) as error:
            with self._lock:
                self._resting_until = self._clock.monotonic() + _REST_S
                first, self._complained = not self._complained, True
            if first:
                _logger.warning("the cache does not answer (%s): %s", type(error).__name__, self._without)
            return None
        if self._complained:
            with self._lock:
                again, self._complained = self._complained, False
            if again:
                _logger.info("the cache answers again")
        return told

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            with suppress(RedisError, OSError):
                self._client.close()
