"""The cache as a notice board: events for the push, last states, tickers. Display only, and losing it hurts nobody.

::

    evoq:push                      channel: {"type", "ts", "data"}; the push numbers the events. Or {"type", "ts",
                                   "untold", "renewed"}, lists of data that are last states without having been events
    evoq:last:TYPE                 the last event of a type; of strategy_update a hash by id, of those there are
    evoq:ticker:VENUE:SYMBOL       the last ticker, which expires after 30 s

Nothing here raises because of the cache (`cluster.cache_line`).
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from redis import Redis

from cluster.cache_line import CacheLine
from cluster.json_output import dumps
from cluster.strategy_update import has_gone
from market import Clock, SystemClock, Ticker

__all__ = ["CHANNEL", "TICKER_EXPIRY_S", "Bus"]

CHANNEL = "evoq:push"
TICKER_EXPIRY_S = 30

_LAST = "evoq:last:"
_TICKER = "evoq:ticker:"
_KEYED = {"strategy_update": "id"}
_TOGETHER = 200  # last states in one message, well below the longest that is read
_LONGEST = 262_144

_logger = logging.getLogger(__name__)


class Bus:
    """The notice board of a desk; safe to share among threads.

    Parameters
    ----------
    url : str or None
        The cache, `redis://...`; it has a password in it and is never printed. None or empty: nothing is published,
        and nothing is known.
    clock : Clock, optional
        By default the machine's.
    """

    def __init__(self, url: str | None, clock: Clock | None = None) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._line = CacheLine(url, self._clock)

    def publish(self, type: str, data: Mapping[str, Any]) -> None:  # noqa: A002  the message's own word for it
        """Tell everybody who listens, and remember it for those who come later.

        Parameters
        ----------
        type : str
            Such as "alert".
        data : mapping
            What happened; "id" is what a strategy_update is remembered by.
        """
        text = dumps({"type": type, "ts": self._clock.now_ms(), "data": dict(data)})
        if len(text.encode()) > _LONGEST:
            _logger.warning("an event of type %s is longer than %d bytes and is left out", type, _LONGEST)
            return
        field = _KEYED.get(type)
        name = f"{_LAST}{type}"

        def send(client: Redis) -> None:
            with client.pipeline(transaction=True) as pipeline:
                pipeline.publish(CHANNEL, text)
                if field is None:
                    pipeline.set(name, text)
                else:
                    pipeline.hset(name, str(data.get(field, "")), text)
                pipeline.execute()

        self._line.ask(send)

    def publish_states(
        self,
        type: str,  # noqa: A002
        told: Sequence[Mapping[str, Any]],
        untold: Sequence[Mapping[str, Any]] = (),
        renewed: Sequence[Mapping[str, Any]] = (),
    ) -> bool:
        """Remember states and forget what has gone, in one round trip, and tell everybody of some of them.

        Parameters
        ----------
        type : str
            Of a type that is remembered by id.
        told : sequence of mapping
            Events.
        untold : sequence of mapping
            What would be events as well if there were not so many: who listens is told how many they are.
        renewed : sequence of mapping
            Last states that have changed in nothing worth an event.

        Returns
        -------
        bool
            Whether the cache has taken them.
        """
        if not (told or untold or renewed):
            return True
        field, name, now_ms = _KEYED[type], f"{_LAST}{type}", self._clock.now_ms()
        head = dumps({"type": type, "ts": now_ms})[:-1]
        texts = {str(data[field]): dumps(dict(data)) for data in (*told, *untold, *renewed)}  # once: they are many
        gone = {str(data[field]) for data in (*told, *untold) if has_gone(data)}
        states = {key: f'{head}, "data": {text}}}' for key, text in texts.items()}
        messages = [states[str(data[field])] for data in told]
        for word, those in (("untold", untold), ("renewed", renewed)):
            for at in range(0, len(those), _TOGETHER):
                some = ", ".join(texts[str(data[field])] for data in those[at : at + _TOGETHER])
                messages.append(f'{head}, "{word}": [{some}]}}')
        living = [piece for key, state in states.items() if key not in gone for piece in (key, state)]

        def send(client: Redis) -> bool:
            with client.pipeline(transaction=False) as pipeline:
                if living:  # before they are told: whoever begins to listen now gets either
                    pipeline.hset(name, items=living)
                if gone:
                    pipeline.hdel(name, *gone)
                for message in messages:
                    pipeline.publish(CHANNEL, message)
                pipeline.execute()
            return True

        return bool(self._line.ask(send))

    def last(self, type: str) -> dict[str, Any] | None:  # noqa: A002
        """Return the last event of a type.

        Parameters
        ----------
        type : str
            Of a type that is not remembered by id.

        Returns
        -------
        dict or None
            With type, ts and data; None where nothing is known.
        """
        return _parsed(self._line.ask(lambda client: client.get(f"{_LAST}{type}")))

    def last_by_id(self, type: str) -> dict[str, dict[str, Any]]:  # noqa: A002
        """Return the last events of a type that is remembered by id.

        Parameters
        ----------
        type : str
            Such as "strategy_update".

        Returns
        -------
        dict of str to dict
            Events by id.
        """
        found: Any = self._line.ask(lambda client: client.hgetall(f"{_LAST}{type}")) or {}
        events = {key: _parsed(text) for key, text in found.items()}
        return {key: event for key, event in events.items() if event is not None}

    def show_tickers(self, tickers: Iterable[Ticker]) -> None:
        """Put up tickers, each for 30 s.

        Parameters
        ----------
        tickers : iterable of Ticker
            In one round trip.
        """
        shown = {_ticker_key(ticker.venue, ticker.symbol): dumps(ticker.as_json()) for ticker in tickers}
        if not shown:
            return

        def send(client: Redis) -> None:
            with client.pipeline(transaction=False) as pipeline:
                for key, text in shown.items():
                    pipeline.set(key, text, ex=TICKER_EXPIRY_S)
                pipeline.execute()

        self._line.ask(send)

    def tickers(self, markets: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Ticker]:
        """Return the tickers that are up.

        Parameters
        ----------
        markets : iterable of (str, str)
            Venue and symbol of those wanted.

        Returns
        -------
        dict of (str, str) to Ticker
            Those that have not expired.
        """
        wanted = list(dict.fromkeys(markets))
        if not wanted:
            return {}
        texts: Any = self._line.ask(lambda client: client.mget([_ticker_key(*market) for market in wanted]))
        found = {}
        for market, text in zip(wanted, texts or [None] * len(wanted), strict=True):
            values = _parsed(text)
            if values is not None:
                with suppress(TypeError, ValueError):  # whoever wrote it was of another version
                    found[market] = Ticker(**values)
        return found

    def figures(self) -> dict[str, Any] | None:
        """Return how large the cache is, and how busy.

        Returns
        -------
        dict or None
            `version`, `memory_bytes`, `most_memory_bytes` (None for no limit), `clients` and `keys`; None where it does
            not answer.
        """
        told: Any = self._line.ask(lambda client: (client.info(), client.dbsize()))
        if told is None:
            return None
        info, keys = told
        version = info.get("valkey_version") or info.get("redis_version")
        return {
            "version": None if version is None else str(version),
            "memory_bytes": int(info.get("used_memory", 0)),
            "most_memory_bytes": int(info.get("maxmemory", 0)) or None,
            "clients": int(info.get("connected_clients", 0)),
            "keys": int(keys),
        }

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def _ticker_key(venue: str, symbol: str) -> str:
    return f"{_TICKER}{venue}:{symbol}"


def _parsed(text: Any) -> dict[str, Any] | None:
    if isinstance(text, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(text)
            return value if isinstance(value, dict) else None
    return None
