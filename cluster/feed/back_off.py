"""How long to leave somebody in peace who did not answer: longer each time, never the same for everybody."""

from collections.abc import Callable

__all__ = ["BackOff"]


class BackOff:
    """Waits that double.

    Parameters
    ----------
    first_s, most_s : float
        The shortest and the longest, in seconds.
    jitter : callable
        Returns numbers in [0, 1), which spread each wait over half of it and a half more.
    """

    def __init__(self, first_s: float, most_s: float, jitter: Callable[[], float]) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._jitter = jitter
        self.failures = 0

    def fail(self) -> float:
        """Return how many seconds to wait after one more failure."""
        wait = min(self._first_s * 2.0 ** min(self.failures, 20), self._most_s)
        self.failures += 1
        return wait * (0.5 + self._jitter())

    def succeed(self) -> int:
        """Begin anew, and return how many failures there were."""
        failures, self.failures = self.failures, 0
        return failures
