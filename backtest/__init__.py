"""Backtest: what a strategy would have earned.

`run` tests one strategy in full, `run_many` thousands; `Costs` says what trading costs, `Report` what was found. The
semantics are exact (DESIGN section 3): signals at the close, fills at the next open, everything net of costs.
"""

from backtest.costs import Costs
from backtest.engine import run, run_many, score_many
from backtest.errors import BacktestError, CostError, FundingError, ScoreError
from backtest.funding import Funding
from backtest.prepared import PreparedCandles, prepare
from backtest.report import Report
from backtest.score import Score, score_statistics, wilson_lower_bound

__all__ = [
    "BacktestError",
    "CostError",
    "Costs",
    "Funding",
    "FundingError",
    "PreparedCandles",
    "Report",
    "Score",
    "ScoreError",
    "prepare",
    "run",
    "run_many",
    "score_many",
    "score_statistics",
    "wilson_lower_bound",
]
