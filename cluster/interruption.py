"""Ctrl-C and SIGTERM while a command works: ended where it is harmless, and never lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGINT, SIGTERM, getsignal, signal
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Interruption"]


class Interruption:
    """Remembers that somebody asked to stop; a context manager for the main thread.

    A signal raises KeyboardInterrupt where it arrives, except within `deferred`: there it is only remembered (and told
    to whoever can end the work in good order), and `check` raises afterwards. A second signal always raises.
    """

    def __init__(self) -> None:
        self.asked = False
        self._deferring = False
        self._stop: Callable[[], None] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: getsignal(number) for number in (SIGINT, SIGTERM)}
        for number in self._before:
            signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal(number, handler)

    @contextmanager
    def deferred(self, stop: Callable[[], None] | None = None) -> Iterator[None]:
        """Let the work within go on after the first signal.

        Parameters
        ----------
        stop : callable, optional
            Called by the first signal, to end the work in good order.

        Yields
        ------
        None
            While signals are only remembered.

        Raises
        ------
        KeyboardInterrupt
            If the work failed after somebody asked to stop.
        """
        self._deferring, self._stop = True, stop
        try:
            yield
        except Exception as error:
            if self.asked:  # Ctrl-C reaches every process of the terminal: what then fails is its consequence
                raise KeyboardInterrupt from error
            raise
        finally:
            self._deferring, self._stop = False, None

    def end_work(self) -> None:
        """Ask the work in hand to end in good order, as the first signal does, without asking everything to stop."""
        stop = self._stop
        if stop is not None:
            stop()

    def check(self) -> None:
        """Raise what was put off.

        Raises
        ------
        KeyboardInterrupt
            If somebody asked to stop.
        """
        if self.asked:
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first, self.asked = not self.asked, True
        if not (first and self._deferring):
            raise KeyboardInterrupt
        if self._stop is not None:
            self._stop()
