"""How many independent trials a search really made: leader clustering of correlated returns, one batch at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from backtest.checked_returns import FLAT, return_matrix
from backtest.errors import EvidenceError

__all__ = ["TrialClusters", "TrialCount", "count_trials"]

_BATCH = 256
_MOST_LEADERS = 4096
_DOUBT = 1e-5  # far above the error of a float32 correlation: what is nearer than this is decided in float64


@dataclass(frozen=True, slots=True)
class TrialCount:
    """What the deflated Sharpe ratio needs to know of the search.

    Attributes
    ----------
    n_trials : int
        Trials whose returns vary: the raw number.
    n_clusters : int
        Clusters they fall into: the effective number of independent trials.
    sharpe_variance : float
        Variance (ddof=1) of the clusters' Sharpe ratios, per bar; NaN with fewer than two clusters.
    raw_sharpe_variance : float
        Variance (ddof=1) of the trials' own Sharpe ratios, per bar; NaN with fewer than two trials.
    n_flat : int
        Trials that never traded: they cannot be selected, and are counted apart.
    """

    n_trials: int
    n_clusters: int
    sharpe_variance: float
    raw_sharpe_variance: float
    n_flat: int


class TrialClusters:
    """Clusters of all trials ever made on one data set; new trials are added to what is stored.

    The first trial leads a cluster. Each further one joins the cluster whose leader it correlates with most, if that
    correlation is at least `threshold`; otherwise it leads a new cluster. Correlation is signed: the opposite of a
    strategy is another trial.

    Parameters
    ----------
    n_returns : int
        Length T of every trial's return series, at least 2.
    threshold : float
        Least correlation with a leader, 0.1..0.999.
    most_leaders : int
        How many clusters keep their leader. Once there are so many, a trial that is near none of them counts as a
        cluster by itself and is not compared with later ones: the number is then too high rather than too low.

    Raises
    ------
    EvidenceError
        If a parameter is out of bounds.

    Notes
    -----
    Leaders never change, so any two leaders correlate less than `threshold` and every trial at least that much with
    its own: the clusters are a maximal packing, whose size depends on the order of the trials only where blocks
    overlap. The outcome is a function of the trials in their order: how they were divided into calls plays no part.

    A cluster's return is the mean of its members' standardised returns (equal risk, inverse-volatility weights), so
    that scaling a strategy changes nothing. Its Sharpe ratio is the sum of the members' over the norm of the sum of
    their standardised, demeaned returns.

    Bias: where trials of one idea correlate less than `threshold`, the number is too high and the deflated Sharpe
    ratio too strict, but only by the root of the logarithm of the number. A threshold that is too low errs the other
    way and worse: it hides trials each of which could have been lucky. With 0.7 the DSR of the best of 900 genomes of
    all types, two thirds of them bred from the best, on 24 random walks without costs averaged 0.52 (0.64 at a
    threshold of 0.3, 0.43 at 0.9), where 0.5 is unbiased; none passed 0.95.

    The correlation of independent series of T returns scatters by ``1 / sqrt(T)``: below some 30 returns chance makes
    clusters.

    Costs ``8 * n_returns`` bytes a leader and nothing a trial, and two passes over the leaders a trial.

    References
    ----------
    Hartigan, J. A. (1975). "Clustering Algorithms", chapter 3 (the leader algorithm).
    Lopez de Prado, M. and Lewis, M. J. (2019). "Detection of False Investment Strategies Using Unsupervised Learning
    Methods". Quantitative Finance 19(9): clusters as effective trials, and the variance of their Sharpe ratios.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> ideas = rng.normal(0.0, 0.01, (1_000, 4))
    >>> clusters = TrialClusters(n_returns=1_000)
    >>> labels = clusters.add(np.repeat(ideas, 25, axis=1) + rng.normal(0.0, 0.002, (1_000, 100)))
    >>> clusters.count().n_trials, clusters.count().n_clusters
    (100, 4)
    """

    def __init__(self, n_returns: int, threshold: float = 0.7, most_leaders: int = _MOST_LEADERS) -> None:
        if n_returns < 2:
            raise EvidenceError(f"n_returns must be at least 2 for correlations, was {n_returns}")
        if not 0.1 <= threshold <= 0.999:
            raise EvidenceError(f"threshold must be in [0.1, 0.999], was {threshold}")
        if most_leaders < 1:
            raise EvidenceError(f"most_leaders must be at least 1, was {most_leaders}")
        self.n_returns = n_returns
        self.threshold = threshold
        self.most_leaders = most_leaders
        self._n_leaders = 0
        self._leaders = np.empty((0, n_returns), np.float32)  # demeaned, of length 1
        self._sums = np.empty((0, n_returns), np.float32)  # of such vectors, over the members
        self._totals = np.empty(0)  # of the members' Sharpe ratios
        self._n_flat = 0
        self._moments = np.zeros(3)  # of all Sharpe ratios: number, mean and sum of squared distances from it
        self._alone = np.zeros(3)  # the same of those near no leader that came too late to lead

    def add(self, returns: ArrayLike) -> np.ndarray:
        """Add trials, in the order of their columns.

        Parameters
        ----------
        returns : array_like of float, shape (n_returns, n)
            Simple net bar returns, a column a trial.

        Returns
        -------
        ndarray of int64, shape (n,)
            Cluster of each trial, a number of its own where it came too late to lead; -1 for a trial that never varied
            (standard deviation below 1e-12).

        Raises
        ------
        EvidenceError
            If the number of bars is another one than that of the clusters, or a return is not finite.
        """
        matrix = return_matrix(returns)
        if len(matrix) != self.n_returns:
            raise EvidenceError(
                f"trials must have the {self.n_returns} bars of their data set, had {len(matrix)}; "
                "other data need clusters of their own"
            )
        labels: list[int] = []
        for start in range(0, matrix.shape[1], _BATCH):
            labels += self._add_batch(np.ascontiguousarray(matrix[:, start : start + _BATCH].T))
        return np.array(labels, np.int64)

    def count(self) -> TrialCount:
        """Return the number of trials and clusters, and the variance of their Sharpe ratios."""
        clusters = self._alone.copy()
        for ratio in self.sharpe_ratios():
            _take(clusters, ratio)
        return TrialCount(
            n_trials=int(self._moments[0]),
            n_clusters=int(clusters[0]),
            sharpe_variance=_variance(clusters),
            raw_sharpe_variance=_variance(self._moments),
            n_flat=self._n_flat,
        )

    def sharpe_ratios(self) -> np.ndarray:
        """Return the Sharpe ratio of the return of every cluster that keeps its leader, per bar.

        Returns
        -------
        ndarray of float64, shape (at most most_leaders,)
            Always defined: members correlate positively with their leader.
        """
        squares = np.empty(self._n_leaders)
        for k in range(self._n_leaders):  # one row at a time: they are many
            row = self._sums[k].astype(np.float64)
            squares[k] = np.dot(row, row)
        return self._totals[: self._n_leaders] / np.sqrt(squares)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the state as plain arrays to be stored; `from_arrays` goes on from them.

        Returns
        -------
        dict of str to ndarray
            Copies: threshold, leaders, sums, totals, moments, alone and n_flat; as large for a million trials as for a
            thousand of the same clusters.
        """
        return {
            "threshold": np.array(self.threshold),
            "leaders": self._leaders[: self._n_leaders].copy(),
            "sums": self._sums[: self._n_leaders].copy(),
            "totals": self._totals[: self._n_leaders].copy(),
            "moments": self._moments.copy(),
            "alone": self._alone.copy(),
            "n_flat": np.array(self._n_flat),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], most_leaders: int = _MOST_LEADERS) -> Self:
        """Return the clusters that `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            What `to_arrays` returned.
        most_leaders : int
            As of the clusters that were stored.

        Returns
        -------
        TrialClusters
            Equal to the stored one: trials added now fall as if there had been no break.

        Raises
        ------
        EvidenceError
            If an array is missing or they contradict each other.
        """
        missing = {"threshold", "leaders", "sums", "totals", "moments", "alone", "n_flat"} - set(arrays)
        if missing:
            raise EvidenceError(f"stored clusters must have {', '.join(sorted(missing))}; count the trials anew")
        leaders, sums, totals = (arrays[name] for name in ("leaders", "sums", "totals"))
        moments, alone = arrays["moments"], arrays["alone"]
        whole = leaders.ndim == 2 and leaders.shape == sums.shape and totals.shape == leaders.shape[:1]
        counted = moments.shape == alone.shape == (3,) and moments[0] >= len(leaders) + alone[0]
        if not whole or not counted or len(leaders) > most_leaders:
            raise EvidenceError(
                f"stored clusters contradict each other: leaders {leaders.shape} of at most {most_leaders}, sums "
                f"{sums.shape}, totals {totals.shape}, moments {moments.tolist()}, alone {alone.tolist()}; count the "
                "trials anew"
            )
        clusters = cls(leaders.shape[1], float(arrays["threshold"]), most_leaders)
        clusters._n_leaders = len(leaders)
        clusters._leaders, clusters._sums = leaders.astype(np.float32), sums.astype(np.float32)
        clusters._totals = totals.astype(np.float64)
        clusters._moments, clusters._alone = moments.astype(np.float64), alone.astype(np.float64)
        clusters._n_flat = int(arrays["n_flat"])
        return clusters

    def _add_batch(self, rows: np.ndarray) -> list[int]:
        """Add trials, a row each, and return the cluster of each."""
        means = rows.mean(axis=1)
        rest = rows - means[:, None]
        deviations = np.sqrt((rest * rest).sum(axis=1) / (self.n_returns - 1))
        varies = deviations >= FLAT
        scale = np.where(varies, deviations, 1.0)
        units = (rest / (scale * np.sqrt(self.n_returns - 1))[:, None]).astype(np.float32)
        known = self._n_leaders
        to_known = units @ self._leaders[:known].T
        to_batch = units @ units.T
        led: list[int] = []  # rows of this batch that lead a cluster
        labels: list[int] = []
        for i in range(len(rows)):
            if not varies[i]:
                self._n_flat += 1
                labels.append(-1)
                continue
            near = np.append(to_known[i], to_batch[i, led])
            label = self._nearest(units[i], near)
            sharpe = float(means[i] / deviations[i])
            _take(self._moments, sharpe)
            if label == self.most_leaders:
                label += int(self._alone[0])
                _take(self._alone, sharpe)
            else:
                if label == self._n_leaders:
                    led.append(i)
                    self._lead(units[i])
                else:
                    self._sums[label] += units[i]
                self._totals[label] += sharpe
            labels.append(label)
        return labels

    def _nearest(self, unit: np.ndarray, correlations: np.ndarray) -> int:
        """Return the cluster a trial joins; one past the last leader where it is near none."""
        best = correlations.max(initial=-1.0)
        if best < self.threshold - _DOUBT:
            return self._n_leaders
        candidates = np.flatnonzero(correlations >= best - _DOUBT)
        if candidates.size == 1 and best > self.threshold + _DOUBT:
            return int(candidates[0])
        exact = [np.dot(unit.astype(np.float64), self._leaders[k].astype(np.float64)) for k in candidates]
        first = int(np.argmax(exact))
        return int(candidates[first]) if exact[first] >= self.threshold else self._n_leaders

    def _lead(self, unit: np.ndarray) -> None:
        if self._n_leaders == len(self._leaders):
            room = min(max(64, 2 * self._n_leaders), self.most_leaders)
            for name in ("_leaders", "_sums"):
                grown = np.empty((room, self.n_returns), np.float32)
                grown[: self._n_leaders] = getattr(self, name)[: self._n_leaders]
                setattr(self, name, grown)
            self._totals = np.append(self._totals, np.zeros(room - len(self._totals)))
        self._leaders[self._n_leaders] = unit
        self._sums[self._n_leaders] = unit
        self._n_leaders += 1


def _take(moments: np.ndarray, value: float) -> None:
    """Take a value into its moments, as by Welford (1962), Technometrics 4(3)."""
    number, mean, squares = moments
    from_mean = value - mean
    mean += from_mean / (number + 1)
    moments[:] = number + 1, mean, squares + from_mean * (value - mean)


def _variance(moments: np.ndarray) -> float:
    """Return the variance (ddof=1) of the values taken; NaN with fewer than two."""
    return float(moments[2] / (moments[0] - 1)) if moments[0] > 1 else np.nan


def count_trials(returns: ArrayLike, threshold: float = 0.7) -> TrialCount:
    """Return the effective number of independent trials among the columns of a return matrix.

    Parameters
    ----------
    returns : array_like of float, shape (n_bars, n_trials)
        Simple net bar returns, a column a trial, at least two bars.
    threshold : float
        Least correlation with the leader of a cluster, 0.1..0.999.

    Returns
    -------
    TrialCount
        What `TrialClusters` counts when all are added at once.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.random.default_rng(5).normal(0.0, 0.01, (500, 1))
    >>> count_trials(np.repeat(one, 40, axis=1)).n_clusters
    1
    """
    matrix = return_matrix(returns)
    clusters = TrialClusters(len(matrix), threshold)
    clusters.add(matrix)
    return clusters.count()
