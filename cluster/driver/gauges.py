"""Gauges: how evolution goes, as metrics of Ray (its dashboard, Prometheus)."""

from collections import deque
from statistics import fmean
from typing import TYPE_CHECKING

from evolution import BatchCommit
from market import Clock

if TYPE_CHECKING:
    from ray.util.metrics import Gauge

__all__ = ["Gauges"]

_OVER_S = 10.0


class Gauges:
    """Listens to committed batches and sets Ray's metrics; without Ray it only measures the speed.

    Parameters
    ----------
    clock : Clock
        Measures the speed.
    bars_each : float
        Bars of a mean evaluation.

    Attributes
    ----------
    evaluations_per_s : float or None
        Over the last seconds of work; None before the second batch, also after a rest.
    best, median : float or None
        Fitness of the best member, and the mean over the species of their median fitness.
    """

    def __init__(self, clock: Clock, bars_each: float) -> None:
        self._clock = clock
        self._bars_each = bars_each
        self._recent: deque[tuple[float, int]] = deque()
        self._metrics = _ray_gauges()
        self._may_have_rested = False
        self.evaluations_per_s: float | None = None
        self.best: float | None = None
        self.median: float | None = None

    @property
    def strategy_bars_per_s(self) -> float | None:
        """Evaluations a second times the bars of each."""
        return None if self.evaluations_per_s is None else self.evaluations_per_s * self._bars_each

    def __call__(self, commit: BatchCommit) -> None:
        """Take a committed batch.

        Parameters
        ----------
        commit : BatchCommit
            The batch.
        """
        now = self._clock.monotonic()
        if self._may_have_rested and now - self._recent[-1][0] > _OVER_S:
            self._recent.clear()
            self.evaluations_per_s = None
        self._may_have_rested = commit.ends_generation
        self._recent.append((now, commit.evaluations))
        while len(self._recent) > 2 and now - self._recent[0][0] > _OVER_S:
            self._recent.popleft()
        since, done = self._recent[0]
        if len(self._recent) > 1:
            self.evaluations_per_s = (commit.evaluations - done) / max(now - since, 1e-3)
        self.best = None if commit.best is None else commit.best.score
        medians = [one.median for one in commit.statistics if one.members]
        self.median = fmean(medians) if medians else None
        values = {
            "evoq_best_scs": self.best,
            "evoq_median_scs": self.median,
            "evoq_evaluations_per_second": self.evaluations_per_s,
            "evoq_strategy_bars_per_second": self.strategy_bars_per_s,
            "evoq_generation": float(commit.generation),
            "evoq_batches_in_flight": float(commit.in_flight),
        }
        for name, value in values.items():
            if value is not None and name in self._metrics:
                self._metrics[name].set(value)


def _ray_gauges() -> "dict[str, Gauge]":
    from ray.util.metrics import Gauge

    described = {
        "evoq_best_scs": "Best fitness of the window, 0..100.",
        "evoq_median_scs": "Mean over the species of their median fitness, 0..100.",
        "evoq_evaluations_per_second": "Evaluations a second over the last ten seconds of work.",
        "evoq_strategy_bars_per_second": "Strategy-bars a second over the last ten seconds of work.",
        "evoq_generation": "Generation being worked on.",
        "evoq_batches_in_flight": "Batches that are generated and not committed.",
    }
    return {name: Gauge(name, description=text) for name, text in described.items()}
