"""What a viewer was last told by the desk: kept while it does not answer, and asked anew as soon as it does."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ui.errors import ClientError, ServerError, UnauthorizedError, UnavailableError

__all__ = ["Loaded", "Loads"]

_MOST_KEPT = 64
_REST_S = 2.0

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Value]):
    """An answer, or the last one there was.

    Attributes
    ----------
    value : object or None
        None where there was never one, or the desk refuses it now.
    taken_ms : int or None
        When it was taken, ms UTC.
    age_s : float
        How old it is, seconds.
    error : ClientError or None
        Why there is no new one.
    """

    value: Value | None
    taken_ms: int | None
    age_s: float
    error: ClientError | None


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    taken_ms: int
    at_s: float


class Loads:
    """The answers of one viewer.

    After a failure nothing is asked for two seconds, so that a page of many parts does not wait for each of them.

    Parameters
    ----------
    monotonic : callable
        Seconds that only grow.
    wall : callable
        Seconds since 1970.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._outage: UnavailableError | None = None
        self._rest_until = 0.0
        self._fresh_from = -math.inf
        self._answered_at = monotonic()

    @property
    def silent_s(self) -> float | None:
        """For how many seconds the desk has not answered; None while it answers."""
        return None if self._outage is None else self._monotonic() - self._answered_at

    def holds(self, key: str) -> bool:
        """Tell whether there is an answer, however old."""
        return key in self._kept

    def kept(self, key: str) -> Any:
        """Return an answer, however old; None if there is none."""
        kept = self._kept.get(key)
        return None if kept is None else kept.value

    def taken_ms(self, key: str) -> int | None:
        """Return when an answer was taken, ms UTC; None if there is none."""
        kept = self._kept.get(key)
        return None if kept is None else kept.taken_ms

    def left_s(self, key: str, ts: int | None, as_of: int) -> float | None:
        """Return how long it is until a moment of the desk's clock, whatever ours says.

        Parameters
        ----------
        key : str
            Of the answer that names the moment.
        ts : int or None
            The moment, ms UTC.
        as_of : int
            When the desk gave that answer, ms UTC.

        Returns
        -------
        float or None
            Seconds, 0 where it is over; None where no moment or no answer is known.
        """
        kept = self._kept.get(key)
        if kept is None or ts is None:
            return None
        return max((ts - as_of) / 1_000 - (self._monotonic() - kept.at_s), 0.0)

    def expire(self) -> None:
        """Ask everything anew at the next chance: after something was changed."""
        self._fresh_from = self._monotonic()

    def get(self, key: str, call: Callable[[], Value], max_age_s: float = 1.0) -> Loaded[Value]:
        """Return an answer of the desk.

        Parameters
        ----------
        key : str
            Of what; what is asked for belongs into it.
        call : callable
            Asks the desk.
        max_age_s : float
            An answer that is not older is taken as it is.

        Returns
        -------
        Loaded
            With an error if the desk does not answer, or refuses it.

        Raises
        ------
        UnauthorizedError
            If the viewer is no longer signed in.
        """
        now = self._monotonic()
        kept = self._kept.get(key)
        if kept is not None and now - kept.at_s <= max_age_s and kept.at_s > self._fresh_from:
            return self._loaded(kept, None)
        if self._outage is not None and now < self._rest_until:
            return self._loaded(kept, self._outage)
        try:
            value = call()
        except UnauthorizedError:
            raise
        except UnavailableError as error:
            self._outage = error
            self._rest_until = self._monotonic() + max(_REST_S, error.retry_after_s or 0.0)
            return self._loaded(kept, error)
        except ServerError as error:
            self._answers()
            return self._loaded(kept, error)
        except ClientError as error:  # refused: what it said before is no longer so
            self._answers()
            self._kept.pop(key, None)
            return self._loaded(None, error)
        self._answers()
        kept = _Kept(value, int(1_000 * self._wall()), self._monotonic())
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return self._loaded(kept, None)

    def _answers(self) -> None:
        self._outage = None
        self._answered_at = self._monotonic()

    def _loaded(self, kept: _Kept | None, error: ClientError | None) -> Loaded[Any]:
        if kept is None:
            return Loaded(None, None, 0.0, error)
        return Loaded(kept.value, kept.taken_ms, self._monotonic() - kept.at_s, error)
