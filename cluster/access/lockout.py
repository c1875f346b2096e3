"""The lock-out: whoever shows wrong tokens again and again is not listened to for a while."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from market.clock import Clock

__all__ = ["Lockout"]

_MOST_ADDRESSES = 4_096


@dataclass(slots=True)
class _Record:
    """What is known of an address: when it failed, and until when it is locked out (monotonic seconds)."""

    failures: deque[float] = field(default_factory=deque)
    until: float = 0.0


class Lockout:
    """Counts failures by address, and locks an address out after too many of them.

    Parameters
    ----------
    clock : Clock
        The time.
    failures : int, optional
        How many failures within the window lock an address out.
    window_s : float, optional
        How long a failure counts.
    locked_s : float, optional
        How long an address stays locked out; what it tries meanwhile neither counts nor prolongs it.
    """

    def __init__(self, clock: Clock, *, failures: int = 10, window_s: float = 60.0, locked_s: float = 30.0) -> None:
        self._clock = clock
        self._most = failures
        self._window_s = window_s
        self._locked_s = locked_s
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def remaining_s(self, address: str) -> float:
        """Return how long an address is still locked out.

        Parameters
        ----------
        address : str
            A peer's IP address.

        Returns
        -------
        float
            Seconds; 0 for an address that is not.
        """
        record = self._records.get(address)
        return 0.0 if record is None else max(0.0, record.until - self._clock.monotonic())

    def failed(self, address: str) -> bool:
        """Take note of a failure.

        Parameters
        ----------
        address : str
            Who failed.

        Returns
        -------
        bool
            Whether this one locks the address out.
        """
        now = self._clock.monotonic()
        record = self._records.setdefault(address, _Record())
        self._records.move_to_end(address)
        while len(self._records) > _MOST_ADDRESSES:
            self._records.popitem(last=False)
        record.failures.append(now)
        while record.failures[0] <= now - self._window_s:
            record.failures.popleft()
        if len(record.failures) < self._most:
            return False
        record.failures.clear()
        record.until = now + self._locked_s
        return True
