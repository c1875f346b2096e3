"""The hub: numbers events, remembers the last states, and hands everything to whoever subscribed.

Events that come together are sent together: one write for each client, however many there are. Clients with the same
subscriptions share the bytes.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from cluster.push.last_states import KEYED_TYPES, LastState, LastStates, state_key
from cluster.push.messages import EVENT_TYPES, frame
from cluster.push.outbox import Event, Outbox
from cluster.strategy_update import has_gone
from market.clock import Clock

__all__ = ["Hub", "Subscriber"]

_MOST_TOGETHER = 200


class Subscriber:
    """A client as the hub sees it.

    Attributes
    ----------
    outbox : Outbox
        Where its events go.
    types : frozenset of str
        The event types it wants.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.types: frozenset[str] = frozenset()


class Hub:
    """Takes events and hands them out; lives in one asyncio loop.

    Parameters
    ----------
    clock : Clock
        The time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = dict.fromkeys(EVENT_TYPES, 0)
        self._last = LastStates()
        self._restored: set[tuple[str, str]] = set()
        self._subscribers: dict[Subscriber, None] = {}
        self._together: list[Event] = []
        self._scheduled: asyncio.Handle | None = None
        self.events = 0
        self.deliveries = 0

    @property
    def numbers(self) -> dict[str, int]:
        """The number of the last event of each type."""
        return dict(self._numbers)

    def publish(self, kind: str, data: dict[str, Any], ts: int | None = None) -> None:
        """Tell everybody who wants to know.

        Parameters
        ----------
        kind : str
            One of `EVENT_TYPES`.
        data : dict
            What happened.
        ts : int, optional
            When, ms UTC; by default now.
        """
        ts = self._clock.now_ms() if ts is None else ts
        key = state_key(kind, data)
        if (kind, key) in self._restored:
            self._restored.discard((kind, key))
            known = self._last.get(kind, key)
            if known is not None and known.same(ts, data):
                return  # it was remembered by the cache and on its way at the same time
        self._send(kind, key, ts, data)

    def restore(self, kind: str, data: dict[str, Any], ts: int) -> None:
        """Take in a last state that the cache remembers: news only if it is not known yet.

        Parameters
        ----------
        kind : str
            One of `EVENT_TYPES`.
        data : dict
            What happened.
        ts : int
            When, ms UTC.
        """
        key = state_key(kind, data)
        known = self._last.get(kind, key)
        if known is None or (ts >= known.ts and not known.same(ts, data)):
            self._send(kind, key, ts, data)
            self._restored.add((kind, key))

    def renew(self, kind: str, untold: Sequence[dict[str, Any]], renewed: Sequence[dict[str, Any]], ts: int) -> None:
        """Take in last states that are no events: they are too many, or not worth one.

        Parameters
        ----------
        kind : str
            One of `EVENT_TYPES`.
        untold : sequence of dict
            Each takes a number, and subscribers are told of a gap of so many.
        renewed : sequence of dict
            Each takes the number that its strategy had.
        ts : int
            When, ms UTC.
        """
        for data in renewed:
            key = state_key(kind, data)
            known = self._last.get(kind, key)
            if known is not None:
                self._last.renew(kind, key, _state(kind, known.number, ts, data))
        if not untold:
            return
        self.flush()  # numbers before the gap
        for data in untold:
            self._numbers[kind] += 1
            self._remember(kind, state_key(kind, data), _state(kind, self._numbers[kind], ts, data))
        for subscriber in tuple(self._subscribers):
            if kind in subscriber.types:
                subscriber.outbox.missed([kind], len(untold))

    def retain(self, kind: str, keys: Collection[str]) -> None:
        """Forget last states of what went unheard; whoever listens has been told that events are missing.

        Parameters
        ----------
        kind : str
            One of `EVENT_TYPES`.
        keys : collection of str
            What there is.
        """
        self._last.retain(kind, keys)

    def missed(self) -> None:
        """Tell everybody that events may have been missed, nobody knows how many."""
        self.flush()
        for subscriber in tuple(self._subscribers):
            subscriber.outbox.missed([kind for kind in EVENT_TYPES if kind in subscriber.types])

    def subscribe(self, subscriber: Subscriber, types: Sequence[str]) -> None:
        """Send a subscriber the last states of the types that are new to it, and from now on their events.

        Parameters
        ----------
        subscriber : Subscriber
            Who.
        types : sequence of str
            What.
        """
        self.flush()  # what is not sent yet is part of the last states
        new = [kind for kind in types if kind not in subscriber.types]
        subscriber.types |= frozenset(new)
        self._subscribers[subscriber] = None
        subscriber.outbox.states([chunk for kind in new for chunk in self._last.chunks(kind)])

    def unsubscribe(self, subscriber: Subscriber, types: Sequence[str]) -> None:
        """Send a subscriber no more events of some types.

        Parameters
        ----------
        subscriber : Subscriber
            Who.
        types : sequence of str
            What.
        """
        self.flush()
        subscriber.types -= frozenset(types)
        if not subscriber.types:
            self._subscribers.pop(subscriber, None)

    def flush(self) -> None:
        """Hand out what has come together."""
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
        together, self._together = self._together, []
        if not together:
            return
        chosen: dict[frozenset[str], tuple[list[Event], bytes]] = {}
        for subscriber in tuple(self._subscribers):
            if subscriber.types not in chosen:
                events = [event for event in together if event.kind in subscriber.types]
                chosen[subscriber.types] = events, b"".join(event.frame for event in events)
            events, joined = chosen[subscriber.types]
            if events:
                subscriber.outbox.push(events, joined)
                self.deliveries += len(events)

    def _send(self, kind: str, key: str, ts: int, data: dict[str, Any]) -> None:
        """Give an event its number, remember it, and let it go out with those that come at the same time.

        Parameters
        ----------
        kind : str
            Its type.
        key : str
            What it is about.
        ts : int
            When it happened, ms UTC.
        data : dict
            What it says.
        """
        self._numbers[kind] += 1
        self.events += 1
        state = _state(kind, self._numbers[kind], ts, data)
        self._remember(kind, key, state)
        self._together.append(Event(kind, state.frame))
        if len(self._together) >= _MOST_TOGETHER:
            self.flush()
        elif self._scheduled is None:
            self._scheduled = asyncio.get_running_loop().call_soon(self.flush)

    def _remember(self, kind: str, key: str, state: LastState) -> None:
        """Keep a last state, or forget what has gone."""
        if kind in KEYED_TYPES and has_gone(state.data):
            self._last.drop(kind, key)
        else:
            self._last.note(kind, key, state)


def _state(kind: str, number: int, ts: int, data: dict[str, Any]) -> LastState:
    return LastState(ts, data, number, frame({"type": kind, "ts": ts, "seq": number, "data": data}))
