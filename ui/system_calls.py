"""The machinery of the desk: the cluster, and how measures went."""

from collections.abc import Sequence
from typing import Any

from ui.calls import Calls
from ui.queries import Instant, span
from ui.system_answers import ClusterFigures, History

__all__ = ["SystemCalls"]


class SystemCalls(Calls):
    """Asks about the machinery."""

    def cluster(self) -> ClusterFigures:
        """Return what runs on Ray, and how large database and cache are; takes up to three seconds."""
        return self._read(ClusterFigures, "/api/system/cluster")

    def history(
        self,
        name: str = "system_metrics",
        fields: Sequence[str] = (),
        *,
        since: Instant | None = None,
        until: Instant | None = None,
        points: int = 300,
    ) -> History:
        """Return how measures went.

        Parameters
        ----------
        name : str
            What was measured: system_metrics, evolution or feed.
        fields : sequence of str
            Values of it; all numbers by default, twenty at most.
        since, until : int or datetime, optional
            From and before when; the last hour by default.
        points : int
            At most so many, 1 to 2,000.

        Returns
        -------
        History
            In columns; its `frame` is a table.
        """
        asked: dict[str, Any] = {"name": name, "fields": list(fields) or None, "points": points}
        return self._read(History, "/api/system/history", asked | span(since, until))
