"""The timeline of a run: which generation a batch belongs to, and which window a generation."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage import RunRepository

__all__ = ["Timeline"]

_MOST_LOGS = 100_000


@dataclass(frozen=True)
class Timeline:
    """What happened when.

    Attributes
    ----------
    ends : sequence of int
        Last batch of each generation that ended, from generation 1 on.
    labels : sequence of int
        The window of each of these generations, and at last that of the one which has not ended.
    logs : sequence of mapping
        Rows of `strategy_optimization_logs`, the oldest first.
    """

    ends: Sequence[int]
    labels: Sequence[int]
    logs: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, runs: RunRepository, run_id: str) -> "Timeline":
        """Return the timeline of a stored run.

        Parameters
        ----------
        runs : RunRepository
            Where its logs are.
        run_id : str
            The run.

        Returns
        -------
        Timeline
            As far as the run has come.
        """
        logs = list(reversed(runs.logs(run_id, limit=_MOST_LOGS)))
        ended = {log["batch"]: _index(log) for log in logs if log["event"] == "generation"}
        rolled = [(log["batch"], _index(log)) for log in logs if log["event"] == "rolled"]
        ends = sorted(ended)
        last = max([*rolled, *ended.items()], default=(-1, 0))[1]  # by batch
        return cls(ends, [*(ended[end] for end in ends), last], logs)

    def generation(self, batch: int) -> int:
        """Return the generation of a batch.

        Parameters
        ----------
        batch : int
            From 0.

        Returns
        -------
        int
            From 1.
        """
        return bisect_left(self.ends, batch) + 1

    def window(self, generation: int) -> int:
        """Return the window of a generation.

        Parameters
        ----------
        generation : int
            From 1.

        Returns
        -------
        int
            From 0.
        """
        return self.labels[min(max(generation, 1), len(self.labels)) - 1]


def _index(log: Mapping[str, Any]) -> int:
    """Return the index of the window that a log names: a live one is called INDEX@TIME."""
    return int(str((log["details"] or {}).get("window") or 0).partition("@")[0] or 0)
