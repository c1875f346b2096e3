"""News of strategies: what has changed since the cache was told last, so that its last states are those there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from cluster.bus import Bus
from cluster.strategy_update import strategy_gone, strategy_update

__all__ = ["StrategyNews"]

_TYPE = "strategy_update"
_EVENTS = 200  # that have changed, and as many that have gone: a client's queue takes 500


class StrategyNews:
    """Tells of strategies that have come, changed or gone.

    What the cache remembers is read first: it may have been emptied, or hold what another driver has told.

    Parameters
    ----------
    bus : Bus
        Gets events of those that matter most, and the last state of every one.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._told: set[str] = set()

    def tell(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Tell what is new.

        Parameters
        ----------
        rows : sequence of mapping
            All strategies there are, as they are in the database, those that matter most first.
        """
        known = {strategy: event.get("data") for strategy, event in self._bus.last_by_id(_TYPE).items()}
        living = {str(row["id"]): strategy_update(row) for row in rows}
        news: list[dict[str, Any]] = []
        renewed: list[dict[str, Any]] = []
        for strategy, update in living.items():
            before = known.get(strategy)
            if before == update:
                continue
            is_same = before is not None and before | {"version": update["version"]} == update
            (renewed if is_same else news).append(update)
        # Those of before as well: a cache that was emptied has forgotten them, and the push has not.
        gone = [strategy_gone(strategy) for strategy in sorted((known.keys() | self._told) - living.keys())]
        told = news[:_EVENTS] + gone[:_EVENTS]
        if self._bus.publish_states(_TYPE, told, untold=news[_EVENTS:] + gone[_EVENTS:], renewed=renewed):
            self._told = set(living)
