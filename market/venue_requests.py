"""Asking a venue: bounded attempts, and every way in which ccxt fails turned into an error of ours."""

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

from market.clock import Clock
from market.errors import BrokenPageError, MarketError, RateLimitError, VenueRefusedError, VenueUnavailableError

ATTEMPTS = 5
"""How often one request is made before a venue counts as unavailable."""

LONGEST_WAIT_S = 60.0
"""Longest wait between two attempts."""

Answer = TypeVar("Answer")


class VenueRequests:
    """Requests to one venue.

    Parameters
    ----------
    venue_id : str
        For messages.
    clock : Clock
        Waits between attempts.
    attempts : int
        How often one request is made before it counts as failed.
    """

    def __init__(self, venue_id: str, clock: Clock, attempts: int = ATTEMPTS) -> None:
        self._venue_id = venue_id
        self._clock = clock
        self._attempts = attempts

    def answer(self, what: str, request: Callable[[], Answer]) -> Answer:
        """Return the answer to a request.

        Parameters
        ----------
        what : str
            What is asked for, for messages.
        request : callable
            Makes the request, and may raise `BrokenPageError` where the answer cannot be true.

        Returns
        -------
        Answer
            Of the first attempt that succeeds.

        Raises
        ------
        VenueRefusedError
            If the venue refuses for a reason that another attempt does not change; and what the last attempt raised.
        """
        ccxt = ccxt_library()
        failure: MarketError | None = None
        for attempt in range(self._attempts):
            try:
                return request()
            except BrokenPageError as error:
                failure = BrokenPageError(
                    f"{self._venue_id} answered {what} wrongly, nothing of it was stored: {error}; try later"
                )
                wait = 2.0**attempt
            except (ccxt.RateLimitExceeded, ccxt.DDoSProtection) as error:
                failure = RateLimitError(f"{self._venue_id} limits our requests; try later ({_line(error)})")
                wait = 5.0 * 2.0**attempt
            except ccxt.OperationFailed as error:
                failure = VenueUnavailableError(
                    f"{self._venue_id} did not answer {what} in {self._attempts} attempts; try later ({_line(error)})"
                )
                wait = 2.0**attempt
            except ccxt.BaseError as error:
                raise VenueRefusedError(f"{self._venue_id} refused {what}: {_line(error)}") from error
            except (TypeError, AttributeError, LookupError, ArithmeticError) as error:
                # ccxt takes answers apart without checking them, so nonsense surfaces as any of these
                failure = BrokenPageError(
                    f"{self._venue_id} answered {what} with something that ccxt cannot read; try later ({_line(error)})"
                )
                wait = 2.0**attempt
            if attempt < self._attempts - 1:
                self._clock.sleep(min(wait, LONGEST_WAIT_S))
        assert failure is not None
        raise failure


def ccxt_library() -> Any:
    """Return ccxt, loaded when it is first needed: importing `market` must neither wait for it nor depend on it."""
    return importlib.import_module("ccxt")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
