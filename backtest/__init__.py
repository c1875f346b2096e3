"""Backtest: what a strategy would have earned.

`run` tests one strategy in full, `run_many` thousands; `Costs` says what trading costs, `Report` what was found. The
semantics are exact (DESIGN section 3): signals at the close, fills at the next open, everything net of costs.

`out_of_sample` measures what a strategy earned after it was frozen, `neighbourhood` the strategies around it;
`interval_returns` keeps the returns of thousands of trials small.

The statistics of evidence (DESIGN section 4) say how much of it luck explains: `probabilistic_sharpe_ratio`,
`deflated_sharpe_ratio` with the trials that `TrialClusters` counts, `probability_of_backtest_overfitting`,
`bonferroni_haircut`, `white_reality_check`, and `excess_over_buy_and_hold`.
"""

from backtest.costs import Costs
from backtest.deflated_sharpe import (
    deflated_sharpe_ratio,
    expected_maximum_normal,
    expected_maximum_sharpe,
    minimum_backtest_length,
)
from backtest.effective_trials import TrialClusters, TrialCount, count_trials
from backtest.engine import run, run_many, run_spans, score_many
from backtest.errors import BacktestError, CostError, EvidenceError, FundingError, ScoreError
from backtest.excess import bar_returns, excess_over_buy_and_hold, held_sides, market_returns
from backtest.folds import fold_scores, fold_spans
from backtest.full_window import full_window_moments
from backtest.funding import Funding
from backtest.grading import Evidence, Grade, GradeRule, Requirement, grade, requirements
from backtest.haircut import Haircut, bonferroni_haircut
from backtest.holding import mean_holding_bars
from backtest.interval_returns import interval_returns, market_interval_returns
from backtest.neighbourhood import Neighbourhood, neighbourhood
from backtest.out_of_sample import OutOfSample, out_of_sample
from backtest.overfitting import Overfitting, probability_of_backtest_overfitting
from backtest.prepared import PreparedCandles, prepare
from backtest.reality_check import SpaPValues, superior_predictive_ability, white_reality_check
from backtest.report import Report
from backtest.score import Score, score_statistics, wilson_lower_bound
from backtest.sharpe_inference import (
    ReturnMoments,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
    return_moments,
)
from backtest.trial_statistics import INTERVALS, TrialStatistics, add_trials, trial_clusters

__all__ = [
    "INTERVALS",
    "BacktestError",
    "CostError",
    "Costs",
    "Evidence",
    "EvidenceError",
    "Funding",
    "FundingError",
    "Grade",
    "GradeRule",
    "Haircut",
    "Neighbourhood",
    "OutOfSample",
    "Overfitting",
    "PreparedCandles",
    "Report",
    "Requirement",
    "ReturnMoments",
    "Score",
    "ScoreError",
    "SpaPValues",
    "TrialClusters",
    "TrialCount",
    "TrialStatistics",
    "add_trials",
    "bar_returns",
    "bonferroni_haircut",
    "count_trials",
    "deflated_sharpe_ratio",
    "excess_over_buy_and_hold",
    "expected_maximum_normal",
    "expected_maximum_sharpe",
    "fold_scores",
    "fold_spans",
    "full_window_moments",
    "grade",
    "held_sides",
    "interval_returns",
    "market_interval_returns",
    "market_returns",
    "mean_holding_bars",
    "minimum_backtest_length",
    "minimum_track_record_length",
    "neighbourhood",
    "out_of_sample",
    "prepare",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "requirements",
    "return_moments",
    "run",
    "run_many",
    "run_spans",
    "score_many",
    "score_statistics",
    "superior_predictive_ability",
    "trial_clusters",
    "white_reality_check",
    "wilson_lower_bound",
]
