"""Sparks of strategies, kept for a while: a list of 500 asks the database for those only that are not known."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from cluster.opened_database import OpenedDatabase
from market import Clock
from storage import SparkRepository

__all__ = ["Sparks"]

_KEPT = 20_000
_DIGITS = 5
_FRESH_S = 60.0


class Sparks:
    """Curves in a few points, by strategy and version.

    Parameters
    ----------
    database : OpenedDatabase
        Where they are stored.
    clock : Clock
        Tells when one is to be read again.
    """

    def __init__(self, database: OpenedDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int], tuple[float, list[float] | None]] = OrderedDict()

    def of(self, strategies: Sequence[tuple[str, int]]) -> Mapping[str, list[float] | None]:
        """Return the sparks of strategies.

        Parameters
        ----------
        strategies : sequence of (str, int)
            Ids and versions.

        Returns
        -------
        mapping of str to (list of float or None)
            By id; None for a strategy without a stored curve.
        """
        now = self._clock.monotonic()
        with self._lock:
            known = {one: self._known[one] for one in strategies if one in self._known}
        found = {one: spark for one, (since, spark) in known.items() if now - since < _FRESH_S}
        missing = [one for one in strategies if one not in found]
        if missing:
            read = SparkRepository(self._database.engine).sparks([strategy for strategy, _ in missing])
            for one in missing:
                spark = read.get(one[0])
                found[one] = None if spark is None else [round(value, _DIGITS) for value in spark]
            with self._lock:
                for one in missing:
                    self._known.pop(one, None)
                    self._known[one] = (now, found[one])
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return {strategy: spark for (strategy, _), spark in found.items()}
