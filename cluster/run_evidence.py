"""What a run proves: its finalists' evidence, its overfitting, and the curve of whoever had followed it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backtest import (
    INTERVALS,
    GradeRule,
    PreparedCandles,
    TrialStatistics,
    interval_returns,
    out_of_sample,
    probability_of_backtest_overfitting,
)
from backtest.downsample import downsample
from cluster.thin_curve import MOST_POINTS, thin_curve
from evolution import Finalist, FinalistEvidence, Member, StitchedCurve, Windows, gather_evidence, stitched_curve
from evolution.objective import Market, spec_of
from storage import strategy_id

__all__ = ["RunEvidence"]

_BLOCKS = 16


@dataclass(frozen=True, eq=False)
class RunEvidence:
    """The evidence of one run.

    Attributes
    ----------
    windows : Windows
        What it was trained on.
    whole : mapping of (symbol, timeframe) to PreparedCandles
        All its candles, those of a holdout at the end.
    trials : mapping of (symbol, timeframe) to TrialStatistics
        Honest counts.
    finalists : tuple of FinalistEvidence
        Each with its grade.
    overfitting : mapping of (symbol, timeframe) to float
        Probability of backtest overfitting among the population of each market, 0..1; NaN where undefined.
    curve : StitchedCurve or None
        What following the finalists would have earned.
    """

    windows: Windows
    whole: Mapping[Market, PreparedCandles]
    trials: Mapping[Market, TrialStatistics]
    finalists: tuple[FinalistEvidence, ...]
    overfitting: Mapping[Market, float]
    curve: StitchedCurve | None

    @classmethod
    def gather(
        cls,
        finalists: Sequence[Finalist],
        members: Sequence[Member],
        windows: Windows,
        trials: Mapping[Market, TrialStatistics],
        rule: GradeRule,
        whole: Mapping[Market, PreparedCandles] | None = None,
    ) -> "RunEvidence":
        """Look at what no selection has seen.

        Parameters
        ----------
        finalists : sequence of Finalist
            Of all windows.
        members : sequence of Member
            The population.
        windows : Windows
            What they were trained on.
        trials : mapping of (symbol, timeframe) to TrialStatistics
            Honest counts.
        rule : GradeRule
            What grades ask for.
        whole : mapping of (symbol, timeframe) to PreparedCandles, optional
            All candles, those of a holdout at the end; by default those of `windows`.

        Returns
        -------
        RunEvidence
            Everything.
        """
        everything = windows.whole if whole is None else whole
        gathered = tuple(gather_evidence(finalists, windows, trials, rule, everything))
        return cls(
            windows=windows,
            whole=everything,
            trials=trials,
            finalists=gathered,
            overfitting={market: _overfitting(members, market, windows) for market in windows.whole},
            curve=stitched_curve(gathered, windows, everything),
        )

    @property
    def grades(self) -> Mapping[str, int]:
        """How many finalists have each grade."""
        counted = Counter(item.grade.letter for item in self.finalists)
        return {letter: counted[letter] for letter in "ABC"}

    def curves(self, run_id: str) -> dict[str, dict[str, dict[str, list[float]]]]:
        """Return the curves of every finalist, as `storage.EvidenceRepository.keep_curves` takes them.

        Parameters
        ----------
        run_id : str
            The run they belong to.

        Returns
        -------
        dict
            By strategy id: its whole window ("backtest") and what its selection never saw ("oos").
        """
        found = {}
        for item in self.finalists:
            member = item.finalist.member
            candles = self.whole[member.species.market]
            entire = out_of_sample(item.spec, candles, 0, self.windows.costs)
            name = strategy_id(run_id, str(member.species), member.candidate.child)
            found[name] = {"backtest": thin_curve(entire), "oos": thin_curve(item.oos)}
        return found

    def describe(self) -> dict[str, Any]:
        """Return the evidence of the run as JSON values; NaN is None."""
        markets = [
            {
                "symbol": market[0],
                "timeframe": market[1],
                "n_trials": statistics.n_trials,
                "n_trials_effective": statistics.n_effective,
                "luck_sharpe": _plain(statistics.annual_hurdle(self.whole[market].candles.bars_per_year)),
                "pbo": _plain(self.overfitting[market]),
            }
            for market, statistics in self.trials.items()
        ]
        return {
            "walk_forward": self.windows.plan.describe(),
            "markets": markets,
            "finalists": len(self.finalists),
            "grades": dict(self.grades),
            "holdout": len(self.whole) > 0 and self.whole is not self.windows.whole,
            "curve": None if self.curve is None else _stitched(self.curve),
        }


def _overfitting(members: Sequence[Member], market: Market, windows: Windows) -> float:
    """Return the PBO of the choice among the members of a market, over its whole window."""
    specs = [spec_of(member.candidate) for member in members if member.species.market == market]
    candles = windows.whole[market]
    n_intervals = min(INTERVALS, len(candles) // _BLOCKS * _BLOCKS)
    if len(specs) < 2 or not n_intervals:
        return math.nan
    returns = interval_returns(specs, candles, windows.costs, n_intervals=n_intervals)
    return probability_of_backtest_overfitting(returns, _BLOCKS).pbo


def _stitched(curve: StitchedCurve) -> dict[str, Any]:
    kept = downsample(curve.index, MOST_POINTS)
    return {
        "times": curve.times[kept].tolist(),
        "index": curve.index[kept].tolist(),
        "buy_and_hold": curve.buy_and_hold[kept].tolist(),
        "edges": list(curve.edges),
        "sharpe": _plain(curve.sharpe),
        "psr": _plain(curve.psr),
        "total_return": float(curve.index[-1] - 1.0),
    }


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
