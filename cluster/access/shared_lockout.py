"""The lock-out of a whole desk: wrong tokens count together, whichever replica they were shown to.

::

    evoq:tries:ADDRESS     when an address failed, a sorted set; gone with the last failure that counts
    evoq:locked:ADDRESS    is there for as long as the address is locked out
"""

import secrets
from typing import TYPE_CHECKING, Any

from cluster.access.lockout import Lockout
from market.clock import Clock

if TYPE_CHECKING:
    from redis import Redis

    from cluster.cache_line import CacheLine

__all__ = ["SharedLockout"]

_TRIES = "evoq:tries:"
_LOCKED = "evoq:locked:"


class SharedLockout(Lockout):
    """Counts failures in the cache; while that is away, those of this process, as `Lockout` does.

    Asking may take a second where the cache has stopped: not for an event loop.

    Parameters
    ----------
    line : CacheLine
        To the cache that all processes of the desk share.
    clock : Clock
        The time.
    **limits : float
        As for `Lockout`, the same in every process.
    """

    def __init__(self, line: "CacheLine", clock: Clock, **limits: Any) -> None:
        super().__init__(clock, **limits)
        self._line = line

    def remaining_s(self, address: str) -> float:
        """Return how long an address is still locked out, here or by another process."""
        here_s = super().remaining_s(address)
        if here_s > 0.0:
            return here_s
        left_ms = self._line.ask(lambda client: client.pttl(_LOCKED + address))
        if not isinstance(left_ms, int) or left_ms <= 0:  # negative where there is no such key
            return 0.0
        self.lock(address, left_ms / 1_000.0)
        return left_ms / 1_000.0

    def failed(self, address: str) -> bool:
        """Take note of a failure, and tell whether this one locks the address out everywhere."""
        locks_here = super().failed(address)
        now_ms = self._clock.now_ms()

        def count(client: "Redis") -> int:
            tries = _TRIES + address
            with client.pipeline(transaction=True) as pipeline:
                pipeline.zremrangebyscore(tries, "-inf", now_ms - self.window_s * 1_000.0)
                pipeline.zadd(tries, {f"{now_ms} {secrets.token_hex(8)}": now_ms})
                pipeline.zcard(tries)
                pipeline.pexpire(tries, round(self.window_s * 1_000.0))
                return int(pipeline.execute()[2])

        counted = self._line.ask(count)
        if not locks_here and (counted is None or counted < self.most):
            return False

        def lock(client: "Redis") -> None:
            with client.pipeline(transaction=True) as pipeline:
                pipeline.set(_LOCKED + address, "1", px=round(self.locked_s * 1_000.0))
                pipeline.delete(_TRIES + address)
                pipeline.execute()

        self._line.ask(lock)
        self.lock(address, self.locked_s)
        return True
