"""How often somebody may ask: a bucket of requests that fills again at a steady rate, one for each caller."""

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

from market import Clock

__all__ = ["Rate", "TokenBuckets"]

_MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """How much somebody may ask.

    Attributes
    ----------
    per_second : float
        Requests a second in the long run, above 0.
    burst : int
        Requests at once after a rest, at least 1.
    """

    per_second: float
    burst: int


class TokenBuckets:
    """One bucket for each caller; those of callers who have rested are forgotten, so memory is bounded.

    Parameters
    ----------
    clock : Clock
        Tells how much time has passed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, rate: Rate) -> int:
        """Take one request out of a caller's bucket.

        Parameters
        ----------
        caller : str
            Who asks.
        rate : Rate
            What this caller may ask.

        Returns
        -------
        int
            0 where the request may pass, else after how many seconds the next one may.
        """
        now = self._clock.monotonic()
        with self._lock:
            level, since = self._levels.pop(caller, (float(rate.burst), now))
            level = min(rate.burst, level + (now - since) * rate.per_second)
            passes = level >= 1.0
            self._levels[caller] = (level - 1.0 if passes else level, now)
            while len(self._levels) > _MOST_CALLERS:
                self._levels.popitem(last=False)
        return 0 if passes else max(1, math.ceil((1.0 - level) / rate.per_second))
