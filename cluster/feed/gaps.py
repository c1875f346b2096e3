"""Bars that a venue left out: asked for again at growing intervals, then reported as missing."""

from dataclasses import dataclass

from market.spans import Span

__all__ = ["Gaps"]

ASKED_AFTER_S = (10.0, 60.0, 600.0)
"""Seconds after which a missing bar is asked for again, each counted from the time before."""

MOST_BARS = 5_000
"""Missing bars that are pursued at a time; older ones are given up first."""


@dataclass(slots=True)
class _Missing:
    asked: int
    due_at: float


class Gaps:
    """What is missing of one market.

    Parameters
    ----------
    length_ms : int
        Length of a bar.
    """

    def __init__(self, length_ms: int) -> None:
        self._length_ms = length_ms
        self._missing: dict[int, _Missing] = {}
        self.given_up = 0

    def __len__(self) -> int:
        return len(self._missing)

    def add(self, opens: list[int], now: float) -> list[int]:
        """Take note of bars that are not there.

        Parameters
        ----------
        opens : list of int
            Their opens, ms UTC.
        now : float
            Seconds of a monotonic clock.

        Returns
        -------
        list of int
            Those that were not known to be missing.
        """
        new = [each for each in opens if each not in self._missing]
        for each in new:
            self._missing[each] = _Missing(0, now + ASKED_AFTER_S[0])
        while len(self._missing) > MOST_BARS:
            del self._missing[min(self._missing)]
            self.given_up += 1
        return new

    def fill(self, opens: list[int]) -> list[int]:
        """Take note of bars that have come after all, and return those that were missing."""
        return [each for each in opens if self._missing.pop(each, None) is not None]

    @property
    def due_at(self) -> float:
        """When something is to be asked for again, in seconds of the monotonic clock; inf when nothing is."""
        return min((each.due_at for each in self._missing.values()), default=float("inf"))

    def span(self, most_bars: int) -> Span:
        """Return the stretch to be asked for now: from the first bar that is due, as far as bars follow closely.

        Parameters
        ----------
        most_bars : int
            How many bars it may span.

        Returns
        -------
        (int, int)
            ms UTC, end excluded.
        """
        due_at = self.due_at
        start = min(open_ms for open_ms, each in self._missing.items() if each.due_at <= due_at)
        end = start + most_bars * self._length_ms
        last = max(open_ms for open_ms, each in self._missing.items() if start <= open_ms < end)
        return start, last + self._length_ms

    def asked(self, span: Span, now: float) -> list[int]:
        """Take note that a stretch was asked for again, and that what was due there and is still missing did not come.

        Parameters
        ----------
        span : (int, int)
            ms UTC, end excluded.
        now : float
            Seconds of the monotonic clock.

        Returns
        -------
        list of int
            Opens of bars that are given up: the venue has been asked often enough.
        """
        lost = []
        for open_ms in sorted(self._missing):
            missing = self._missing[open_ms]
            if span[0] <= open_ms < span[1] and missing.due_at <= now:
                missing.asked += 1
                if missing.asked < len(ASKED_AFTER_S):
                    missing.due_at = now + ASKED_AFTER_S[missing.asked]
                else:
                    del self._missing[open_ms]
                    lost.append(open_ms)
        self.given_up += len(lost)
        return lost

    def postpone(self, until: float) -> None:
        """Ask for nothing before a time, in seconds of the monotonic clock."""
        for missing in self._missing.values():
            missing.due_at = max(missing.due_at, until)
