"""The one clock: market, execution, simulator and cluster are handed the time, they never look it up.

This is the only file of those packages that may ask the machine for the time or wait (a test reads the source of the
others). So a test or a simulation decides how fast hours pass.
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What a part of Evoq may know and do about time."""

    def now_ms(self) -> int:
        """Return the time of day in ms UTC since 1970; it may be set back or forth."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for measuring how long something takes."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, blocking the calling thread."""
        ...

    async def wait(self, seconds: float) -> None:
        """Wait, leaving the event loop free."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Return the machine's time in ms UTC since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of real time."""
        time.sleep(max(0.0, seconds))

    async def wait(self, seconds: float) -> None:
        """Wait `seconds` of real time without blocking the event loop."""
        await asyncio.sleep(max(0.0, seconds))


class ScaledClock:
    """A clock that runs `speed` times as fast as the machine's, from a start of its own.

    Parameters
    ----------
    start_ms : int
        Time of day at which it starts, ms UTC.
    speed : float
        Simulated seconds that pass in one real second; must be positive.

    Raises
    ------
    ValueError
        If `speed` is not positive.
    """

    def __init__(self, start_ms: int, speed: float) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be positive, was {speed}")
        self._start_ms = start_ms
        self._speed = speed
        self._origin = time.monotonic()

    def now_ms(self) -> int:
        """Return the simulated time in ms UTC since 1970."""
        return self._start_ms + int(self.monotonic() * 1000)

    def monotonic(self) -> float:
        """Return simulated seconds since the clock was made."""
        return (time.monotonic() - self._origin) * self._speed

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` of simulated time."""
        time.sleep(max(0.0, seconds) / self._speed)

    async def wait(self, seconds: float) -> None:
        """Wait `seconds` of simulated time without blocking the event loop."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)


class ManualClock:
    """A clock that stands still until it is told to move; waiting moves it at once.

    Parameters
    ----------
    start_ms : int
        Time of day at which it stands, ms UTC.

    Attributes
    ----------
    waits : list of float
        Seconds of every wait so far, in order: what a test of back-off looks at.
    """

    def __init__(self, start_ms: int) -> None:
        self._start_ms = start_ms
        self._elapsed = 0.0
        self.waits: list[float] = []

    def now_ms(self) -> int:
        """Return the time it stands at, ms UTC since 1970."""
        return self._start_ms + round(self._elapsed * 1000)

    def monotonic(self) -> float:
        """Return the seconds it has been moved since it was made."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        Parameters
        ----------
        seconds : float
            How far; not negative.

        Raises
        ------
        ValueError
            If `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError(f"a clock moves forward only: seconds must be 0 or more, was {seconds}")
        self._elapsed += seconds

    def sleep(self, seconds: float) -> None:
        """Move forward by `seconds` instead of waiting."""
        self.waits.append(seconds)
        self.advance(max(0.0, seconds))

    async def wait(self, seconds: float) -> None:
        """Move forward by `seconds` and let other tasks run once."""
        self.sleep(seconds)
        await asyncio.sleep(0)
