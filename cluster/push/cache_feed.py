"""What the desk publishes in the cache, taken in: subscribed again after every loss, and the loss is told.

The client library would reconnect and subscribe again without a word; its retries are off, because whatever was
published in between is missing and the clients must know.
"""

import json
import logging
import random
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from cluster.push.hub import Hub
from cluster.push.last_states import KEYED_TYPES, state_key
from cluster.push.messages import EVENT_TYPES
from market.clock import Clock

__all__ = ["CacheFeed"]

_logger = logging.getLogger(__name__)
_CHANNEL = "evoq:push"
_LAST = "evoq:last:"
_LONGEST = 262_144
_ANSWER_S = 5.0
_SILENCE_S = 10.0
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.1, 5.0
_TURN = 100
_COMPLAINT_S = 60.0


class CacheFeed:
    """Carries events from the cache to a hub, for ever.

    Parameters
    ----------
    url : str
        The cache, `redis://...`; it has a password in it and is never printed.
    hub : Hub
        Where events go.
    clock : Clock
        The time.

    Attributes
    ----------
    connected : bool
        Whether events can arrive now.
    losses : int
        How often the cache was lost.
    unreadable : int
        How many events made no sense and were left out.
    """

    def __init__(self, url: str, hub: Hub, clock: Clock) -> None:
        self._url = url
        self._hub = hub
        self._clock = clock
        self._complained_at = float("-inf")
        self.connected = False
        self.losses = 0
        self.unreadable = 0

    async def run(self) -> None:
        """Take events in until cancelled."""
        delay_s, silent = _FIRST_DELAY_S, False
        while True:
            try:
                await self._session()
            except (RedisError, OSError, TimeoutError) as error:
                if self.connected:
                    delay_s, silent = _FIRST_DELAY_S, False
                    self.losses += 1
                self.connected = False
                if not silent:
                    _logger.warning("the cache does not answer (%s): events are missing meanwhile", _named(error))
                silent = True
            await self._clock.wait(delay_s * random.uniform(0.5, 1.0))  # noqa: S311  # no secret, only spread
            delay_s = min(2 * delay_s, _LONGEST_DELAY_S)

    async def _session(self) -> None:
        """Subscribe, take in the last states, then listen until the cache is lost."""
        client = Redis.from_url(
            self._url,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=_ANSWER_S,
            socket_connect_timeout=_ANSWER_S,
            client_name="evoq-push",
        )
        channel = client.pubsub()
        try:
            await channel.subscribe(_CHANNEL)
            subscribed = await channel.get_message(timeout=_ANSWER_S)
            if subscribed is None:
                raise TimeoutError("no answer to a subscription")
            states = await self._last_states(client)
            if self.losses:
                self._hub.missed()
            for kind in KEYED_TYPES:
                there = {state_key(kind, data) for _, known, data in states if known == kind}
                if there:  # a cache that was emptied knows nothing of anything: it is told again
                    self._hub.retain(kind, there)
            for ts, kind, data in states:
                self._hub.restore(kind, data, ts)
            _logger.info("the cache answers, %d last states were taken in", len(states))
            self.connected = True
            await self._listen(channel)
        finally:
            with suppress(RedisError, OSError, TimeoutError):
                await channel.aclose()  # type: ignore[no-untyped-call]
            with suppress(RedisError, OSError, TimeoutError):
                await client.aclose()

    async def _last_states(self, client: Redis) -> list[tuple[int, str, dict[str, Any]]]:
        """Read what the cache remembers.

        Parameters
        ----------
        client : Redis
            A connection.

        Returns
        -------
        list of (int, str, dict)
            Time, type and data of the last events, in the order in which they happened.
        """
        found = []
        for kind in EVENT_TYPES:
            name = f"{_LAST}{kind}"
            texts = (await client.hgetall(name)).values() if kind in KEYED_TYPES else [await client.get(name)]
            for text in texts:
                event = None if text is None else self._read(text)
                if event is not None and event[1] == kind and "data" in event[2]:
                    found.append((event[0], kind, event[2]["data"]))
        return sorted(found, key=lambda event: event[0])

    async def _listen(self, channel: PubSub) -> None:
        """Take in events until the cache is lost.

        Parameters
        ----------
        channel : PubSub
            A subscription.

        Raises
        ------
        TimeoutError
            If the cache is silent and does not answer a ping either.
        """
        asked, taken = False, 0
        while True:
            message = await channel.get_message(timeout=_SILENCE_S)
            if message is None:
                if asked:
                    raise TimeoutError("the cache is silent")
                await channel.ping()
                asked = True
                continue
            asked = False
            if message["type"] != "message":
                continue
            self._take(message["data"])
            taken += 1
            if taken % _TURN == 0:  # messages that are there already would be read without a pause
                await self._clock.wait(0)

    def _take(self, text: bytes | str) -> None:
        """Hand on an event, or last states that are none."""
        read = self._read(text)
        if read is None:
            return
        ts, kind, message = read
        if "data" in message:
            self._hub.publish(kind, message["data"], ts)
        else:
            self._hub.renew(kind, message.get("untold", []), message.get("renewed", []), ts)

    def _read(self, text: bytes | str) -> tuple[int, str, dict[str, Any]] | None:
        """Read a message.

        Parameters
        ----------
        text : bytes or str
            JSON of an object with type, ts and data, or lists of data: untold, renewed.

        Returns
        -------
        tuple of (int, str, dict) or None
            Time, type and the object; None if it makes no sense.
        """
        with suppress(ValueError, TypeError, KeyError, RecursionError, UnicodeDecodeError):
            if len(text) <= _LONGEST:
                message = json.loads(text)
                kind, ts = message["type"], message["ts"]
                if kind in EVENT_TYPES and type(ts) is int and _has_data(kind, message):
                    return ts, kind, message
        self.unreadable += 1
        if self._clock.monotonic() - self._complained_at >= _COMPLAINT_S:
            self._complained_at = self._clock.monotonic()
            _logger.warning("an event in the cache cannot be read and is left out (%d so far)", self.unreadable)
        return None


def _has_data(kind: str, message: dict[str, Any]) -> bool:
    """Return whether a message says something: an event does, and so do last states of something."""
    if "data" in message:
        return isinstance(message["data"], dict)
    lists = [message[word] for word in ("untold", "renewed") if word in message]
    states = [state for each in lists for state in each]
    return kind in KEYED_TYPES and bool(states) and all(isinstance(state, dict) for state in states)


def _named(error: BaseException) -> str:
    """Return what kind of error it was; its text might name the cache with its password.

    Parameters
    ----------
    error : BaseException
        The error.

    Returns
    -------
    str
        Its class.
    """
    return type(error).__name__
