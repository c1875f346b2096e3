"""Probes: asking a service whether it answers, in a thread of its own, for the question may take long."""

import threading
from collections.abc import Callable

from market.clock import Clock

__all__ = ["Lost", "Probe"]

_AT_FIRST_S = 0.2
_LATER_S = 3.0


class Lost(Exception):  # noqa: N818 - it is what a check says, not an error
    """Raised by a check: the service will never answer again, though its process lives."""


class Probe:
    """Asks again and again until it is stopped.

    Parameters
    ----------
    check : callable
        Returns whether the service answers, None if that cannot be told; raising means no.
    clock : Clock
        The time.
    later_s : float, optional
        Pause between two questions once it has answered.
    answered : bool, optional
        Whether it has answered somebody else already.

    Attributes
    ----------
    answered : bool
        Whether it ever answered.
    lost : str or None
        Why it will never answer again, after it has answered.
    """

    def __init__(
        self, check: Callable[[], bool | None], clock: Clock, later_s: float = _LATER_S, *, answered: bool = False
    ) -> None:
        self._check = check
        self._clock = clock
        self._later_s = later_s
        self._ended = threading.Event()
        self._good_at = clock.monotonic()
        self.answered = answered
        self.lost: str | None = None
        threading.Thread(target=self._ask, name="probe", daemon=True).start()

    @property
    def silent_s(self) -> float:
        """For how long it has not answered, in seconds."""
        return self._clock.monotonic() - self._good_at

    def stop(self) -> None:
        """Ask no more."""
        self._ended.set()

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                answer = self._check()
            except Lost as error:
                answer = False
                self.lost = str(error) if self.answered else None  # one that starts is not lost
            except Exception:  # whatever it raises, it is no answer
                answer = False
            if answer is not False:
                self._good_at = self._clock.monotonic()
            if answer:
                self.answered = True
            self._ended.wait(self._later_s if self.answered and answer is not False else _AT_FIRST_S)
