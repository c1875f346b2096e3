"""The lock-out: whoever shows wrong tokens again and again is not listened to for a while."""

import threading
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
    """Counts failures by address, and locks an address out after too many of them; safe to share among threads.

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

    Attributes
    ----------
    most : int
        How many failures within the window lock an address out.
    window_s, locked_s : float
        As above.
    """

    def __init__(self, clock: Clock, *, failures: int = 10, window_s: float = 60.0, locked_s: float = 30.0) -> None:
        self._clock = clock
        self.most = failures
        self.window_s = window_s
        self.locked_s = locked_s
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._turn = threading.Lock()

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
        with self._turn:
            failures = self._record(address).failures
            failures.append(now)
            while failures[0] <= now - self.window_s:
                failures.popleft()
            if len(failures) < self.most:
                return False
        self.lock(address, self.locked_s)
        return True

    def lock(self, address: str, seconds: float) -> None:
        """Lock an address out, and forget what it failed before.

        Parameters
        ----------
        address : str
            Whom.
        seconds : float
            For how long.
        """
        with self._turn:
            record = self._record(address)
            record.failures.clear()
            record.until = self._clock.monotonic() + seconds

    def _record(self, address: str) -> _Record:
        record = self._records.setdefault(address, _Record())
        self._records.move_to_end(address)
        while len(self._records) > _MOST_ADDRESSES:
            self._records.popitem(last=False)
        return record
