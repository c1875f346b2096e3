"""Looks at parts of the desk that may hang: each in a thread of its own, with a deadline, and not twice at once."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from typing import Any, NamedTuple

from market import Clock

__all__ = ["Finding", "Inspection"]

_LONGEST_REASON = 300
_OLD_S = 30.0  # an answer that came too late is given to whoever asks next, unless that is long after


class Finding(NamedTuple):
    """What a look has found.

    Attributes
    ----------
    value : Any
        None where there is no answer.
    problem : str or None
        Why there is none.
    """

    value: Any
    problem: str | None


class Inspection:
    """Looks at several parts at the same time; what was found is kept for a moment, because everybody may ask.

    Parameters
    ----------
    looks : mapping of str to callable
        What to ask each part; may raise, and may never return.
    clock : Clock
        The time.
    deadline_s : float
        How long a part may take.
    fresh_s : float
        How long an answer is given again.
    """

    def __init__(
        self,
        looks: Mapping[str, Callable[[], Any]],
        clock: Clock,
        deadline_s: float = 2.5,
        fresh_s: float = 2.0,
    ) -> None:
        self._looks = looks
        self._clock = clock
        self._deadline_s = deadline_s
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._under_way: dict[str, tuple[float, Future[Any]]] = {}
        self._found: tuple[float, dict[str, Finding]] | None = None

    def look(self) -> dict[str, Finding]:
        """Return what there is to be found.

        Returns
        -------
        dict of str to Finding
            One for each part.
        """
        with self._lock:  # whoever comes meanwhile gets the same
            now = self._clock.monotonic()
            if self._found is None or now - self._found[0] >= self._fresh_s:
                self._found = (now, self._looked())
            return self._found[1]

    def _looked(self) -> dict[str, Finding]:
        now = self._clock.monotonic()
        for name, look in self._looks.items():
            began, future = self._under_way.get(name, (now, None))
            if future is None or (future.done() and now - began > _OLD_S):
                self._under_way[name] = now, _begun(name, look)
        wait([future for _, future in self._under_way.values()], self._deadline_s)
        return {name: self._finding(name) for name in self._looks}

    def _finding(self, name: str) -> Finding:
        _, future = self._under_way[name]
        if not future.done():  # it stays under way: a part that hangs is not asked again and again
            return Finding(None, f"no answer within {self._deadline_s:g} s")
        del self._under_way[name]
        error = future.exception()
        if error is not None:
            return Finding(None, " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_REASON])
        return Finding(future.result(), None)


def _begun(name: str, look: Callable[[], Any]) -> "Future[Any]":
    """Begin a look in a thread that keeps no process alive."""
    future: Future[Any] = Future()

    def do() -> None:
        try:
            future.set_result(look())
        except BaseException as error:  # for whoever asks the future
            future.set_exception(error)

    threading.Thread(target=do, name=f"look at {name}", daemon=True).start()
    return future
