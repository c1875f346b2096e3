"""What surrounds a run that goes on for ever: where its candles come from, whom it obeys, whom it tells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from market import Candles

__all__ = ["Desk"]


@dataclass(frozen=True)
class Desk:
    """What surrounds a run that goes on for ever.

    Attributes
    ----------
    source : callable or None
        Returns the candles of every market as they are now; None for the run's files.
    is_paused : callable
        Tells whether the run is to rest.
    on_generation : callable
        Is given the stored rows, best SCS first, after each generation.
    on_event : callable
        Is given each row of the evolution log that tells of an event, once it is stored.
    """

    source: Callable[[], Sequence[Candles]] | None = None
    is_paused: Callable[[], bool] = lambda: False
    on_generation: Callable[[Sequence[Mapping[str, Any]]], None] = lambda _: None
    on_event: Callable[[Mapping[str, Any]], None] = lambda _: None
