"""The time of the simulated market: it runs faster than ours, and goes on while nobody looks."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from market import Clock
from market.replacement import disk_errors, replace_file

__all__ = ["Anchor", "SimulatedTime"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment that is known in both times, and how fast the simulated one runs from there.

    Attributes
    ----------
    real_ms : int
        Ours, ms UTC.
    simulated_ms : int
        The market's, ms UTC.
    speed : float
        Seconds of the market in one of ours.
    """

    real_ms: int
    simulated_ms: int
    speed: float


class SimulatedTime:
    """The time of a simulated market, remembered in a file: a restart goes on where it would be by now.

    Parameters
    ----------
    path : Path
        The file; what cannot be read in it counts as not there.
    clock : Clock
        Our time.
    speed : float
        Seconds of the market in one of ours.
    """

    def __init__(self, path: Path, clock: Clock, speed: float) -> None:
        self._path = path
        self._clock = clock
        self._speed = speed
        self._anchor = Anchor(clock.now_ms(), 0, speed)

    def begin(self, earliest_ms: int, longest_ms: int) -> None:
        """Find out what time it is in the market, and remember it.

        Parameters
        ----------
        earliest_ms : int
            Time that has been reached for certain, ms UTC of the market: of its first start, or of its last candle.
        longest_ms : int
            Time of the market that may have passed since then, at most: what a pause of ours would have taken beyond
            this, it stood still.
        """
        real = self._clock.now_ms()
        before = self._read()
        if before is None:
            self._move(Anchor(real, earliest_ms, self._speed))
            return
        self._anchor = before
        reached = self.now_ms()
        if not earliest_ms <= reached <= earliest_ms + longest_ms:
            wanted = min(max(reached, earliest_ms), earliest_ms + longest_ms)
            _logger.warning(
                "the simulated market goes on at another time than planned",
                extra={"fields": {"planned_ms": reached, "now_ms": wanted}},
            )
            self._move(Anchor(real, wanted, self._speed))
        elif before.speed != self._speed:
            self._move(Anchor(real, reached, self._speed))

    def now_ms(self) -> int:
        """Return the time of the market, ms UTC; it follows our clock, back too."""
        passed = (self._clock.now_ms() - self._anchor.real_ms) * self._anchor.speed
        return self._anchor.simulated_ms + int(passed)

    def wait_s(self, until_ms: int) -> float:
        """Return how many seconds of ours it is until a time of the market; 0 when that has passed."""
        left = (until_ms - self._anchor.simulated_ms) / self._anchor.speed
        return max(0.0, (left + self._anchor.real_ms - self._clock.now_ms()) / 1000.0)

    def _move(self, anchor: Anchor) -> None:
        self._anchor = anchor
        with disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, json.dumps(asdict(anchor)).encode())

    def _read(self) -> Anchor | None:
        try:
            values = json.loads(self._path.read_text())
            anchor = Anchor(int(values["real_ms"]), int(values["simulated_ms"]), float(values["speed"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return anchor if anchor.speed > 0 else None
