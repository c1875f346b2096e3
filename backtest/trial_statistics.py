"""What a market's trials say about its best strategy: how high a Sharpe ratio luck alone would have found."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from backtest.costs import Costs
from backtest.deflated_sharpe import deflated_sharpe_ratio, expected_maximum_sharpe
from backtest.effective_trials import TrialClusters
from backtest.interval_returns import interval_returns
from backtest.prepared import PreparedCandles
from backtest.sharpe_inference import ReturnMoments
from strategies import StrategySpec

__all__ = ["INTERVALS", "TrialStatistics", "add_trials", "trial_clusters"]

INTERVALS = 1984
"""Intervals that trials are compared over: enough to tell two ideas apart (a correlation is known to 0.02), and a
multiple of the 16 blocks of CSCV."""

_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class TrialStatistics:
    """The trials made on one market.

    Attributes
    ----------
    n_trials : int
        Backtests, neighbours and discarded runs included: the raw number, at least 1.
    n_effective : int
        Clusters of correlated returns of the genomes: how many independent ideas were tried, at least 1.
    n_returns : int
        Bar returns of the market, at least 2.
    cluster_variance : float
        Variance of the clusters' Sharpe ratios, per bar, for information; NaN with fewer than two clusters.

    Notes
    -----
    The variance that enters the hurdle is that of luck, ``1 / (n_returns - 1)``: of the Sharpe ratio of a strategy
    without any edge. The spread of the clusters' own Sharpe ratios, which the deflated Sharpe ratio was published with,
    is many times that here, and not by luck: costs pull whoever trades much far below zero, each by another amount.
    On three years of hourly candles with a planted edge it asked for an annual Sharpe ratio of 6 to 8, which a
    strategy of 5 cannot pass however long it lasts. Where no trial without an edge has an expectation
    above zero, the best of `n_effective` of them stays below the hurdle used here; costs only lower it further. A
    market that drifts gives whoever is exposed to it an expectation without any edge: that is for the excess over
    buy-and-hold to tell, not for this hurdle.
    """

    n_trials: int
    n_effective: int
    n_returns: int
    cluster_variance: float

    @classmethod
    def of(cls, clusters: TrialClusters, n_bars: int, n_trials: int) -> "TrialStatistics":
        """Return the statistics of clusters of interval returns.

        Parameters
        ----------
        clusters : TrialClusters
            Of all distinct genomes tried on the market.
        n_bars : int
            Bars of the market.
        n_trials : int
            Raw number of backtests.

        Returns
        -------
        TrialStatistics
            The clusters' variance is scaled from an interval to a bar; the raw number is never below the effective one.
        """
        count = clusters.count()
        n_effective = max(count.n_clusters, 1)
        scaled = count.sharpe_variance * clusters.n_returns / n_bars
        return cls(max(n_trials, n_effective), n_effective, n_bars, scaled)

    @property
    def luck(self) -> float:
        """Variance of the Sharpe ratio, per bar, of a strategy without any edge."""
        return 1.0 / (self.n_returns - 1)

    @property
    def hurdle(self) -> float:
        """Sharpe ratio per bar expected of the best of `n_effective` strategies without any edge (SR0)."""
        return expected_maximum_sharpe(self.n_effective, self.luck)

    def dsr(self, moments: ReturnMoments) -> float:
        """Return a Sharpe ratio deflated by the effective number of trials.

        Parameters
        ----------
        moments : ReturnMoments
            Of the bar returns of a strategy over the whole market.

        Returns
        -------
        float
            Probability, 0..1, that its true Sharpe ratio is above the hurdle; NaN where it is undefined.
        """
        return deflated_sharpe_ratio(moments, self.n_effective, self.luck)

    def dsr_raw(self, moments: ReturnMoments) -> float:
        """Return a Sharpe ratio deflated by the raw number of trials, as if all were independent ideas.

        Parameters
        ----------
        moments : ReturnMoments
            Of the bar returns of a strategy over the whole market.

        Returns
        -------
        float
            0..1, at most `dsr`; NaN where it is undefined.
        """
        return deflated_sharpe_ratio(moments, max(self.n_trials, self.n_effective), self.luck)

    def annual_hurdle(self, bars_per_year: float) -> float:
        """Return the hurdle as an annual Sharpe ratio.

        Parameters
        ----------
        bars_per_year : float
            Of the market.

        Returns
        -------
        float
            What luck alone is expected to show.
        """
        return self.hurdle * math.sqrt(bars_per_year)


def trial_clusters(candles: PreparedCandles) -> TrialClusters:
    """Return clusters for the trials of a market, with none in them.

    Parameters
    ----------
    candles : PreparedCandles
        The whole market.

    Returns
    -------
    TrialClusters
        Of `INTERVALS` returns each, or one a bar where bars are fewer.
    """
    return TrialClusters(min(INTERVALS, len(candles)))


def add_trials(
    clusters: TrialClusters, specs: Iterable[StrategySpec], candles: PreparedCandles, costs: Costs | None = None
) -> None:
    """Add strategies to the trials of a market.

    Parameters
    ----------
    clusters : TrialClusters
        What `trial_clusters` returned, perhaps restored from its arrays.
    specs : iterable of StrategySpec
        Distinct strategies, in the order in which they were first tried.
    candles : PreparedCandles
        The whole market.
    costs : Costs, optional
        Fee and slippage; 10 and 5 basis points unless given.
    """
    waiting: list[StrategySpec] = []

    def flush() -> None:
        if waiting:
            clusters.add(interval_returns(waiting, candles, costs, n_intervals=clusters.n_returns))
            waiting.clear()

    for spec in specs:
        waiting.append(spec)
        if len(waiting) == _AT_ONCE:
            flush()
    flush()
