"""The last state of everything the push speaks of, for those who subscribe later."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["KEYED_TYPES", "LastState", "LastStates", "state_key"]

_CHUNK_BYTES = 32_768
KEYED_TYPES = {"strategy_update": "id"}  # of these types everything with a key of its own has a last state


def state_key(kind: str, data: Mapping[str, Any]) -> str:
    """Return what an event is about.

    Parameters
    ----------
    kind : str
        Its type.
    data : mapping
        Its data.

    Returns
    -------
    str
        A strategy's id; empty for types that have one state only.
    """
    field = KEYED_TYPES.get(kind)
    return "" if field is None else str(data.get(field, ""))


@dataclass(frozen=True, slots=True)
class LastState:
    """The last event about something.

    Attributes
    ----------
    ts : int
        When it happened, ms UTC.
    data : dict
        What it said.
    number : int
        The number it had.
    frame : bytes
        Its frame, with that number.
    """

    ts: int
    data: dict[str, Any]
    number: int
    frame: bytes

    def same(self, ts: int, data: dict[str, Any]) -> bool:
        """Tell whether an event is this one.

        Parameters
        ----------
        ts : int
            When it happened, ms UTC.
        data : dict
            What it says.

        Returns
        -------
        bool
            Whether both are equal.
        """
        return self.ts == ts and self.data == data


class LastStates:
    """Last states by type, in the order in which they came.

    Parameters
    ----------
    most : int, optional
        How many of a type are remembered at most, for safety: twice as many as the desk tells of. The one not heard of
        for longest is forgotten first.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._states: dict[str, OrderedDict[str, LastState]] = {}
        self._chunks: dict[str, tuple[bytes, ...]] = {}

    def get(self, kind: str, key: str) -> LastState | None:
        """Return the last state of something.

        Parameters
        ----------
        kind : str
            An event type.
        key : str
            What `state_key` returned.

        Returns
        -------
        LastState or None
            None if nothing is known.
        """
        states = self._states.get(kind)
        return None if states is None else states.get(key)

    def note(self, kind: str, key: str, state: LastState) -> None:
        """Remember an event.

        Parameters
        ----------
        kind : str
            Its type.
        key : str
            What it is about.
        state : LastState
            The event.
        """
        states = self._states.setdefault(kind, OrderedDict())
        states[key] = state
        states.move_to_end(key)
        if len(states) > self._most:
            states.popitem(last=False)
        self._chunks.pop(kind, None)

    def renew(self, kind: str, key: str, state: LastState) -> None:
        """Remember another state with the same number, so in the same place.

        Parameters
        ----------
        kind : str
            Its type.
        key : str
            What it is about; something is known of it.
        state : LastState
            What takes the place.
        """
        self._states[kind][key] = state
        self._chunks.pop(kind, None)

    def drop(self, kind: str, key: str) -> None:
        """Forget what has gone.

        Parameters
        ----------
        kind : str
            An event type.
        key : str
            What has gone, if anything is known of it.
        """
        self._states.get(kind, OrderedDict()).pop(key, None)
        self._chunks.pop(kind, None)

    def retain(self, kind: str, keys: Collection[str]) -> None:
        """Forget everything else of a type.

        Parameters
        ----------
        kind : str
            An event type.
        keys : collection of str
            What there is.
        """
        for key in [key for key in self._states.get(kind, ()) if key not in keys]:
            self.drop(kind, key)

    def chunks(self, kind: str) -> tuple[bytes, ...]:
        """Return all states of a type as a client gets them; those who subscribe at one time share the bytes.

        Parameters
        ----------
        kind : str
            An event type.

        Returns
        -------
        tuple of bytes
            Frames in the order of their numbers, joined to pieces of some 32 KiB.
        """
        if kind not in self._chunks:
            chunks, pieces, size = [], [], 0
            for state in self._states.get(kind, {}).values():
                pieces.append(state.frame)
                size += len(state.frame)
                if size >= _CHUNK_BYTES:
                    chunks.append(b"".join(pieces))
                    pieces, size = [], 0
            if pieces:
                chunks.append(b"".join(pieces))
            self._chunks[kind] = tuple(chunks)
        return self._chunks[kind]
